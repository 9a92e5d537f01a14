"""GitHub: the tables, then an annotation for each thing that went wrong, at its line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_state_probe.errors import Complaint
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import NO_EXPECTATIONS, ScenarioReport, SuiteReport
from lstm_state_probe.report.terminal.tables import Tables
from lstm_state_probe.report.told import told, what
from lstm_state_probe.safe import command, one_line, printable

if TYPE_CHECKING:
    from rich.console import Console


class Github:
    """stdout as GitHub Actions reads it: the runner takes the annotations out of the log."""

    def __init__(self, console: Console, options: ShowOptions) -> None:
        self.tables, self.console = Tables(console, options), console

    def scenario(self, report: ScenarioReport) -> None:
        """Show one scenario as the tables do."""
        self.tables.scenario(report)

    def end(self, report: SuiteReport) -> None:
        """Close the tables, then annotate; GitHub shows ten of a kind for each step of a job."""
        self.tables.end(report)
        for line in commands(report):
            command(line, self.console.file)


def commands(report: SuiteReport) -> Iterator[str]:
    """Yield the annotations: an error for what went wrong, a notice where nothing was expected."""
    for scenario in report.scenarios:
        for wrong in told(scenario):
            first = wrong.complaints[0]
            message = "\n".join(complaint.message for complaint in wrong.complaints)
            yield annotation("error", first, f"{what(scenario)}: {wrong.title}", message)
        if scenario.status == NO_EXPECTATIONS:
            place = Complaint(scenario.file, 1, 1, "nothing was expected: nothing was judged")
            yield annotation("notice", place, what(scenario), place.message)
    for complaint in report.complaints:
        yield complained(complaint)


def complained(complaint: Complaint) -> str:
    """Annotate what is wrong in a file that was read."""
    return annotation("error", complaint, "the scenario is wrong", complaint.message)


def annotation(kind: str, at: Complaint, title: str, message: str) -> str:
    """Write one workflow command; `kind` is error, warning or notice."""
    # the runner takes them in any order; `::error file=` at the start of a line is what names from
    # outside are searched for, so that our own commands begin otherwise
    places = {"title": title, "file": _file(at.file), "line": str(at.line), "col": str(at.column)}
    written = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::{kind} {written}::{_data(message)}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(one_line(text)).replace(":", "%3A").replace(",", "%2C")


def _file(file: str) -> str:
    """Name a file from the root of the checkout, which is not always the current folder."""
    top = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    path = Path(os.path.abspath(file))  # noqa: PTH100 - without .., symbolic links as they are
    return (path.relative_to(top) if path.is_relative_to(top) else Path(file)).as_posix()
