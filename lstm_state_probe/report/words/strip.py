"""A state over time as a strip of marks: one a timestep, or one for several of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.finite import blocks

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.-=+*#@"
_NOT_FINITE = "!"


@dataclass(frozen=True)
class Strip:
    """max|.| over all samples and units, for each run of `per` timesteps; `top` is the largest.

    A value that is not finite stays what it is, and `top` is the largest of the others.
    """

    values: tuple[float, ...]
    per: int
    top: float

    def marks(self, levels: str) -> str:
        """Write a mark for each value, the highest level for the largest; '!' is not finite."""
        return "".join(self._mark(value, levels) for value in self.values)

    def _mark(self, value: float, levels: str) -> str:
        if not math.isfinite(value):
            return _NOT_FINITE
        share = value / self.top if self.top else 0.0
        return levels[min(len(levels) - 1, int(share * len(levels)))]


def strip(steps: Array, width: int) -> Strip:
    """Make the strip of (timesteps, batch, units) that is no wider than `width` marks."""
    sizes = [size for _, block in blocks(steps) for size in _sizes(block)]
    per = max(1, -(-len(sizes) // max(1, width)))
    values = tuple(_largest(sizes[k : k + per]) for k in range(0, len(sizes), per))
    return Strip(values, per, max((v for v in values if math.isfinite(v)), default=0.0))


def _sizes(block: Array) -> list[float]:
    table = np.abs(block.reshape(len(block), -1).astype(np.float64))
    return [float(row.max()) if row.size else 0.0 for row in table]


def _largest(sizes: Sequence[float]) -> float:
    return max(sizes, key=lambda size: math.inf if math.isnan(size) else size)
