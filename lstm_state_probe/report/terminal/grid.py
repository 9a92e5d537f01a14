"""The shown part of an array as text, and how many units fit side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lstm_state_probe.arrays import Array
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.words.layout import Choice, choose, choose_samples, fitting, flat, unit
from lstm_state_probe.report.words.numbers import digits

_SAMPLES = 4
"""Samples that are shown unless the user chose."""
_NARROWEST = 2


@dataclass(frozen=True)
class Grid:
    """The shown part of one array: `cells` (samples shown, units shown)."""

    samples: Choice
    units: Choice
    labels: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]

    @property
    def widest(self) -> int:
        """Columns of the terminal that the widest number or heading takes."""
        rows = (self.labels, *self.cells)
        return max((len(text) for row in rows for text in row), default=1)


@dataclass(frozen=True)
class Grids:
    """The grids of one table: `per` numbers fit side by side, each `cell` columns wide."""

    grids: tuple[Grid, ...]
    per: int
    cell: int


def fit(arrays: Sequence[Array], options: ShowOptions, width: int) -> Grids:
    """Choose as many units as fit the width, with numbers of one width in all arrays."""
    most = fitting(width, _NARROWEST)
    fitted = _grids(arrays, options, most, width)
    if options.units is not None or options.full or not arrays:
        return fitted
    found = _grids(arrays, options, fitted.per, width)
    while found.per > (shown := len(max((grid.units.shown for grid in found.grids), key=len))):
        more = _grids(arrays, options, shown + 1, width)
        if more.per <= shown or more.grids == found.grids:
            break
        found = more
    return found


def _grids(arrays: Sequence[Array], options: ShowOptions, fits: int, width: int) -> Grids:
    grids = tuple(_grid(array, options, fits) for array in arrays)
    cell = max((grid.widest for grid in grids), default=1)
    return Grids(grids, fitting(width, cell), cell)


def _grid(array: Array, options: ShowOptions, fits: int) -> Grid:
    table = flat(array)
    wanted = _wanted(options, options.samples, _SAMPLES)
    samples = choose_samples(table.shape[0], wanted, options.sample)
    units = choose(table.shape[1], _wanted(options, options.units, fits))
    shown = table[list(samples.shown)][:, list(units.shown)].tolist()
    return Grid(
        samples,
        units,
        tuple(unit(array.shape, column) for column in units.shown),
        tuple(tuple(digits(value, options.precision) for value in row) for row in shown),
    )


def _wanted(options: ShowOptions, chosen: int | None, default: int) -> int | None:
    if options.full:
        return None
    return default if chosen is None else chosen
