"""The conditions: a dict from the written entry to what judges it; one small function each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.health import LEAST, SATURATED, SHARE, grows, middle
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.scenario.conditions import Condition

_NAMED = 8
"""Units that a message names."""


class Finding(Exception):
    """What speaks against a condition; raised by a judge that finds it broken."""


class Judge(Protocol):
    """Looks at one quantity; returns what it saw, or raises a Finding."""

    def __call__(self, quantity: Quantity, expected: Any, condition: Condition) -> str:
        """Judge one entry of a condition."""
        ...


def place(array: Array, flat: int, *, over_time: bool = False) -> str:
    """Name an element: 'sample 1, unit 3', or its indices where the axes are others."""
    if over_time and array.ndim > 1:
        timestep, rest = divmod(flat, array[0].size)
        return f"timestep {timestep}, {place(array[0], rest)}"
    index = [int(k) for k in np.unravel_index(flat, array.shape)]
    if not index:
        return "the value"
    if len(index) == 2:
        return f"sample {index[0]}, unit {index[1]}"
    return ", ".join([f"sample {index[0]}", *(f"[{k}]" for k in index[1:])])


def _at(quantity: Quantity, flat: int) -> str:
    return place(quantity.value, flat, over_time=quantity.over_time)


def number(value: Any) -> str:
    """Write a number with the digits that tell it apart, no more than nine."""
    return f"{float(value):.9g}"


def _wide(array: Array) -> Array:
    return array.astype(np.float64)


def _worst(quantity: Quantity, array: Array, score: Array) -> str:
    flat = int(np.argmax(np.where(np.isnan(score), np.inf, score)))
    return f"{number(array.flat[flat])} at {place(array, flat, over_time=quantity.over_time)}"


def zeros(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is exactly zero."""
    value = quantity.value
    count = int(np.count_nonzero(value))
    if count:
        worst = _worst(quantity, value, np.abs(_wide(value)))
        raise Finding(f"{count} of {value.size} are not zero, the largest {worst}")
    return "all zeros"


