"""A loop of Keras's with further variables, which cannot come to harm by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lstm_state_probe.engines.tap.keeping import Group, Keeping
from lstm_state_probe.engines.wrapping import plain

Put = Callable[[Sequence[Any], Any, Sequence[Any]], Sequence[Any] | None]


class Wide:
    """The arguments of `while_loop` with further variables after Keras's own.

    `put` is given the further variables, the time, and what Keras's body returned; None hands the
    variables on as they are. `raised` is what Keras's own condition or body raised.
    """

    def __init__(
        self,
        given: Mapping[str, Any],
        further: Sequence[Any],
        put: Put,
        kind: Keeping,
        groups: Sequence[Group],
    ) -> None:
        self.kind, self.groups, self.own = kind, groups, len(given["loop_vars"])
        self.raised: list[BaseException] = []
        cond, body = given["cond"], given["body"]

        def theirs(function: Callable[..., Any], variables: Sequence[Any]) -> Any:
            try:
                return function(*variables[: self.own])
            except BaseException as error:
                self.raised.append(error)
                raise

        def step(*variables: Any) -> Any:
            result = tuple(theirs(body, variables))
            arrays = variables[self.own :]
            kept = put(arrays, variables[0], result)
            return (*result, *(arrays if kept is None else kept))

        self.arguments = {
            **given,
            "cond": plain(lambda *variables: theirs(cond, variables)),
            "body": plain(step),
            "loop_vars": (*given["loop_vars"], *further),
        }
