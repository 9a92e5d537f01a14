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
        return f"{noun} {', '.join(ranges(self.shown)) or 'none'} of {self.count}"


def choose(count: int, wanted: int | None) -> Choice:
    """Choose the first ones and the last; None chooses all."""
    if wanted is None or wanted >= count:
        return Choice(tuple(range(count)), count)
    if wanted < 2:
        return Choice(tuple(range(max(0, wanted))), count)
    return Choice((*range(wanted - 1), count - 1), count)


def choose_samples(count: int, wanted: int | None, one: int | None) -> Choice:
    """Choose the one sample that was asked for, else the first ones and the last."""
    if one is None:
        return choose(count, wanted)
    return Choice((one,), 1) if one < count else Choice((), 0)  # nothing else was asked for


def fitting(width: int, cell: int) -> int:
    """Count the numbers of `cell` columns that fit side by side; at least one is shown."""
    return max(1, (width + GAP) // (cell + GAP))


def share_out(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Give each column what it wants, or less to the widest; None where the least is too much."""
    if sum(least) > room:
        return None
    widths = [min(width, room) for width in wanted]
    while sum(widths) > room:
        spare = (k for k, width in enumerate(widths) if width > least[k])
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


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


def element(where: Sequence[int]) -> str:
    """Name an element of a state by its indices: 'sample 0, u3', or 'sample 0, [1,0,2]'."""
    sample, *rest = where or (0,)
    name = f"[{','.join(map(str, rest))}]" if len(rest) > 1 else f"u{(rest or [0])[0]}"
    return f"sample {sample}, {name}"


def left_out(samples: Choice, units: Choice) -> str:
    """Say what is not shown and how to see it; '' where all is shown."""
    parts = [
        choice.words(noun)
        for choice, noun in ((units, "units"), (samples, "samples"))
        if not choice.complete
    ]
    return f"showing {' and '.join(parts)} (--units, --samples, --full)" if parts else ""


def ranges(indices: Iterable[int]) -> list[str]:
    """Write ascending indices in short: ['0-5', '511']."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] + 1 == index:
            runs[-1][1:] = [index]
        else:
            runs.append([index])
    return ["-".join(map(str, run)) for run in runs]
