"""The words of the ledger's cells, for every view of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lstm_state_probe.report.words.layout import element, ranges
from lstm_state_probe.report.words.ledger import Row
from lstm_state_probe.report.words.numbers import digits

FIGURES = ("started from", "ended, max|.|", "largest change", "samples that moved")
HEADS = ("", "operation", "layer", "calls", *FIGURES)
_RANGES = 6
"""Runs of samples that are named; of more, the first ones and how many they are."""


def cells(row: Row, *, precision: int, mark: str) -> tuple[str, ...]:
    """Write a row: number, operation, a stretch of it, then what stands below the other heads.

    `mark` is the symbol of an error.
    """
    done = row.done
    label = "" if done.label is None else f' "{done.label}"'
    failed = f" {mark} raised" if done.outcome.failure is not None else ""
    return (
        f"{done.index + 1}.",
        f"{done.operation}{label}{failed}",
        row.stretch,
        row.layer.address,
        str(row.calls),
        _started(row),
        _ended(row, precision),
        _changed(row, precision),
        _moved(row),
    )


def one_line_each(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Leave out an operation that the row above names, and name the stretches of one instead."""
    before = ""
    for number, operation, stretch, *rest in rows:
        same, before = number == before, number
        yield ("" if same else number, stretch if same else operation, *rest)


def _started(row: Row) -> str:
    """Write the origins, once where all states have the same."""
    if not row.calls:
        return "not called: what it held" if row.ended else "not called"
    if len(set(row.started.values())) == 1:
        return next(iter(row.started.values()))
    return "; ".join(f"{name} {words}" for name, words in row.started.items())


def _ended(row: Row, precision: int) -> str:
    words = _sizes(row.ended, precision) or "nothing is held"
    return f"{words}; then held: {_sizes(row.held, precision)}" if row.held else words


def _sizes(sizes: Mapping[str, float], precision: int) -> str:
    return " ".join(f"{n}={digits(v, precision)}" for n, v in sizes.items())


def _changed(row: Row, precision: int) -> str:
    moved = row.moved
    if moved is None:
        return "" if not row.ended else "nothing to compare"
    if moved.change.size == 0:
        return "unchanged"
    call = f", call {moved.call + 1}" if moved.call is not None and row.calls > 1 else ""
    size = digits(moved.change.size, precision)
    return f"{moved.state}: {size} at {element(moved.change.where)}{call}"


def _moved(row: Row) -> str:
    """Name the samples, in words that nobody takes for a count."""
    if row.samples is None:
        return ""
    if not row.samples:
        return "none"
    if len(row.samples) == row.batch:
        return "all" if row.batch > 1 else "the only one"
    runs, many = ranges(row.samples), len(row.samples) > 1
    if len(runs) <= _RANGES:
        return f"{'samples' if many else 'sample'} {', '.join(runs)}"
    first = ", ".join(runs[:_RANGES])
    return f"samples {first}, … ({len(row.samples)} of the {row.batch})"
