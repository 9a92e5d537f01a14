"""Which samples and units of a state are shown, so that they fit; and what to say of the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array

GAP = 2
"""Columns of the terminal between two numbers."""


@dataclass(frozen=True)
class Choice:
    """The indices of one axis that are shown, out of `count`."""

    shown: tuple[int, ...]
    count: int

    @property
    def complete(self) -> bool:
        """Tell whether nothing is left out."""
        return len(self.shown) == self.count

    def words(self, noun: str) -> str:
        """Name what is shown: 'units 0-5, 511 of 512'."""
        return f"{noun} {', '.join(_ranges(self.shown)) or 'none'} of {self.count}"


def choose(count: int, wanted: int | None) -> Choice:
    """Choose the first ones and the last; None chooses all."""
    if wanted is None or wanted >= count:
        return Choice(tuple(range(count)), count)
    if wanted < 2:
        return Choice(tuple(range(max(0, wanted))), count)
    return Choice((*range(wanted - 1), count - 1), count)


def fitting(width: int, cell: int) -> int:
    """Count the numbers of `cell` columns that fit side by side; at least one is shown."""
    return max(1, (width + GAP) // (cell + GAP))


def blocks(shown: Sequence[int], size: int) -> list[range]:
    """Split the positions of what is shown into runs that fit; none where nothing is shown."""
    return [range(k, min(k + size, len(shown))) for k in range(0, len(shown), size)]


def flat(array: Array) -> Array:
    """Lay a state out as (samples, columns): axes after the batch become one."""
    if array.ndim == 0:
        return array.reshape(1, 1)
    return array.reshape(array.shape[0], math.prod(array.shape[1:]))


def unit(shape: Sequence[int], column: int) -> str:
    """Name a column of a flattened state: 'u3', or '[1,0,2]' by its axes after the batch."""
    if len(shape) <= 2:
        return f"u{column}"
    return "[" + ",".join(str(int(k)) for k in np.unravel_index(column, tuple(shape[1:]))) + "]"


def left_out(samples: Choice, units: Choice) -> str:
    """Say what is not shown and how to see it; '' where all is shown."""
    parts = [
        choice.words(noun)
        for choice, noun in ((units, "units"), (samples, "samples"))
        if not choice.complete
    ]
    return f"showing {' and '.join(parts)} (--units, --samples, --full)" if parts else ""


def _ranges(indices: Iterable[int]) -> list[str]:
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] + 1 == index:
            runs[-1][1:] = [index]
        else:
            runs.append([index])
    return ["-".join(map(str, run)) for run in runs]
