"""Tables of timesteps: one a sample and state or gate, rows are timesteps, columns are units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from rich.text import Text

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.layout import GAP, Choice, blocks, choose, left_out
from lstm_state_probe.report.tables_grid import Grid, Grids, fit
from lstm_state_probe.report.tables_line import heading, numbers
from lstm_state_probe.report.tables_page import Page, plural
from lstm_state_probe.report.tables_words import kind_words, summary_parts
from lstm_state_probe.report.timesteps import Row, Track, Window, rows, tracks, window

_SAMPLES = 2
"""Samples that have tables unless the user chose: the first and the last."""
_ROOMY = 24
"""Columns for numbers below which a row's labels stand above its numbers."""
_WHOLE = 10**9


def recorded(page: Page, calls: Sequence[Call]) -> None:
    """Say in one faint line that timesteps are there to be shown."""
    kept = [call for call in calls if call.kept]
    if not kept:
        return
    one = len(calls) == 1
    counts = sum(len(call.kept) for call in kept), sum(call.timesteps for call in calls)
    count = plural(counts[0], "timestep")
    if counts[0] != counts[1]:
        count = f"{counts[0]} of {plural(counts[1], 'timestep')}"
    words = count if one else f"{count} of {len(calls)} calls"
    gates = any(call.gates for call in kept)
    options = "--timesteps, --gates" if gates else "--timesteps"
    page.say((f"{words} recorded{', with gates' if gates else ''} ({options})", "faint"))


def over_time(page: Page, calls: Sequence[Call]) -> None:
    """Write the tables of the last of these calls, and say which call it is."""
    call = calls[-1]
    where = f"; {call.where}, the last of {len(calls)} calls (--calls)" if len(calls) > 1 else ""
    page.line()
    shown = tracks(call, page.options)
    if not shown or not call.kept:
        page.say((f"no timesteps of this call were recorded{where}", "faint"))
        return
    page.say(("timesteps", "heading"), (_which(call, window(call, page.options)) + where, "faint"))
    if page.options.gates and not call.gates:
        page.say(("it has no gates, or none were recorded", "faint"))
    for track in shown:
        TrackTables(page, call, track).write()


def _which(call: Call, chosen: Window) -> str:
    """Say which timesteps the tables have, and what became of the others."""
    parts = []
    if len(call.kept) < call.timesteps:
        parts.append(f"{len(call.kept)} of {call.timesteps} were recorded")
    if chosen.digest:
        parts.append(
            f"a digest of {len(call.kept)}: the first, the last, the lowest and the highest value"
            " of each sample (--timesteps all)"
        )
    elif chosen.shown.complete:
        parts.append(f"all {call.timesteps}")
    else:
        parts.append(f"showing {chosen.shown.words('timesteps')} (--timesteps all)")
    if chosen.absent:
        parts.append(f"not there: {', '.join(map(str, chosen.absent))}")
    if call.backwards:
        parts.append("the loop ran backwards over the inputs")
    return "  " + "; ".join(parts)


class TrackTables:
    """The tables of one state or gate, a table a sample, with columns in common."""

    def __init__(self, page: Page, call: Call, track: Track) -> None:
        self.page, self.track = page, track
        options = page.options
        wanted = _SAMPLES if options.samples is None else options.samples
        self.samples = choose(track.steps.shape[1], None if options.full else wanted)
        self.verbose = options.verbosity > 0
        chosen = window(call, options)
        self.rows = [
            rows(call, track, chosen, sample, changes=self.verbose)
            for sample in self.samples.shown
        ]
        self.names = ["timestep", "input"] if call.backwards else ["timestep"]
        labels = [self._labels(row) for found in self.rows for row in found]
        columns = zip(*labels, strict=True) if labels else iter(())
        self.widths = [max(map(len, column)) for column in columns]
        for k, name in enumerate(self.names[: len(self.widths)]):
            self.widths[k] = max(self.widths[k], len(name))
        prefix = sum(width + GAP for width in self.widths if width)
        self.roomy = page.width - prefix >= _ROOMY
        self.width = max(1, page.width - prefix * self.roomy)
        arrays = [_stacked(track, found) for found in self.rows]
        self.fitted: Grids = fit(arrays, replace(options, samples=_WHOLE), self.width)
        self.cell = min(self.fitted.cell, self.width)

    def write(self) -> None:
        """Write the summary over time, then the tables, then what they leave out."""
        steps = self.track.steps
        kind = f"{kind_words(steps[0])}, " if len(steps) else ""
        words = f"  {kind}at {plural(len(steps), 'timestep')}"
        self.page.say((self.track.name, "label"), (words, "faint"), hang=2)
        self.page.say(*summary_parts(steps, self.page), indent=2, hang=2)
        for sample, found, grid in zip(
            self.samples.shown, self.rows, self.fitted.grids, strict=True
        ):
            self.page.say((f"{self.track.name}, sample {sample}", "label"))
            self._table(found, grid)
        for note in self._notes():
            self.page.say((note, "faint"))

    def _notes(self) -> list[str]:
        """Say which samples and units are not shown, and which changes are not known."""
        grids = self.fitted.grids
        notes = [left_out(self.samples, grids[0].units if grids else Choice((), 0))]
        known = sum(row.change for found in self.rows for row in found)
        steps = sum(row.timestep != "initial" for found in self.rows for row in found) - known
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
