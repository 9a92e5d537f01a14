"""`probe validate`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lstm_state_probe.cli.options.common import ENGINES, default_format
from lstm_state_probe.cli.options.selecting import Wanted, nothing_selected, selecting_options, tell
from lstm_state_probe.safe import command, say

if TYPE_CHECKING:
    from lstm_state_probe.suite.run import Selection


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
@click.option(
    "--allow-code",
    is_flag=True,
    help="Let a scenario name what acts outside the model, as it may with run --allow-code.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing is wrong.")
def validate(
    engines: tuple[str, ...],
    format_: str | None,
    allow_code: bool,
    quiet: bool,
    **choices: Any,
) -> int:
    """Read scenarios as strictly as `run` does, without TensorFlow.

    Complaints go to stdout, as those of a linter do.
    """
    selection = Wanted.of(choices).select(engines=engines)
    if not allow_code:
        selection = _with_consent_asked(selection)
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


def _with_consent_asked(selection: Selection) -> Selection:
    """Add a complaint for each place that needs --allow-code; Python files are asked for by run."""
    from lstm_state_probe.scenario.consent import asked

    found = [
        scenario.document.complaint(path, told, at_key=True)
        for scenario in selection.scenarios
        if scenario.spec.runs_code is None
        for path, told in asked(scenario)
    ]
    return replace(selection, complaints=(*selection.complaints, *dict.fromkeys(found)))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
