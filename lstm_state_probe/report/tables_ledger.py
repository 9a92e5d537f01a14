"""The ledger on a page: one row an operation and layer; lines of text where the page is narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.layout import GAP, element, ranges, share_out
from lstm_state_probe.report.ledger import Row, ledger
from lstm_state_probe.report.tables_layer import box_of
from lstm_state_probe.report.tables_numbers import digits
from lstm_state_probe.report.tables_page import Page, Part

_FIGURES = ("started from", "ended, max|.|", "largest change", "moved")
_HEADS = ("", "operation", "layer", "calls", *_FIGURES)
_WORD = 16
"""How long a word may be before a column folds it."""
_RANGES = 6
"""Runs of samples that are named; of more, the first ones and how many they are."""


def show_ledger(page: Page, report: ScenarioReport) -> None:
    """Write the ledger of a scenario: a table, or lines of text where the page is too narrow."""
    rows = [_cells(page, row) for row in ledger(report)]
    if not rows:
        page.say(("nothing was done, or there is no recurrent layer", "faint"))
        return
    lines = [_HEADS, *([page.visible(cell) for cell in line] for line in _lines(rows))]
    columns = [list(column) for column in zip(*lines, strict=True)]
    widths = share_out(
        [max(map(len, column)) for column in columns],
        [min(_WORD, max(map(_longest, column))) for column in columns],
        page.width - GAP * (len(_HEADS) - 1),
    )
    if widths is None:
        _listed(page, rows)
    else:
        page.table(_table(page, lines[1:], widths))


def _longest(cell: str) -> int:
    return max(map(len, cell.split()), default=0)


def _table(page: Page, lines: Iterable[Sequence[str]], widths: Sequence[int]) -> Table:
    table = Table(
        box=box_of(page),
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        collapse_padding=True,
        header_style=page.style("heading"),
    )
    for head, width in zip(_HEADS, widths, strict=True):
        table.add_column(head, width=width, overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))
    return table


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Leave out an operation that the row above names, and name the stretches of one instead."""
    before = ""
    for number, operation, stretch, *rest in rows:
        same, before = number == before, number
        yield ("" if same else number, stretch if same else operation, *rest)


def _listed(page: Page, rows: Iterable[Sequence[str]]) -> None:
    before = ""
    for number, operation, stretch, layer, calls, *rest in rows:
        if number != before:
            page.say((f"{number} {operation}", "heading"), hang=2)
            before = number
        words = f"  {stretch}, calls {calls}" if stretch else f"  calls {calls}"
        page.say((layer, "label"), (words, "faint"), indent=2, hang=2)
        for head, cell in zip(_FIGURES, rest, strict=True):
            if cell:
                parts: list[Part] = [(f"{head}: ", "faint"), cell]
                page.say(*parts, indent=4, hang=2)


def _cells(page: Page, row: Row) -> tuple[str, ...]:
    """Write a row: number, operation, a stretch of it, then what stands below the other heads."""
    done = row.done
    label = "" if done.label is None else f' "{done.label}"'
    failed = f" {page.symbols['error']} raised" if done.outcome.failure is not None else ""
    return (
        f"{done.index + 1}.",
        f"{done.operation}{label}{failed}",
        row.stretch,
        row.layer.address,
        str(row.calls),
        _started(row),
        _ended(row, page),
        _changed(row, page),
        _moved(row),
    )


def _started(row: Row) -> str:
    """Write the origins, once where all states have the same."""
    if not row.calls:
        return "not called: what it held" if row.ended else "not called"
    if len(set(row.started.values())) == 1:
        return next(iter(row.started.values()))
    return "; ".join(f"{name} {words}" for name, words in row.started.items())


def _ended(row: Row, page: Page) -> str:
    words = _sizes(row.ended, page) or "nothing is held"
    return f"{words}; then held: {_sizes(row.held, page)}" if row.held else words


def _sizes(sizes: Mapping[str, float], page: Page) -> str:
    return " ".join(f"{n}={digits(v, page.options.precision)}" for n, v in sizes.items())


def _changed(row: Row, page: Page) -> str:
    moved = row.moved
    if moved is None:
        return "" if not row.ended else "nothing to compare"
    if moved.change.size == 0:
        return "unchanged"
    call = f", call {moved.call + 1}" if moved.call is not None and row.calls > 1 else ""
    size = digits(moved.change.size, page.options.precision)
    return f"{moved.state}: {size} at {element(moved.change.where)}{call}"


def _moved(row: Row) -> str:
    if row.samples is None:
        return ""
    if not row.samples:
        return "none"
    if len(row.samples) == row.batch:
        return "all"
    runs = ranges(row.samples)
    if len(runs) <= _RANGES:
        return ", ".join(runs)
    return f"{len(row.samples)} of {row.batch}, first {', '.join(runs[:_RANGES])}"
