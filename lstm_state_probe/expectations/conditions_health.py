"""The conditions on a layer's health: growth, dead units, saturated gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.health import LEAST, SATURATED, SHARE, grows, middle
from lstm_state_probe.expectations.judging import Finding, refuse_nan, wide
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.expectations.verdict import number
from lstm_state_probe.scenario.written.conditions import Condition

_NAMED = 8
"""Units that a message names."""


def bounded(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Its magnitude does not keep growing, over the calls or over the timesteps of one."""
    sizes, at = _sizes(quantity)
    noun = "timesteps" if quantity.over_time else "calls that carry on"
    if len(sizes) < LEAST:
        raise Finding(f"{len(sizes)} {noun} tell nothing; at least {LEAST} are needed")
    if not np.isfinite(sizes).all():
        raise Finding(f"it is not finite after {at[np.argmin(np.isfinite(sizes))] + 1} {noun}")
    half = middle(len(sizes))
    told = f"max|.| {number(sizes[half])} after {at[half] + 1} {noun}, {number(sizes[-1])} after"
    if grows(sizes, at):
        raise Finding(f"it keeps growing: {told} {at[-1] + 1}")
    return f"no steady growth: {told} {at[-1] + 1}"


def _sizes(quantity: Quantity) -> tuple[Array, Array]:
    """Return max|.| at points in time, and which timesteps of the loop, or calls, they are."""
    if quantity.over_time:
        steps = np.abs(wide(quantity.value))
        sizes = steps.max(axis=tuple(range(1, steps.ndim)), initial=0)
        return sizes, np.array(quantity.timesteps or range(len(steps)))
    ends = [float(each.max(initial=0)) for each in quantity.ends]
    return np.array(ends), np.arange(len(ends))


def _unheld(quantity: Quantity) -> Array:
    """Lay the timesteps that no mask held out as (timesteps and samples, …)."""
    value = quantity.value
    rows = value.reshape(-1, *value.shape[2:])
    return rows if quantity.used is None else rows[quantity.used.ravel()]


def alive(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """No unit is zero in every sample at every timestep, and none is ever NaN."""
    rows = _unheld(quantity)
    refuse_nan(rows)
    moved = (rows != 0).any(axis=0).ravel()
    if not len(rows):
        raise Finding("every timestep is masked, so that it cannot be told")
    if not moved.all():
        first = ", ".join(_unit(k, rows.shape[1:]) for k in np.flatnonzero(~moved)[:_NAMED])
        raise Finding(f"{int((~moved).sum())} of {moved.size} units are always 0: {first}")
    return f"each of {moved.size} units is somewhere not 0"


def _unit(flat: int, shape: tuple[int, ...]) -> str:
    """Name a unit as in the tables: u3, or [row,column,filter] of a convolution."""
    index = np.unravel_index(flat, shape)
    return f"u{flat}" if len(shape) == 1 else f"[{','.join(str(int(k)) for k in index)}]"


def unsaturated(quantity: Quantity, expected: Any, condition: Condition) -> str:
    """Less than a tenth of the values is nearly shut or nearly open; they lie in [0, 1]."""
    rows = wide(_unheld(quantity))
    if not rows.size:
        raise Finding("every timestep is masked, so that it cannot be told")
    refuse_nan(rows)
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
