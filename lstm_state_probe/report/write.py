"""Writes a report to every path that was asked for; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report.choose import writer
from lstm_state_probe.report.data import SuiteReport
from lstm_state_probe.report.portable import portable

Write = Callable[[SuiteReport, Path], None]


def writers(paths: Sequence[str], *, summary: str | None = None) -> dict[str, Write]:
    """Find the writer of each path; `summary` is a file of Markdown that is added to.

    Raises:
        UsageError: as `choose.writer` does.
    """
    found = {path: writer(path) for path in paths}
    if summary:
        from lstm_state_probe.report.markdown import append_summary

        found[summary] = append_summary
    return found


def write_all(report: SuiteReport, chosen: Mapping[str, Write]) -> None:
    """Write a report, without the paths of this machine.

    Raises:
        UsageError: at the end, naming each that could not be written.
    """
    unwritten = []
    plain = portable(report) if chosen else report
    for path, write in chosen.items():
        try:
            write(plain, Path(path))
        except OSError as error:  # the others are written all the same
            reason = error.strerror or error
            unwritten.append(f"the report {path!r} cannot be written: {reason}")
    if unwritten:
        raise UsageError("; ".join(unwritten))
