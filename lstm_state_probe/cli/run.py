"""`probe run`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from lstm_state_probe.cli.common import ENGINES, color_option, make_console, paths_argument
from lstm_state_probe.errors import UsageError


@click.command()
@paths_argument
@click.option(
    "--shipped", metavar="NAME", multiple=True, help="A scenario that ships; 'all' for all."
)
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="Run on this engine, whatever the scenario says; twice for both.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What stdout shows.",
)
@click.option(
    "--report",
    "reports",
    metavar="PATH",
    multiple=True,
    help="Write a report too; the suffix picks the writer (.json). May be repeated.",
)
@click.option("--units", type=click.IntRange(1), help="How many units (columns) to show.")
@click.option("--samples", type=click.IntRange(1), help="How many samples (rows) to show.")
@click.option(
    "--precision",
    type=click.IntRange(1, 17),
    default=4,
    show_default=True,
    help="Significant digits in the tables.",
)
@click.option("--full", is_flag=True, help="Show every unit and every sample.")
@click.option("-v", "--verbose", is_flag=True, help="A table a call, and what each verdict saw.")
@click.option("-q", "--quiet", is_flag=True, help="Failures and the closing summary alone.")
@color_option
def run(
    paths: tuple[str, ...],
    shipped: tuple[str, ...],
    engines: tuple[str, ...],
    format_: str,
    reports: tuple[str, ...],
    units: int | None,
    samples: int | None,
    precision: int,
    full: bool,
    verbose: bool,
    quiet: bool,
    color: str,
) -> int:
    """Run scenarios: show the states of each operation, judge the expectations.

    PATH is a scenario file, or a folder that is searched for *.yaml and *.yml.
    """
    if verbose and quiet:
        raise click.UsageError("-v and -q exclude each other")
    from lstm_state_probe.process import lean_imports, tensorflow_loading
    from lstm_state_probe.report.choose import shown, writer
    from lstm_state_probe.shipped import shipped_paths
    from lstm_state_probe.suite import load_engines, run_suite, select

    writers = [writer(path) for path in reports]
    with lean_imports():
        with tensorflow_loading():
            selection = select([*paths, *shipped_paths(shipped)], engines)
        for complaint in selection.complaints:
            click.echo(str(complaint), err=True)
        if not selection.scenarios:
            return nothing_selected(selection.complaints)
        loaded = load_engines(selection.scenarios)
        from lstm_state_probe.report.base import ShowOptions

        verbosity = 1 if verbose else -1 if quiet else 0
        options = ShowOptions(units, samples, precision, full, verbosity)
        view = shown(format_, make_console(color), options)
    suite = run_suite(
        selection.scenarios, loaded, complaints=selection.complaints, on_end=view.scenario
    )
    view.end(suite)
    for path, write in zip(reports, writers, strict=True):
        write(suite, Path(path))
    return suite.exit_code


def nothing_selected(complaints: Sequence[object]) -> int:
    """Return 2 where the files were wrong.

    Raises:
        UsageError: where no file was named.
    """
    if complaints:
        return 2
    raise UsageError("nothing was selected: give a scenario file, a folder, or --shipped NAME")
