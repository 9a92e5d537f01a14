"""One layer in one operation on a few lines: what most readers want, with the way to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.table import Table
from rich.text import Text

from lstm_state_probe.report.terminal.grid import Grid, fit
from lstm_state_probe.report.terminal.line import heading, numbers
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.brief import BriefState
from lstm_state_probe.report.words.layout import Choice, fitting, left_out
from lstm_state_probe.report.words.numbers import digits
from lstm_state_probe.report.words.strip import ASCII_LEVELS, LEVELS, Strip, strip

ROOM = 60
"""Columns of a page below which a layer is shown at length instead: nothing fits side by side."""
_WHOLE = 10**9
_MARKS = 16
"""Marks of a strip over time."""
_LABELS = 24
"""Columns for state, timestep and sample."""
_SCALE = 7
"""Columns for the scale behind a strip."""


class BriefTable:
    """The states of one layer as one Rich table; `notes` are what it leaves out."""

    def __init__(self, page: Page, states: Sequence[BriefState]) -> None:
        self.page = page
        self.states = [state for state in states if state.rows]
        self.strips = {s.name: self._strip(s) for s in self.states if s.steps is not None}
        room = max(1, page.width - _LABELS - self._strip_width())
        arrays = [np.stack([row.values for row in state.rows]) for state in self.states]
        self.fitted = fit(arrays, replace(page.options, samples=_WHOLE, sample=None), room)
        self.cell = min(self.fitted.cell, room)
        self.per = fitting(room, self.cell)

    def table(self) -> Table:
        """Return the table, filled."""
        table = Table(box=None, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.header_style = self.page.style("heading")
        table.add_column("state", no_wrap=True)
        table.add_column("t", justify="right", no_wrap=True)
        table.add_column("sample", justify="right", no_wrap=True)
        table.add_column(Text(self._heading()), no_wrap=True)
        if self.strips:
            table.add_column("over time, max|.|", no_wrap=True)
        for state, grid in zip(self.states, self.fitted.grids, strict=True):
            self._fill(table, state, grid)
        return table

    def _fill(self, table: Table, state: BriefState, grid: Grid) -> None:
        block = self._shown(grid)
        for k, (row, cells) in enumerate(zip(state.rows, grid.cells, strict=True)):
            name = self.page.text((state.name if k == 0 else "", "label"))
            text = numbers(self.page, [cells[i] for i in block], self.cell)
            over = self._over_time(state.name) if k == 0 and self.strips else Text()
            table.add_row(name, row.when, row.sample, text, *([over] if self.strips else []))

    def _shown(self, grid: Grid) -> range:
        return range(min(self.per, len(grid.units.shown)))

    def _heading(self) -> str:
        grid = max(self.fitted.grids, key=lambda grid: len(grid.units.shown))
        return heading(grid, self._shown(grid), self.cell)

    def _over_time(self, name: str) -> Text:
        found = self.strips.get(name)
        if found is None:
            return Text()
        marks = found.marks(LEVELS if self.page.unicode else ASCII_LEVELS)
        return self.page.text(marks, (f" {digits(found.top, 3)}", "faint"))

    def _strip(self, state: BriefState) -> Strip:
        assert state.steps is not None
        return strip(state.steps, _MARKS)

    def _strip_width(self) -> int:
        longest = max((len(s.values) for s in self.strips.values()), default=0)
        return max(longest + _SCALE, len("over time, max|.|")) if longest else 0

    def notes(self) -> list[str]:
        """Say what is left out, and how to see it; and where a mark stands for several steps."""
        notes = []
        per = max((found.per for found in self.strips.values()), default=1)
        if per > 1:
            notes.append(f"a mark over time is the largest of {per} timesteps")
        notes += dict.fromkeys(
            left_out(state.samples, self._units(grid))
            for state, grid in zip(self.states, self.fitted.grids, strict=True)
        )
        return [note for note in notes if note]

    def _units(self, grid: Grid) -> Choice:
        return Choice(tuple(grid.units.shown[k] for k in self._shown(grid)), grid.units.count)
