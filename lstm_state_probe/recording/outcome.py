"""What one operation did, in NumPy alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call, Held, Missed, State


@dataclass(frozen=True)
class Failure:
    """What Keras raised: the type, and the message without its decoration."""

    type: str
    message: str

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


@dataclass(frozen=True)
class Outcome:
    """One operation that was done, or tried.

    `before` and `held` are what the stateful layers held before and after it; `result` is what
    Keras returned, with arrays in the place of tensors. `unrecorded` counts the calls of which
    nothing is known, because XLA ran several batches before the variables could be read. `on_disk`
    is how many bytes of timesteps went there, past the budget of memory. `missed` are the calls
    that could not be recorded, each with the reason.
    """

    operation: str
    label: str | None
    calls: tuple[Call, ...]
    before: Held
    held: Held
    result: Any = None
    failure: Failure | None = None
    seconds: float = 0.0
    unrecorded: int = 0
    on_disk: int = 0
    missed: tuple[Missed, ...] = ()

    def states(self, address: str) -> list[tuple[Call, State]]:
        """List one state over the calls of its layer, in their order, each with its call."""
        return [
            (call, call.states[address[len(call.layer) + 1 :]])
            for call in self.calls
            if address.startswith(f"{call.layer}/")
            and address[len(call.layer) + 1 :] in call.states
        ]


def all_missed(outcomes: Sequence[Outcome]) -> tuple[Missed, ...]:
    """List what several operations missed, with the place among the calls of all of them."""
    found: list[Missed] = []
    before: Counter[str] = Counter()
    for outcome in outcomes:
        for one in outcome.missed:
            found.append(replace(one, after=one.after + before[one.layer] * (one.after >= 0)))
        before.update(call.layer for call in outcome.calls)
    return tuple(found)


def plain(value: Any) -> Any:
    """Turn what Keras returned into NumPy arrays, numbers, lists and mappings."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return _array(value)


def _array(value: Any) -> Any:
    array = np.array(value.numpy() if hasattr(value, "numpy") else value)
    return array.item() if array.ndim == 0 and array.dtype.kind in "bifu" else array


def leaves(value: Any, name: str = "result") -> Sequence[tuple[str, Array]]:
    """List the arrays in a result with their names: `result`, `result/loss`, `result/0`."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{name}/{key}")]
    if isinstance(value, list) and any(
        isinstance(item, (dict, list, np.ndarray)) for item in value
    ):
        return [leaf for k, item in enumerate(value) for leaf in leaves(item, f"{name}/{k}")]
    return [] if value is None else [(name, np.asarray(value))]
