"""Whether the same input gives the same result again, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from lstm_state_probe.recording.outcome import leaves
from lstm_state_probe.report.answers.history import Event, History, same

_OF_INFERENCE = ("predict", "predict_on_batch", "call", "evaluate", "test_on_batch")


def repeats(history: History) -> Iterator[str]:
    """Compare inferences on the same inputs, as long as nothing trained the weights."""
    asked = [e for e in history.events if e.name in _OF_INFERENCE and e.done.inputs]
    done = [e for e in asked if e.calls and not e.raised]
    alike = sorted(done, key=_same_work)
    for _, group in groupby(alike, key=_same_work):
        yield from _told(history, list(group))


def _same_work(event: Event) -> tuple[str, str, int]:
    return event.name, event.done.inputs, event.trainings


def _told(history: History, events: Sequence[Event]) -> Iterator[str]:
    """Tell of the first that differs from the first of all, and of the first that equals it."""
    first, *later = events
    other = next((e for e in later if not _equal(first, e) and not _starts_alike(first, e)), None)
    again = next((e for e in later if _equal(first, e) and _starts_alike(first, e)), None)
    if other is not None:
        yield _differs(history, first, other, again)
    elif again is not None:
        where = _numbers(first, again)
        yield f"{first.name} on the same input gives the same result again ({where})."


def _differs(history: History, first: Event, other: Event, again: Event | None) -> str:
    address = history.layer.address
    sentence = (
        f"A second {first.name} on the same input gives another result"
        f" ({_numbers(first, other)}): {address} starts elsewhere."
    )
    if again is not None:
        return f"{sentence} Started alike, it gives the same ({_numbers(first, again)})."
    reset = " Reset it before each to have the same." if history.layer.stateful else ""
    return sentence + reset


def _numbers(one: Event, other: Event) -> str:
    return f"operations {one.number} and {other.number}"


def _starts_alike(first: Event, second: Event) -> bool:
    a, b = first.calls[0].states, second.calls[0].states
    return all(name in b and same(a[name].initial, b[name].initial) for name in a)


def _equal(first: Event, second: Event) -> bool:
    a, b = (dict(leaves(event.done.outcome.result)) for event in (first, second))
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=True) for k in a)
