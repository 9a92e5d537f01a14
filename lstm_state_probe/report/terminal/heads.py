"""What a table says in words: the head of a state, the summary of a moment."""

from __future__ import annotations

import math

from lstm_state_probe.arrays import Array
from lstm_state_probe.report.terminal.page import Page, Part
from lstm_state_probe.report.words.moments import StateStory
from lstm_state_probe.report.words.numbers import (
    digits,
    largest_change,
    share,
    summarise,
)
from lstm_state_probe.report.words.outcomes import change_words, kind_words


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


def _change(before: Array, after: Array, page: Page) -> Part:
    change = largest_change(before, after)
    words = change_words(change, page.options.precision)
    bad = change is not None and not math.isfinite(change.size)
    return (words, "bad") if bad else words


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
