"""The ledger on a page: one row an operation and layer; lines of text where the page is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.terminal.layer import lined_table
from lstm_state_probe.report.terminal.page import Page, Part
from lstm_state_probe.report.words.layout import GAP, share_out
from lstm_state_probe.report.words.ledger import ledger
from lstm_state_probe.report.words.ledger_words import FIGURES, HEADS, cells, one_line_each

_WORD = 16
"""How long a word may be before a column folds it."""


def show_ledger(page: Page, report: ScenarioReport) -> None:
    """Write the ledger of a scenario: a table, or lines of text where the page is too narrow."""
    precision, mark = page.options.precision, page.symbols["error"]
    rows = [cells(row, precision=precision, mark=mark) for row in ledger(report)]
    if not rows:
        page.say(("nothing was done, or there is no recurrent layer", "faint"))
        return
    lines = [HEADS, *([page.visible(cell) for cell in line] for line in one_line_each(rows))]
    columns = [list(column) for column in zip(*lines, strict=True)]
    widths = share_out(
        [max(map(len, column)) for column in columns],
        [min(_WORD, max(map(_longest, column))) for column in columns],
        page.width - GAP * (len(HEADS) - 1),
    )
    if widths is None:
        _listed(page, rows)
    else:
        page.table(_table(page, lines[1:], widths))


def _longest(cell: str) -> int:
    return max(map(len, cell.split()), default=0)


def _table(page: Page, lines: Iterable[Sequence[str]], widths: Sequence[int]) -> Table:
    table = lined_table(page)
    for head, width in zip(HEADS, widths, strict=True):
        table.add_column(head, width=width, overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    return table


def _listed(page: Page, rows: Iterable[Sequence[str]]) -> None:
    before = ""
    for number, operation, stretch, layer, calls, *rest in rows:
        if number != before:
            page.say((f"{number} {operation}", "heading"), hang=2)
            before = number
        words = f"  {stretch}, calls {calls}" if stretch else f"  calls {calls}"
        page.say((layer, "label"), (words, "faint"), indent=2, hang=2)
        for head, cell in zip(FIGURES, rest, strict=True):
            if cell:
                parts: list[Part] = [(f"{head}: ", "faint"), cell]
                page.say(*parts, indent=4, hang=2)
