"""One Rich table for one recurrent layer: rows are samples, columns are units."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from lstm_state_probe.report.terminal.grid import Grid, Grids, fit
from lstm_state_probe.report.terminal.heads import state_parts, summary_parts
from lstm_state_probe.report.terminal.line import heading, numbers
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.layout import blocks, left_out
from lstm_state_probe.report.words.moments import LayerStory, Moment

_BOX = box.SIMPLE_HEAD
_ASCII_BOX = box.Box(str(_BOX).replace("─", "-"), ascii=True)
_ROOMY = 24
"""Columns for numbers below which the labels get rows of their own instead of a column."""


def box_of(page: Page) -> box.Box:
    """Return a line below the heads, in the characters that the page can write."""
    return _BOX if page.unicode else _ASCII_BOX


def lined_table(page: Page) -> Table:
    """Make a table with a line below its heads and no edge, its columns yet to come."""
    return Table(
        box=box_of(page),
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
        header_style=page.style("heading"),
    )


class LayerTable:
    """Lays out the states of one layer on a page.

    Its columns are the label of a state or moment, the sample, and the units: one text of
    numbers of one width, so that a sentence can stand in their place.
    """

    def __init__(self, page: Page, story: LayerStory) -> None:
        self.page, self.states = page, story.states
        moments = [moment for state in story.states for moment in state.moments]
        shown = [moment for moment in moments if moment.array is not None]
        arrays = [moment.array for moment in shown if moment.array is not None]
        names = ["state", *(state.name for state in story.states), *(m.name for m in moments)]
        batch = max((len(array) for array in arrays if array.ndim), default=1)
        label, sample = max(len(page.visible(n)) for n in names), max(3, len(str(batch - 1)))
        self.roomy = page.width - label - max(6, sample) - 2 >= max(_ROOMY, label)
        self.widths = [label, max(6, sample)] if self.roomy else [sample]
        self.width = max(1, page.width - sum(self.widths) - len(self.widths))
        self.fitted: Grids = fit(arrays, page.options, self.width)
        self.cell = min(self.fitted.cell, self.width)
        self.grids = {id(m): grid for m, grid in zip(shown, self.fitted.grids, strict=True)}
        heads = (heading(grid, block, self.cell) for grid, block in self._blocks())
        self.heading = next(heads, "")

    def table(self) -> Table:
        """Return the table, filled."""
        table = self._empty()
        for state in self.states:
            self._row(table, state.name, "", self.page.text(*state_parts(state, self.page)))
            for moment in state.moments:
                self._moment(table, moment)
            table.add_section()
        return table

    def notes(self) -> list[str]:
        """Say what the table leaves out, once where it is the same for all states."""
        said: dict[str, dict[str, None]] = {}
        for state in self.states:
            for grid in (self.grids[id(m)] for m in state.moments if id(m) in self.grids):
                said.setdefault(left_out(grid.samples, grid.units), {})[state.name] = None
        if len(said) == 1:
            return [note for note in said if note]
        return [f"{', '.join(names)}: {note}" for note, names in said.items() if note]

    def _empty(self) -> Table:
        table = Table(
            box=box_of(self.page),
            show_edge=False,
            pad_edge=False,
            padding=0,
            header_style=self.page.style("heading"),
        )
        if self.roomy:
            table.add_column("state", width=self.widths[0], overflow="fold")
        sample = "sample" if self.roomy else ""
        table.add_column(sample, width=self.widths[-1], justify="right", overflow="fold")
        table.add_column(Text(self.heading), max_width=self.width, overflow="fold")
        return table

    def _row(self, table: Table, label: str, sample: str, cells: Text) -> None:
        name = self.page.text((label, "label"))
        if self.roomy:
            table.add_row(name, sample, cells)
            return
        if label:
            table.add_row("", name)
        if cells.plain:
            table.add_row(sample, cells)

    def _moment(self, table: Table, moment: Moment) -> None:
        label = moment.name
        if moment.words:
            self._row(table, label, "", self.page.text((moment.words, "faint")))
            label = ""
        if moment.array is None:
            return
        if label and not self.roomy:  # above the names of the units, not between them
            self._row(table, label, "", Text())
            label = ""
        grid = self.grids[id(moment)]
        for block in self._split(grid):
            self._head(table, heading(grid, block, self.cell))
            cut = [[row[k] for k in block] for row in grid.cells]
            rows = [numbers(self.page, row, self.cell) for row in cut]
            for samples, lines in self._together(grid.samples.shown, rows):
                self._row(table, label, samples, lines)
                label = ""
        self._row(table, label, "all", self.page.text(*summary_parts(moment.array, self.page)))

    def _together(self, samples: Sequence[int], rows: list[Text]) -> list[tuple[str, Text]]:
        """Make one row of Rich's of all samples, which is faster, unless numbers must fold."""
        if self.fitted.cell > self.width:
            return [(str(sample), row) for sample, row in zip(samples, rows, strict=True)]
        return [("\n".join(map(str, samples)), Text("\n").join(rows))]

    def _head(self, table: Table, names: str) -> None:
        """Name the units anew where they are others than those above."""
        if names != self.heading:
            self._row(table, "", "", self.page.text((names, "heading")))
            self.heading = names

    def _split(self, grid: Grid) -> list[range]:
        return blocks(grid.units.shown, self.fitted.per) if grid.samples.shown else []

    def _blocks(self) -> list[tuple[Grid, range]]:
        return [(grid, block) for grid in self.fitted.grids for block in self._split(grid)]
