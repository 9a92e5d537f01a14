"""Tables of timesteps: one a sample and state or gate, rows are timesteps, columns are units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.text import Text

from lstm_state_probe.amounts import plural
from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.terminal.grid import Grid, Grids, fit
from lstm_state_probe.report.terminal.heads import summary_parts
from lstm_state_probe.report.terminal.line import heading, numbers
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.layout import GAP, Choice, blocks, choose_samples, left_out
from lstm_state_probe.report.words.outcomes import kind_words
from lstm_state_probe.report.words.timesteps import Row, rows
from lstm_state_probe.report.words.window import SAMPLES, Track, window

_ROOMY = 24
"""Columns for numbers below which a row's labels stand above its numbers."""
_WHOLE = 10**9


class TrackTables:
    """The tables of one state or gate, a table a sample, with columns in common."""

    def __init__(self, page: Page, call: Call, track: Track) -> None:
        self.page, self.track, self.name = page, track, f"{call.layer}/{track.name}"
        options = page.options
        wanted = SAMPLES if options.samples is None else options.samples
        many = None if options.full else wanted
        self.samples = choose_samples(track.steps.shape[1], many, options.sample)
        self.verbose = options.verbosity > 0
        chosen = window(call, options)
        self.rows = [
            rows(call, track, chosen, sample, changes=self.verbose) for sample in self.samples.shown
        ]
        self.names = ["timestep", "input"] if call.backwards else ["timestep"]
        labels = [self._labels(row) for found in self.rows for row in found]
        labels = labels or [[""] * (len(self.names) + 1)]  # none of the timesteps wanted was kept
        self.widths = [max(map(len, column)) for column in zip(*labels, strict=True)]
        for k, name in enumerate(self.names):
            self.widths[k] = max(self.widths[k], len(name))
        prefix = sum(width + GAP for width in self.widths if width)
        self.roomy = page.width - prefix >= _ROOMY
        self.width = max(1, page.width - prefix * self.roomy)
        arrays = [_stacked(track, found) for found in self.rows]
        self.fitted: Grids = fit(arrays, replace(options, samples=_WHOLE, sample=None), self.width)
        self.cell = min(self.fitted.cell, self.width)

    def write(self) -> None:
        """Write the summary over time, then the tables, then what they leave out."""
        self.page.line()
        steps = self.track.steps
        kind = f"{kind_words(steps[0])}, " if len(steps) else ""
        words = f"  {kind}at {plural(len(steps), 'timestep')}"
        self.page.say((self.name, "label"), (words, "faint"), hang=2)
        self.page.say(*summary_parts(steps, self.page), indent=2, hang=2)
        for sample, found, grid in zip(
            self.samples.shown, self.rows, self.fitted.grids, strict=True
        ):
            self.page.say((f"{self.name}, sample {sample}", "label"))
            self._table(found, grid)
        for note in self._notes():
            self.page.say((note, "faint"))

    def _notes(self) -> list[str]:
        """Say which samples and units are not shown, and which changes are not known."""
        grids = self.fitted.grids
        notes = [left_out(self.samples, grids[0].units if grids else Choice((), 0))]
        known = sum(row.change for found in self.rows for row in found)
        never = ("initial", "0") if self.track.initial is None else ("initial",)
        steps = sum(row.timestep not in never for found in self.rows for row in found) - known
        if self.verbose and known < steps:
            notes.append("no change is shown where the values one timestep before are not known")
        return [note for note in notes if note]

    def _table(self, found: Sequence[Row], grid: Grid) -> None:
        for block in blocks(grid.units.shown, self.fitted.per):
            names = heading(grid, block, self.cell)
            lines = [*self._line(self.names, Text(names))]
            for line in lines:
                line.stylize(self.page.style("heading"))
            for row, cells in zip(found, grid.cells, strict=True):
                text = numbers(self.page, [cells[k] for k in block], self.cell)
                if row.change:
                    text.stylize(self.page.style("faint"))
                lines += self._line(self._labels(row), text)
            self.page.lines(lines)

    def _labels(self, row: Row) -> list[str]:
        return [row.timestep, *([row.input] if len(self.names) > 1 else []), row.mark]

    def _line(self, labels: Sequence[str], text: Text) -> list[Text]:
        """Put labels before numbers, or above them where the page is narrow."""
        if not self.roomy:
            return [self.page.text(" ".join(filter(None, labels))), text]
        padded = [*labels, *[""] * (len(self.widths) - len(labels))]
        *first, mark = zip(padded, self.widths, strict=True)
        cells = [label.rjust(width) for label, width in first] + [mark[0].ljust(mark[1])]
        prefix = "".join(cell + " " * GAP for cell in cells if cell)
        return [Text(prefix) + text]


def _stacked(track: Track, found: Sequence[Row]) -> Array:
    """Put the rows of a sample into one array: (rows, units)."""
    if not found:
        return np.zeros((0, *track.steps.shape[2:]))
    return np.stack([row.values for row in found])
