"""What a table says in words: the head of a state, the summary of a moment."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lstm_state_probe.arrays import Array
from lstm_state_probe.report.layout import element
from lstm_state_probe.report.tables_numbers import (
    Change,
    digits,
    largest_change,
    share,
    summarise,
)
from lstm_state_probe.report.tables_page import Page, Part
from lstm_state_probe.report.tables_story import StateStory


def state_parts(state: StateStory, page: Page) -> list[Part]:
    """Describe a state: its shape and dtype, its largest change."""
    arrays = [moment.array for moment in state.moments if moment.array is not None]
    if not arrays:
        return []
    kinds = dict.fromkeys(kind_words(array) for array in arrays)
    parts: list[Part] = [(", then ".join(kinds), "faint")]
    if state.before is not None and state.after is not None:
        change = _change(state.before, state.after, page)
        parts += [("; ", "faint"), change]
        parts += [(f", over {state.apart} calls", "faint")] if state.apart > 1 else []
    return parts


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


def _change(before: Array, after: Array, page: Page) -> Part:
    change = largest_change(before, after)
    words = change_words(change, page.options.precision)
    bad = change is not None and not math.isfinite(change.size)
    return (words, "bad") if bad else words


def change_words(change: Change | None, precision: int) -> str:
    """Say how large the largest change is, and where."""
    if change is None:
        return "nothing to compare element by element"
    if change.size == 0:
        return "unchanged"
    return f"largest change {digits(change.size, precision)} at {element(change.where)}"


def summary_parts(array: Array, page: Page) -> list[Part]:
    """Sum up all elements, shown or not; NaN and Inf are marked in red and with an '!'."""
    found = summarise(array)
    if not found.count:
        return [("empty: no elements", "faint")]
    parts: list[Part] = []
    figures = {"min": found.low, "max": found.high, "mean": found.mean, "std": found.deviation}
    for name, value in figures.items():
        parts += [(f"{name}=", "faint"), f"{digits(value, page.options.precision)} "]
    if found.finite < found.count:
        parts.append((f"of the {found.finite} finite of {found.count} ", "bad"))
    parts += [("zeros=", "faint"), f"{share(found.zeros, found.count)} "]
    if found.finite == found.count:
        return [*parts, ("NaN/Inf=0", "faint")]
    return [*parts, (f"!NaN={found.nans} !Inf={found.infs}", "bad")]
