"""`probe inspect`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lstm_state_probe.cli.options.common import color_option, make_console
from lstm_state_probe.cli.options.saved import inputs_of, saved_model, saved_options
from lstm_state_probe.errors import UsageError
from lstm_state_probe.safe import say_json
from lstm_state_probe.whole import not_inputs, write_whole

if TYPE_CHECKING:
    from lstm_state_probe.inspection.data import Inspection

FAILED = 3


@click.command()
@click.argument("model")
@saved_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON (probe schema --inspection).")
@click.option("--report", metavar="PATH", help="Write the JSON to PATH too (.json).")
@color_option
def inspect(model: str, as_json: bool, report: str | None, color: str, **choices: Any) -> int:
    """Look into a saved MODEL: its recurrent layers, their states, where they start.

    MODEL is a .keras or .h5 file, a SavedModel folder, or a .json architecture with --weights.
    A first and a second call are made, on generated inputs or on --input; nothing is written to
    the model.
    """
    if report is not None:
        _must_be_json(report)
        not_inputs([report], inputs_of(saved_model(model, choices)))
    from lstm_state_probe.host.process import lean_imports

    with redirect_stdout(sys.stderr), lean_imports():  # what code of the user's prints
        from lstm_state_probe.host.environment import environment
        from lstm_state_probe.inspection.report.json import inspection_text
        from lstm_state_probe.inspection.saved import open_model

        opened = open_model(saved_model(model, choices))
    with redirect_stdout(sys.stderr):
        found = opened.inspect()
    text = inspection_text(found, environment=environment([opened.engine]), file=model)
    if as_json:
        say_json(text)
    else:
        _show(found, color)
    if report is not None:
        _write(report, text)
    return FAILED if found.failure else 0


def _show(found: Inspection, color: str) -> None:
    from lstm_state_probe.inspection.report.table import show_inspection
    from lstm_state_probe.report.base import ShowOptions
    from lstm_state_probe.report.terminal.page import Page

    show_inspection(Page(make_console(color), ShowOptions()), found)


def _must_be_json(report: str) -> None:
    if not report.endswith(".json"):
        raise UsageError(f"no report writer for {report!r}; allowed suffixes: .json")
    if not Path(report).parent.is_dir():
        folder = str(Path(report).parent)
        raise UsageError(f"the report {report!r} cannot be written: no folder {folder!r}")


def _write(report: str, text: str) -> None:
    try:
        write_whole(Path(report), text + "\n")
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"the report {report!r} cannot be written: {reason}") from error
