"""A recording as the tables and the files of a report."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from lstm_state_probe.engines import load_engine
from lstm_state_probe.errors import UsageError, listed, nearest
from lstm_state_probe.host.environment import environment
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import (
    NO_EXPECTATIONS,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)
from lstm_state_probe.report.terminal.tables import Tables
from lstm_state_probe.report.write import write_all, writers

if TYPE_CHECKING:
    from lstm_state_probe.api.recorded.recording import Recording

WIDTH = 100
"""Columns of the table in a notebook."""
_PRE = (
    '<pre style="white-space:pre;overflow-x:auto;line-height:normal;'
    "font-family:Menlo,'DejaVu Sans Mono',consolas,'Courier New',monospace\">{code}</pre>"
)


def scenario_report(recording: Recording) -> ScenarioReport:
    """Put a recording into the form of a scenario that expected nothing."""
    done = recording.operations
    failed = any(operation.outcome.failure for operation in done)
    return ScenarioReport(
        id=f"{recording.place.file}:{recording.place.line}",
        name="recording",
        description=None,
        file=recording.place.file,
        engine=recording.engine,
        seed=None,
        status="error" if failed else NO_EXPECTATIONS,
        seconds=sum(operation.outcome.seconds for operation in done),
        layers=recording.layers,
        initialised=recording.before,
        operations=tuple(
            OperationReport(
                k, one.name, None, one.outcome, (), one.place.line, 1, file=one.place.file
            )
            for k, one in enumerate(done)
        ),
        not_done=0,
        error=None,
        exit_code=3 if failed else 0,
    )


def show(recording: Recording, console: Console | None, options: Mapping[str, Any]) -> None:
    """Show the tables.

    Raises:
        UsageError: for an option that there is not.
    """
    known = [field.name for field in fields(ShowOptions)]
    for name in options:
        if name not in known:
            raise UsageError(
                f"show takes no {name!r}; allowed: {listed(known)}{nearest(name, known)}"
            )
    console = console or Console(highlight=False, emoji=False)
    Tables(console, ShowOptions(**options)).scenario(scenario_report(recording))


def html(recording: Recording) -> str:
    """Return the ledger as HTML that needs nothing from elsewhere."""
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_jupyter=False,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        emoji=False,
        _environ={},
    )
    show(recording, console, {"ledger": True})
    return console.export_html(inline_styles=True, code_format=_PRE)


def save(recording: Recording, path: Path) -> None:
    """Write a report, with the same forms and words as the command line.

    Raises:
        UsageError: for a suffix without a writer, or a file that cannot be written.
    """
    chosen = writers([str(path)])
    report = scenario_report(recording)
    made_with = recording.made_with or environment([load_engine(recording.engine)])
    write_all(SuiteReport(made_with, (report,), (), report.seconds), chosen)
