"""What is told of a state that keeps growing, a unit that is dead, a gate that is stuck.

The conditions judge by it, and the findings of the report tell by it.
"""

from __future__ import annotations

import numpy as np

from lstm_state_probe.arrays import Array

LEAST = 8
"""Points in time below which nothing is said of growth."""
FACTOR = 1.5
"""How many times its size in the middle a state must have at the end."""
STEADY = 0.9
"""The share of the third quarter's rate that the last quarter must keep."""
SATURATED = (0.01, 0.99)
"""A gate is nearly shut below the first and nearly open above the second."""
SHARE = 0.1
"""Saturation is told from this share of a gate's values on."""


def grows(sizes: Array, at: Array) -> bool:
    """Judge max|.| at points in time, each (points,).

    In the second half it rises at each point, to FACTOR times as much, beyond 1 (where a state
    made by tanh ends), and in the last quarter not slower than before. That is no proof.
    """
    if len(sizes) < LEAST or not np.isfinite(sizes).all():
        return False
    half = middle(len(sizes))
    late = (half + len(sizes) - 1) // 2
    rises = bool((np.diff(sizes[half:]) > 0).all())
    enough = sizes[-1] > 1 and sizes[-1] >= FACTOR * sizes[half]
    before = (sizes[late] - sizes[half]) / (at[late] - at[half])
    after = (sizes[-1] - sizes[late]) / (at[-1] - at[late])
    return bool(rises and enough and after >= STEADY * before)


def middle(count: int) -> int:
    """Return the index of the point in the middle."""
    return (count - 1) // 2
