"""Compares what is recorded now with a baseline, within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.baseline.digest import Entry, spans, stored_form
from lstm_state_probe.baseline.parts import Part
from lstm_state_probe.baseline.store import Stored
from lstm_state_probe.expectations.verdict import Worst, number

CLOSE = 1e-5
_COARSE = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
"""The relative distance between neighbours of dtypes that are coarser than the tolerance."""


@dataclass(frozen=True)
class Tolerance:
    """How far a value may be off: `atol + rtol * |baseline|`; None leaves it to the dtype."""

    atol: float | None = None
    rtol: float | None = None

    def of(self, dtype: str) -> tuple[float, float]:
        """Return atol and rtol: 1e-5, or two steps of a dtype that is coarser than that."""
        usual = max(CLOSE, 2 * _COARSE.get(dtype, 0.0))
        return (
            usual if self.atol is None else self.atol,
            usual if self.rtol is None else self.rtol,
        )


@dataclass(frozen=True)
class Difference:
    """What differs in one part: `then` and `now`, in words, of its `first` element, if it is one.

    `count` of `size` elements differ, the `largest` most. `order` is when the first came to be.
    """

    part: Part
    order: tuple[int, int, int, float]
    then: str
    now: str
    first: Worst | None = None
    largest: Worst | None = None
    count: int = 0
    size: int = 0


@dataclass(frozen=True)
class Comparison:
    """What differs, the first to happen first; keys of what is missing now, and of what is new.

    `added` are further arrays that an option had recorded: nothing is wrong with them.
    """

    differences: tuple[Difference, ...]
    missing: tuple[str, ...]
    new: tuple[str, ...]
    added: tuple[str, ...]
    same: frozenset[str]

    @property
    def matched(self) -> bool:
        """Whether all that is stored is as it was, and nothing came that must not come."""
        return not (self.differences or self.missing or self.new)


def compare(parts: Iterable[Part], stored: Stored, tolerance: Tolerance) -> Comparison:
    """Compare every part with the array of its name."""
    entries = stored.digest.values
    differences: list[Difference] = []
    new: list[str] = []
    added: list[str] = []
    same: list[str] = []
    for part in parts:
        if part.key not in entries:
            (added if part.optional else new).append(part.key)
            continue
        found = difference(part, entries[part.key], stored.array(part.key), tolerance=tolerance)
        if found is None:
            same.append(part.key)
        else:
            differences.append(found)
    seen = {*same, *(found.part.key for found in differences)}
    missing = tuple(key for key in entries if key not in seen)
    ordered = sorted(differences, key=lambda found: found.order)
    return Comparison(tuple(ordered), missing, tuple(new), tuple(added), frozenset(same))


def difference(
    part: Part, entry: Entry, before: Array, *, tolerance: Tolerance
) -> Difference | None:
    """Compare one part with its entry and the values of then; None if it is the same."""
    for what, then, now in (
        ("dtype", entry.dtype, part.dtype),
        ("shape", entry.shape, tuple(part.array.shape)),
        ("timesteps", entry.timesteps, spans(part.kept) if part.optional else None),
    ):
        if then != now:
            return Difference(part, part.order(), f"{what} {then}", f"{what} {now}")
    after = stored_form(part.array)
    off = differing(before, after, *tolerance.of(part.dtype))
    if not off.any():
        return None
    places = np.argwhere(off)
    sizes = deviations(before[off], after[off])
    first, largest = (_element(part, before, after, at=places[k]) for k in (0, sizes.argmax()))
    order = part.order(int(places[0][0]) if part.optional else 0)
    then, now = (number(value) for value in (first.expected or 0.0, first.found))
    return Difference(part, order, then, now, first, largest, len(places), off.size)


def differing(before: Array, after: Array, atol: float, rtol: float) -> Array:
    """Tell which elements are off by more than the tolerance; NaN is what NaN was."""
    if before.dtype.kind not in "f":
        return np.asarray(before != after)
    wide = (after.astype(np.float64), before.astype(np.float64))
    return ~np.isclose(*wide, atol=atol, rtol=rtol, equal_nan=True)


def deviations(before: Array, after: Array) -> Array:
    """Return the distances in float64; one from or to NaN is infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        sizes = np.abs(after.astype(np.float64) - before.astype(np.float64))
    return np.where(np.isnan(sizes), math.inf, sizes)


def _element(part: Part, before: Array, after: Array, *, at: Array) -> Worst:
    place = tuple(int(k) for k in at)
    found, expected = float(after[place]), float(before[place])
    size = abs(found - expected)
    timestep = part.kept[place[0]] if part.optional else None
    index = place[1:] if part.optional else place
    return Worst(index, timestep, found, expected, size if math.isfinite(size) else None)
