"""`probe validate`."""

from __future__ import annotations

import sys
from typing import Any

import click

from lstm_state_probe.cli.common import ENGINES, default_format
from lstm_state_probe.cli.selecting import Wanted, nothing_selected, selecting_options, tell
from lstm_state_probe.safe import command, say


@click.command()
@selecting_options
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="Check against this engine, whatever the scenario says; twice for both.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "github"]),
    help="Complaints as text, or as annotations too. [default: text; github under GITHUB_ACTIONS]",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing is wrong.")
def validate(engines: tuple[str, ...], format_: str | None, quiet: bool, **choices: Any) -> int:
    """Read scenarios as strictly as `run` does, without TensorFlow.

    Complaints go to stdout, as those of a linter do.
    """
    selection = Wanted.of(choices).select(engines=engines)
    tell(selection, complaints_to_stderr=False)
    if (format_ or default_format()) == "github":
        from lstm_state_probe.report.github import complained

        for complaint in selection.complaints:
            command(complained(complaint), sys.stdout)
    if not selection.scenarios and not selection.complaints:
        nothing_selected(selection)
    wrong = len({complaint.file for complaint in selection.complaints})
    if wrong:
        found = len(selection.complaints)
        say(f"{_count(found, 'complaint')} in {wrong} of {_count(selection.files, 'file')}")
        return selection.exit_code
    if not quiet:
        valid = _count(len(selection.scenarios), "scenario")
        say(f"{valid} in {_count(selection.files, 'file')}: valid")
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