def nonzero(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Not every element is zero."""
    count = int(np.count_nonzero(quantity.value))
    if not count:
        raise Finding(f"all {quantity.value.size} are zero")
    return f"{count} of {quantity.value.size} are not zero"


def finite(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No element is NaN or infinite."""
    bad = ~np.isfinite(_wide(quantity.value))
    if bad.any():
        first = int(np.argmax(bad))
        found = f"{quantity.value.flat[first]} at {_at(quantity, first)}"
        raise Finding(f"{int(bad.sum())} of {bad.size} are not finite, the first {found}")
    return "all finite"


def _difference(quantity: Quantity) -> Array:
    if quantity.start is None or quantity.start.shape != quantity.value.shape:
        raise Finding("there is nothing of the same shape that it could have changed from")
    with np.errstate(invalid="ignore"):
        change = np.abs(_wide(quantity.value) - _wide(quantity.start))
    same = (quantity.value == quantity.start) | (
        np.isnan(_wide(quantity.value)) & np.isnan(_wide(quantity.start))
    )
    return np.where(same, 0.0, change)


def changed(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """At least one element differs from where it started."""
    change = _difference(quantity)
    if not np.count_nonzero(change):
        raise Finding("it is bit for bit what it started from")
    return f"changed by up to {_worst(quantity, change, change)}"


def unchanged(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is exactly what it started from."""
    change = _difference(quantity)
    if np.count_nonzero(change):
        raise Finding(f"it changed by up to {_worst(quantity, change, change)}")
    return "bit for bit what it started from"


def bounded(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Its magnitude does not keep growing, over the calls or over the timesteps of one."""
    sizes = _sizes(quantity)
    noun = "timesteps" if quantity.over_time else "calls that carry on"
    if len(sizes) < LEAST:
        raise Finding(f"{len(sizes)} {noun} tell nothing; at least {LEAST} are needed")
    if not np.isfinite(sizes).all():
        raise Finding(f"it is not finite after {int(np.argmin(np.isfinite(sizes))) + 1} {noun}")
    half = middle(len(sizes))
    told = f"max|.| {number(sizes[half])} after {half + 1} {noun}, {number(sizes[-1])} after"
    if grows(sizes, np.arange(len(sizes))):
        raise Finding(f"it keeps growing: {told} {len(sizes)}")
    return f"no steady growth: {told} {len(sizes)}"


def _sizes(quantity: Quantity) -> Array:
    if quantity.over_time:
        steps = np.abs(_wide(quantity.value))
        return np.asarray(steps.reshape(len(steps), -1).max(axis=1, initial=0))
    return np.array(quantity.ends)


def _unheld(quantity: Quantity) -> Array:
    """Lay the timesteps that no mask held out as (timesteps and samples, …)."""
    value = quantity.value
    rows = value.reshape(-1, *value.shape[2:])
    return rows if quantity.used is None else rows[quantity.used.ravel()]


def alive(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No unit is zero in every sample at every timestep."""
    rows = _unheld(quantity)
    moved = (rows != 0).any(axis=0).ravel()
    if not len(rows):
        raise Finding("every timestep is masked, so that it cannot be told")
    if not moved.all():
        first = ", ".join(f"u{k}" for k in np.flatnonzero(~moved)[:_NAMED])
        raise Finding(f"{int((~moved).sum())} of {moved.size} units are always 0: {first}")
    return f"each of {moved.size} units is somewhere not 0"


def unsaturated(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Less than a tenth of the values is nearly shut or nearly open; they lie in [0, 1]."""
    rows = _wide(_unheld(quantity))
    if not rows.size:
        raise Finding("every timestep is masked, so that it cannot be told")
    if rows.min() < 0 or rows.max() > 1:
        raise Finding(f"it lies in [{number(rows.min())}, {number(rows.max())}], not in [0, 1]")
    low, high = int((rows < SATURATED[0]).sum()), int((rows > SATURATED[1]).sum())
    told = (
        f"{100 * (low + high) / rows.size:.0f}% saturated"
        f" ({low} below {SATURATED[0]}, {high} above {SATURATED[1]}, of {rows.size})"
    )
    if low + high >= SHARE * rows.size:
        raise Finding(told)
    return told


def equals(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element is close to the written one."""
    return _close(quantity, np.asarray(expected), condition, "the expected values")


def _close(quantity: Quantity, expected: Array, condition: Condition, name: str) -> str:
    value = quantity.value
    far, deviation = _far(value, expected, condition, name)
    if far.any():
        flat = int(np.argmax(np.where(far, np.where(np.isnan(deviation), np.inf, deviation), -1.0)))
        raise Finding(
            f"{int(far.sum())} of {far.size} differ from {name}; at {_at(quantity, flat)} expected"
            f" {number(expected.flat[flat])}, found {number(value.flat[flat])}"
            f" (off by {number(deviation.flat[flat])})"
        )
    largest = number(np.nanmax(deviation)) if deviation.size else "0"
    return f"equal to {name} within {largest}"


def _far(value: Array, expected: Array, condition: Condition, name: str) -> tuple[Array, Array]:
    if value.shape != expected.shape:
        raise Finding(f"its shape is {value.shape}, that of {name} is {expected.shape}")
    a, b = _wide(value), _wide(expected)
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
    """At least one element is not close to that of another quantity."""
    other: Quantity = expected
    if quantity.value.shape != other.value.shape:
        return f"its shape is {quantity.value.shape}, that of {other.name} is {other.value.shape}"
    far, deviation = _far(quantity.value, other.value, condition, other.name)
    if not far.any():
        largest = number(np.nanmax(deviation)) if deviation.size else "0"
        raise Finding(f"it equals {other.name} within {largest}")
    return f"differs from {other.name} by up to {_worst(quantity, deviation, deviation)}"


def between(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Every element lies in [low, high]."""
    low, high = expected
    value = _wide(quantity.value)
    inside = (value >= low) & (value <= high)
    if not inside.all():
        first = int(np.argmin(inside))
        found = f"{number(value.flat[first])} at {_at(quantity, first)}"
        raise Finding(f"{int((~inside).sum())} of {value.size} are outside, the first {found}")
    if not value.size:
        return "it is empty"
    return f"it lies in [{number(value.min())}, {number(value.max())}]"


def max_abs(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No element is larger than the bound in magnitude; NaN is."""
    size = np.abs(_wide(quantity.value))
    if not (size <= expected).all():
        raise Finding(f"the largest in magnitude is {_worst(quantity, quantity.value, size)}")
    return f"the largest magnitude is {number(size.max()) if size.size else 'none'}"


def shape(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The shape is the written one, the batch axis included."""
    if list(quantity.value.shape) != expected:
        raise Finding(f"its shape is {list(quantity.value.shape)}")
    return f"its shape is {expected}"


def dtype(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The dtype is the written one."""
    if quantity.value.dtype.name != expected:
        raise Finding(f"its dtype is {quantity.value.dtype.name}")
    return f"its dtype is {expected}"


def origin(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """The call's initial state came from there."""
    if quantity.origin is None:
        raise Finding("it has no origin: the operation made no call")
    if quantity.origin.word != expected:
        raise Finding(f"its origin is {quantity.origin.word!r} ({quantity.origin.words})")
    return f"its origin is {quantity.origin.words}"


CONDITIONS: Mapping[str, Judge] = {
    "zeros": zeros,
    "nonzero": nonzero,
    "finite": finite,
    "changed": changed,
    "unchanged": unchanged,
    "bounded": bounded,
    "alive": alive,
    "unsaturated": unsaturated,
    "equals": equals,
    "same_as": same_as,
    "differs_from": differs_from,
    "between": between,
    "max_abs": max_abs,
    "shape": shape,
    "dtype": dtype,
    "origin": origin,
}
