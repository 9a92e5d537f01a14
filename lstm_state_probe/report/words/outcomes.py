"""Values in words: the shape of an array, a change, a result in short, how far states had come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm_state_probe.amounts import plural
from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.words.layout import element
from lstm_state_probe.report.words.numbers import Change, digits, largest_change

_SMALL = 8
"""Elements of an array in a result that are shown; a larger one is told by its shape."""
_LIST = 6
"""Items of a list in a result that are shown; of a longer one the first and the last."""


def kind_words(array: Array) -> str:
    """Write a shape and a dtype, and what the columns are where the axes are more than two."""
    words = f"{_tuple(array.shape)} {array.dtype.name}"
    if array.ndim > 2 and array.size:
        last = ",".join(str(size - 1) for size in array.shape[1:])
        first = ",".join("0" for _ in array.shape[1:])
        words += f", columns are the axes after the batch, [{first}] to [{last}]"
    return words


def _tuple(shape: Sequence[int]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def change_words(change: Change | None, precision: int) -> str:
    """Say how large the largest change is, and where."""
    if change is None:
        return "nothing to compare element by element"
    if change.size == 0:
        return "unchanged"
    return f"largest change {digits(change.size, precision)} at {element(change.where)}"


def brief(value: Any, options: ShowOptions) -> str:
    """Write a result in short: numbers, small arrays whole, mappings by their entries."""
    if isinstance(value, np.ndarray):
        words = f"array {kind_words(value).partition(', columns')[0]}"
        return f"{words} {brief(value.tolist(), options)}" if 0 < value.size <= _SMALL else words
    if isinstance(value, dict):
        return ", ".join(f"{key} {brief(item, options)}" for key, item in value.items()) or "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_items(value, options))}]"
    if isinstance(value, float):
        text = digits(value, max(options.precision, 4))
        return f"{text} (not finite!)" if text in ("NaN", "Inf", "-Inf") else text
    return str(value)


def _items(values: Sequence[Any], options: ShowOptions) -> list[str]:
    if len(values) <= _LIST or options.full:
        return [brief(value, options) for value in values]
    first = [brief(value, options) for value in values[: _LIST - 2]]
    return [*first, f"({len(values) - _LIST + 1} more: --full)", brief(values[-1], options)]


def stopped(outcome: Outcome, precision: int) -> str:
    """Say how far the states had come when Keras raised."""
    calls = plural(len(outcome.calls), "call") if outcome.calls else "any call"
    done = f"after {calls}" if outcome.calls else f"before {calls} was recorded"
    if not outcome.held:
        return f"it stopped {done}; no layer holds a state"
    moved = [words for address in outcome.held if (words := _moved(outcome, address, precision))]
    if not moved:
        return f"it stopped {done}; held states are as before the operation"
    return f"it stopped {done}; held states had already moved: {', '.join(moved)}"


def _moved(outcome: Outcome, address: str, precision: int) -> str:
    if address not in outcome.before:
        return f"{address} (not held before)"
    before, held = outcome.before[address], outcome.held[address]
    if before.shape != held.shape:
        return f"{address} (another shape)"
    change = largest_change(before, held)
    if change is None or change.size == 0:
        return ""
    return f"{address} by up to {digits(change.size, precision)}"
