"""One line of numbers of one width, and the line of names above them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from lstm_state_probe.report.terminal.grid import Grid
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.layout import GAP

_STYLES = {"0": "faint", "-0": "faint", "NaN": "bad", "Inf": "bad", "-Inf": "bad"}
"""What a number reads, to its style; any other number is plain."""


def heading(grid: Grid, block: Sequence[int], width: int) -> str:
    """Head the units; two dots stand where some between are not shown."""
    text = ""
    for k in block:
        follows = k == block[0] or grid.units.shown[k] == grid.units.shown[k - 1] + 1
        gap = "" if k == block[0] else " " * GAP if follows else "." * GAP
        text += gap + grid.labels[k].rjust(width)
    return text


def numbers(page: Page, cells: Sequence[str], width: int) -> Text:
    """Write numbers side by side, each in its style."""
    text = Text((" " * GAP).join(cell.rjust(width) for cell in cells), overflow="fold")
    styles = [page.style(_STYLES.get(cell, "")) for cell in cells]
    end = 0
    for style, run in groupby(styles):  # blanks before a number may have its style
        start, end = end, end + len(list(run)) * (width + GAP)
        text.stylize(style, start, end)
    return text
