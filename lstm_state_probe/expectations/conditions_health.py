"""The conditions on a layer's health: growth, dead units, saturated gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.health import LEAST, SATURATED, SHARE, grows, middle
from lstm_state_probe.expectations.judging import Finding, wide
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.expectations.verdict import number
from lstm_state_probe.scenario.conditions import Condition

_NAMED = 8
"""Units that a message names."""


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
        steps = np.abs(wide(quantity.value))
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
    rows = wide(_unheld(quantity))
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
