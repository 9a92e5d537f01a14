"""A scenario while a property draws it: arrays made of the subject's batch, and operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.checks.inputs import Inputs
from lstm_state_probe.checks.subject import DoesNotApply, Part
from lstm_state_probe.errors import listed
from lstm_state_probe.scenario.written.conditions import TOLERANCE

EXACT: Mapping[str, Any] = {"atol": 0, "rtol": 0, "finite": True}
"""Beside `same_as`: the same bits, and none of them NaN, which would be the same as NaN."""


@dataclass
class Sketch(Inputs):
    """Operations, and the data that they need; `model` may be another form of the subject's."""

    operations: list[dict[str, Any]] = field(default_factory=list)
    model: Mapping[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=lambda: {"timesteps": "final"})

    def stateful(self) -> tuple[Part, ...]:
        """Return the stateful layers.

        Raises:
            DoesNotApply: if there is none.
        """
        if not self.subject.stateful:
            raise DoesNotApply("no layer is stateful")
        return self.subject.stateful

    def moving(self) -> tuple[Part, ...]:
        """Return the stateful layers of which the data move a state.

        Raises:
            DoesNotApply: if there is none; what never moved would be in order in vain.
        """
        moved = tuple(part for part in self.stateful() if part.moved)
        if not moved:
            still = listed(part.address for part in self.subject.stateful)
            raise DoesNotApply(f"the data move no state of {still}, so that it would hold in vain")
        return moved

    def comparing(self) -> None:
        """Make sure that two runs can be compared.

        Raises:
            DoesNotApply: if the same input gives something else each time.
        """
        if not self.subject.repeats:
            raise DoesNotApply(
                "the same input gives something else each time (see predict-repeats), so that"
                " nothing can be compared"
            )

    def timed(self, least: int) -> None:
        """Make sure that there are timesteps.

        Raises:
            DoesNotApply: if no input has as many as `least`.
        """
        if not self.subject.sequences:
            raise DoesNotApply("no input has timesteps")
        counts = [self.subject.shapes[name][1] for name in self.subject.sequences]
        if min(counts) < least:
            raise DoesNotApply(
                f"the sequences have {min(counts)} of the {least} timesteps it needs"
            )

    def one_sequence(self, least: int) -> None:
        """Make sure that one input alone has timesteps.

        Raises:
            DoesNotApply: if none has, or several, or fewer than `least`.
        """
        if len(self.subject.sequences) > 1:
            count = len(self.subject.sequences)
            raise DoesNotApply(f"{count} inputs have timesteps, where one is needed")
        self.timed(least)

    def free(self) -> None:
        """Take the model in its form for any number of timesteps.

        Raises:
            DoesNotApply: if it has none.
        """
        if self.subject.free is None:
            raise DoesNotApply(f"the model takes {self.subject.timesteps} timesteps and no other")
        self.model = self.subject.free

    def do(self, operation: str, arguments: Any, **about: Any) -> None:
        """Add an operation; `about` is what is said beside it (label, expect, raises, …)."""
        self.operations.append({operation: arguments, **about})

    def begin_again(self) -> None:
        """Set every held state to zero, without the help of Keras's own reset."""
        if self.subject.stateful:
            self.do("set_states", {f"{part.address}/*": "zeros" for part in self.subject.stateful})

    def reset(self) -> None:
        """Reset by Keras's own means, which must not fail."""
        self.do("reset_states", {}, **{"raises": False})

    def each_moving(self, condition: Any, *, when: str = "", call: str = "") -> dict[str, Any]:
        """Expect a condition of every state of every stateful layer that the data move.

        `{}` in the condition's texts stands for the selector of the layer's states.
        """
        return {
            f"{part.address}/*{call}{when}": filled(condition, f"{part.address}/*")
            for part in self.moving()
        }

    def alike(self, part: Part, reference: str, **about: Any) -> dict[str, Any]:
        """Expect that the states of a layer are those of a reference, and are numbers.

        A tolerance that is fit for numbers near 1 finds all tiny states the same.
        """
        sizes = [size for size in part.sizes.values() if size]
        return self.close(reference, min(sizes, default=1.0), **about)

    def close(self, reference: str, size: float, **about: Any) -> dict[str, Any]:
        """Expect what is close to a reference, by the size of the numbers, and no NaN."""
        bound = self.subject.close
        atol = float(f"{bound * min(1.0, size):.0e}")
        tolerance = {"atol": atol, "rtol": bound} if (atol, bound) != (TOLERANCE,) * 2 else {}
        return {"same_as": reference, "finite": True, **tolerance, **about}

    def result(self, reference: str, **about: Any) -> dict[str, Any]:
        """Expect that what the model returns is what a reference names."""
        sizes = [size for size in self.subject.results if size]
        return self.close(reference, min(sizes, default=1.0), **about)


def filled(condition: Any, address: str) -> Any:
    """Put an address in the place of `{}` in the texts of a condition."""
    if isinstance(condition, dict):
        return {key: filled(value, address) for key, value in condition.items()}
    return condition.replace("{}", address) if isinstance(condition, str) else condition
