"""The conditions: a dict from the written entry to what judges it; one small function each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.conditions_health import alive, bounded, unsaturated
from lstm_state_probe.expectations.judging import Finding, Judge, of, of_numbers, wide, worst_of
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.expectations.verdict import number
from lstm_state_probe.scenario.written.conditions import Condition


def zeros(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is exactly zero."""
    count = int(np.count_nonzero(quantity.value))
    if count:
        worst = worst_of(quantity, np.abs(wide(quantity.value)))
        raise Finding(of(count, quantity, "not zero"), worst)
    return "all zeros"


def nonzero(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Not every element is zero; NaN is no number."""
    count = int(np.count_nonzero(quantity.value))
    if not count:
        raise Finding(f"all {quantity.value.size} zero")
    return f"{count} of {quantity.value.size} are not zero"


def finite(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No element is NaN or infinite."""
    bad = ~np.isfinite(wide(quantity.value))
    if bad.any():
        worst = quantity.element(int(np.argmax(bad)))  # the first: there is no distance
        raise Finding(of(int(bad.sum()), quantity, "not finite"), worst)
    return "all finite"


def _difference(quantity: Quantity) -> Array:
    if quantity.start is None or quantity.start.shape != quantity.value.shape:
        raise Finding("nothing of the same shape that it could have changed from")
    with np.errstate(invalid="ignore"):
        change = np.abs(wide(quantity.value) - wide(quantity.start))
    same = (quantity.value == quantity.start) | (
        np.isnan(wide(quantity.value)) & np.isnan(wide(quantity.start))
    )
    return np.where(same, 0.0, change)


def changed(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """At least one element differs from where it started, both of them numbers."""
    change = _difference(quantity)
    if not np.count_nonzero(change):
        raise Finding("bit for bit what it started from")
    change = np.where(np.isnan(change), 0.0, change)
    if not np.count_nonzero(change):
        raise Finding("NaN where it differs from what it started from")
    return f"changed by up to {_largest(quantity, change)}"


def _largest(quantity: Quantity, score: Array) -> str:
    worst = worst_of(quantity, score)
    return (
        f"{number(float('nan') if worst.deviation is None else worst.deviation)} at {worst.place}"
    )


def unchanged(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is exactly what it started from."""
    change = _difference(quantity)
    count = int(np.count_nonzero(change))
    if count:
        raise Finding(
            of(count, quantity, "changed"), worst_of(quantity, change, expected=quantity.start)
        )
    return "bit for bit what it started from"


def equals(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is close to the written one."""
    return _close(quantity, np.asarray(expected), condition, "the expected values")


def _close(quantity: Quantity, expected: Array, condition: Condition, name: str) -> str:
    far, deviation = _far(quantity.value, expected, condition, name)
    if far.any():
        score = np.where(far, np.where(np.isnan(deviation), np.inf, deviation), -1.0)
        flat = int(np.argmax(score))
        worst = quantity.element(flat, expected=expected.flat[flat], deviation=deviation.flat[flat])
        raise Finding(of(int(far.sum()), quantity, "that differ"), worst)
    largest = number(np.nanmax(deviation)) if deviation.size else "0"
    return f"equal to {name} within {largest}"


def _far(value: Array, expected: Array, condition: Condition, name: str) -> tuple[Array, Array]:
    if value.shape != expected.shape:
        raise Finding(f"the shape {list(value.shape)}; that of {name} is {list(expected.shape)}")
    a, b = wide(value), wide(expected)
    close = np.isclose(a, b, rtol=condition.rtol, atol=condition.atol, equal_nan=True)
    with np.errstate(invalid="ignore"):
        deviation = np.abs(a - b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    return ~close, np.where(same, 0.0, deviation)


def same_as(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is close to that of another quantity."""
    other: Quantity = expected
    return _close(quantity, other.value, condition, other.name)


def differs_from(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """At least one element is not close to that of another quantity, both of them numbers."""
    other: Quantity = expected
    if quantity.value.shape != other.value.shape:
        return f"its shape is {quantity.value.shape}, that of {other.name} is {other.value.shape}"
    far, deviation = _far(quantity.value, other.value, condition, other.name)
    if not far.any():
        largest = number(np.nanmax(deviation)) if deviation.size else "0"
        raise Finding(f"equal to {other.name} within {largest}")
    deviation = np.where(np.isnan(deviation), 0.0, deviation)
    if not (far & (deviation > 0)).any():
        raise Finding(f"NaN where it differs from {other.name}")
    return f"differs from {other.name} by up to {_largest(quantity, deviation)}"


def between(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element lies in [low, high]."""
    low, high = expected
    value = wide(quantity.value)
    inside = (value >= low) & (value <= high)
    if not inside.all():
        with np.errstate(invalid="ignore"):  # an infinite bound is never passed by
            beyond = np.maximum(low - value, value - high)
        worst = worst_of(quantity, np.where(inside, -1.0, beyond))
        raise Finding(of(int((~inside).sum()), quantity, "outside"), worst)
    if not value.size:
        return "it is empty"
    return f"it lies in [{number(value.min())}, {number(value.max())}]"


def max_abs(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No element is larger than the bound in magnitude; NaN is."""
    size = np.abs(wide(quantity.value))
    larger = ~(size <= expected)
    if larger.any():
        with np.errstate(invalid="ignore"):
            worst = worst_of(quantity, size - expected)
        raise Finding(of(int(larger.sum()), quantity, "larger in magnitude"), worst)
    return f"the largest magnitude is {number(size.max()) if size.size else 'none'}"


def shape(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The shape is the written one, the batch axis included."""
    if list(quantity.value.shape) != expected:
        raise Finding(f"the shape {list(quantity.value.shape)}")
    return f"its shape is {expected}"


def dtype(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The dtype is the written one."""
    if quantity.value.dtype.name != expected:
        raise Finding(quantity.value.dtype.name)
    return f"its dtype is {expected}"


def origin(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The call's initial state came from there."""
    if quantity.origin is None:
        raise Finding("no origin: the operation made no call")
    if quantity.origin.word != expected:
        raise Finding(f"{quantity.origin.word} ({quantity.origin.words})")
    return f"its origin is {quantity.origin.words}"


# of NaN hold `equals`, where it is written, and what looks at no number; the two that look past the
# timesteps that a mask held refuse it themselves
CONDITIONS: Mapping[str, Judge] = {
    "zeros": of_numbers(zeros),
    "nonzero": of_numbers(nonzero),
    "finite": of_numbers(finite),
    "changed": of_numbers(changed),
    "unchanged": of_numbers(unchanged),
    "bounded": of_numbers(bounded),
    "alive": alive,
    "unsaturated": unsaturated,
    "equals": equals,
    "same_as": of_numbers(same_as),
    "differs_from": of_numbers(differs_from),
    "between": of_numbers(between),
    "max_abs": of_numbers(max_abs),
    "shape": shape,
    "dtype": dtype,
    "origin": origin,
}
