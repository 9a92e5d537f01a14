"""Numbers for people: digits, a summary over all elements, the largest change."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array

MOST_DIGITS = 17
"""Significant digits that tell any two float64 apart."""


def digits(value: float, precision: int) -> str:
    """Write a number with `precision` significant digits; what is not 0 never reads 0."""
    if isinstance(value, int):  # a bool too
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    text = f"{value:#.{min(max(precision, 1), MOST_DIGITS)}g}"
    return text.replace(".e", "e").removesuffix(".")


@dataclass(frozen=True)
class Summary:
    """One state at one moment over all `count` elements, in float64.

    The figures are those of the finite elements; they are NaN where there is none.
    """

    count: int
    low: float
    high: float
    mean: float
    deviation: float
    zeros: int
    nans: int
    infs: int

    @property
    def finite(self) -> int:
        """Count the elements that are neither NaN nor infinite."""
        return self.count - self.nans - self.infs


def summarise(array: Array) -> Summary:
    """Sum up all elements of an array of any shape."""
    wide = array.astype(np.float64).ravel()
    finite = wide[np.isfinite(wide)]
    nans = int(np.isnan(wide).sum())
    with np.errstate(over="ignore", invalid="ignore"):  # float64 near its end
        return Summary(
            count=wide.size,
            low=float(finite.min()) if finite.size else math.nan,
            high=float(finite.max()) if finite.size else math.nan,
            mean=float(finite.mean()) if finite.size else math.nan,
            deviation=float(finite.std()) if finite.size else math.nan,
            zeros=int(wide.size - np.count_nonzero(wide)),
            nans=nans,
            infs=wide.size - finite.size - nans,
        )


def share(part: int, whole: int) -> str:
    """Write a share in percent; only none is 0% and only all is 100%."""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.3g}%"


@dataclass(frozen=True)
class Change:
    """The largest |after - before|, NaN before all others, and where: (sample, unit, ...)."""

    size: float
    where: tuple[int, ...]


def largest_change(before: Array, after: Array) -> Change | None:
    """Find the largest change; None where there is nothing to compare element by element."""
    if before.shape != after.shape or not after.size:
        return None
    a, b = before.astype(np.float64), after.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        change = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(b - a))
    worst = int(np.argmax(change))  # the first NaN, if there is one
    where = tuple(int(k) for k in np.unravel_index(worst, change.shape))
    return Change(float(change.flat[worst]), where)


def identical(a: Array, b: Array) -> bool:
    """Compare dtype, shape and every bit."""
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
