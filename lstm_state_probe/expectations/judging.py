"""What all conditions share: how one is judged, and how it says what speaks against it."""

from __future__ import annotations

from functools import wraps
from typing import Any, Protocol

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.expectations.verdict import Worst
from lstm_state_probe.scenario.written.conditions import Condition


class Finding(Exception):
    """What speaks against a condition: the words after 'found', and the worst element."""

    def __init__(self, found: str, worst: Worst | None = None) -> None:
        self.worst = worst
        super().__init__(found)


class Judge(Protocol):
    """Looks at one quantity; returns what it saw, or raises a Finding."""

    def __call__(self, quantity: Quantity, expected: Any, condition: Condition) -> str:
        """Judge one entry of a condition."""
        ...


def wide(array: Array) -> Array:
    """Return it in float64, in which differences are taken."""
    return array.astype(np.float64)


def refuse_nan(array: Array, quantity: Quantity | None = None, *, name: str = "") -> None:
    """Raise a Finding if an element is NaN: no comparison with it means anything.

    With the quantity that it is, the first such element is named.
    """
    bad = np.isnan(wide(array))
    if bad.any():
        first = quantity.element(int(np.argmax(bad))) if quantity is not None else None
        raise Finding(f"{int(bad.sum())} of {array.size} NaN{name}", first)


def of_numbers(judge: Judge) -> Judge:
    """Let a condition hold of numbers alone: where it holds, nothing that it looked at is NaN."""

    @wraps(judge)
    def judged(quantity: Quantity, expected: Any, condition: Condition) -> str:
        seen = judge(quantity, expected, condition)
        refuse_nan(quantity.value, quantity)
        if isinstance(expected, Quantity):
            refuse_nan(expected.value, name=f" in {expected.name}")
        return seen

    return judged


def worst_of(quantity: Quantity, score: Array, *, expected: Array | None = None) -> Worst:
    """Name the element of the highest score, which is its deviation; a NaN is above all."""
    flat = int(np.argmax(np.where(np.isnan(score), np.inf, score)))
    wanted = None if expected is None else expected.flat[flat]
    return quantity.element(flat, expected=wanted, deviation=score.flat[flat])


def of(count: int, quantity: Quantity, words: str) -> str:
    """Say how many of all elements: '2 of 8 not zero'."""
    return f"{count} of {quantity.value.size} {words}"
