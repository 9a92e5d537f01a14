"""`probe report`: what is done with reports that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lstm_state_probe.cli.options.common import (
    color_option,
    default_format,
    format_option,
    make_console,
    reports_option,
    tell_error,
    unseen,
)
from lstm_state_probe.cli.options.shown import exclude, show_options, shown_options
from lstm_state_probe.safe import say
from lstm_state_probe.whole import not_inputs

files_argument = click.argument("files", metavar="REPORT...", nargs=-1, required=True)


@click.group()
def report() -> None:
    """Merge JSON reports, show them, write them in other forms."""


@report.command()
@files_argument
@reports_option("-o", "--output", required=True)
@click.option(
    "--allow-duplicates", is_flag=True, help="Keep both where a scenario ran twice on one engine."
)
def merge(files: tuple[str, ...], reports: tuple[str, ...], allow_duplicates: bool) -> int:
    """Put JSON reports, such as those of the shards of a run, together into one.

    What their environments do not have in common is told on stderr. One REPORT is converted.
    """
    from lstm_state_probe.report.json.read import read_report
    from lstm_state_probe.report.merge import merge as together
    from lstm_state_probe.report.write import write_all, writers

    chosen = writers(reports)
    not_inputs(reports, files)
    read = [(file, read_report(Path(file))) for file in files]
    merged = together(read, allow_duplicates=allow_duplicates)
    for difference in merged.differences:
        say(f"the reports differ in {difference}", err=True)
    write_all(merged.report, chosen)
    return 0


@report.command("show")
@click.argument("file", metavar="REPORT")
@format_option
@shown_options
@color_option
def show_(file: str, format_: str | None, color: str, **choices: Any) -> int:
    """Show a JSON report as `probe run` showed it; the exit code is that of the run."""
    exclude(choices)
    from lstm_state_probe.report.choose import shown
    from lstm_state_probe.report.json.read import read_report
    from lstm_state_probe.report.sound import show, soundly

    chosen, options = format_ or default_format(), show_options(choices)
    view = shown(chosen, make_console(color), options)
    suite = read_report(Path(file))
    told = replace(suite, scenarios=tuple(show(found, view.scenario) for found in suite.scenarios))
    closed = soundly(told, view.end, shown(chosen, unseen(), options).end)
    return max(told.exit_code, tell_error(closed))
