"""Writes a report to every path that was asked for; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from lstm_state_probe.errors import Fault, ProbeError, UsageError
from lstm_state_probe.report.choose import writer
from lstm_state_probe.report.data import SuiteReport
from lstm_state_probe.report.portable import portable
from lstm_state_probe.report.sound import soundly

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
        Fault: the same, where one could not be written, or not whole, by a fault of the probe.
    """
    if not chosen:
        return
    plain: list[SuiteReport] = []
    told: list[ProbeError | None] = [
        soundly(report, lambda found: plain.append(portable(found)), portable)
    ]
    for path, write in chosen.items() if plain else ():
        told.append(_written(plain[-1], Path(path), write))
    wrong = [error for error in told if error is not None]
    faults = [error for error in wrong if isinstance(error, Fault)]
    words = "; ".join(map(str, wrong))
    if faults:
        raise Fault(words, "\n".join(error.traceback for error in faults if error.traceback))
    if wrong:
        raise UsageError(words)


def _written(report: SuiteReport, path: Path, write: Write) -> ProbeError | None:
    """Write one report; return what went wrong."""
    try:
        fault = soundly(report, partial(_to, path, write), partial(_elsewhere, path, write))
    except OSError as error:
        return UsageError(f"the report {str(path)!r} cannot be written: {error.strerror or error}")
    return fault and Fault(f"the report {str(path)!r}: {fault}", fault.traceback)


def _to(path: Path, write: Write, report: SuiteReport) -> None:
    write(report, path)


def _elsewhere(path: Path, write: Write, report: SuiteReport) -> None:
    with TemporaryDirectory(prefix="probe-") as folder:
        write(report, Path(folder) / path.name)
