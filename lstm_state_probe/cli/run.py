"""`probe run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lstm_state_probe.cli.common import ENGINES, color_option, make_console, paths_argument
from lstm_state_probe.cli.shown import exclude, show_options, shown_options, wishes
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
    help="Write a report too; the suffix picks the writer (.json, .npz). May be repeated.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Recompute every call from the equations; a call that is off fails.",
)
@click.option(
    "--kernel",
    type=click.Choice(["replay", "generic"]),
    default="replay",
    show_default=True,
    help="Where a GPU has a fused kernel (cuDNN): run it and replay its timesteps from the"
    " equations, or run Keras's generic loop in its place.",
)
@click.option(
    "--allow-code",
    is_flag=True,
    help="Let scenarios run Python code of their own, and load models that hold code.",
)
@shown_options
@color_option
def run(
    paths: tuple[str, ...],
    shipped: tuple[str, ...],
    engines: tuple[str, ...],
    format_: str,
    reports: tuple[str, ...],
    verify: bool,
    kernel: str,
    allow_code: bool,
    color: str,
    **choices: Any,
) -> int:
    """Run scenarios: show the states of each operation, judge the expectations.

    PATH is a scenario file, or a folder that is searched for *.yaml and *.yml.
    """
    exclude(choices)
    from lstm_state_probe.process import lean_imports, tensorflow_loading
    from lstm_state_probe.report.choose import shown, writer
    from lstm_state_probe.shipped import shipped_paths

    writers = [writer(path) for path in reports]
    named = [*paths, *shipped_paths(shipped)]
    with lean_imports():
        with tensorflow_loading():  # while our own modules are imported and the files are read
            from lstm_state_probe.suite import load_engines, prepare, run_suite, select

            selection = select(named, engines)
            options = show_options(choices)
            view = shown(format_, make_console(color), options)
            prepare()
        for complaint in selection.complaints:
            click.echo(str(complaint), err=True)
        if not selection.scenarios:
            return nothing_selected(selection.complaints)
        loaded = load_engines(selection.scenarios)
    suite = run_suite(
        selection.scenarios,
        loaded,
        wishes=replace(
            wishes(options, (scenario.spec.record for scenario in selection.scenarios)),
            verify=verify,
            kernel=kernel,
            allow_code=allow_code,
        ),
        complaints=selection.complaints,
        on_end=view.scenario,
    )
    view.end(suite)
    unwritten = []
    for path, write in zip(reports, writers, strict=True):
        try:
            write(suite, Path(path))
        except OSError as error:  # the others are written all the same
            reason = error.strerror or error
            unwritten.append(f"the report {path!r} cannot be written: {reason}")
    if unwritten:
        raise UsageError("; ".join(unwritten))
    return suite.exit_code


def nothing_selected(complaints: Sequence[object]) -> int:
    """Return 2 where the files were wrong.

    Raises:
        UsageError: where no file was named.
    """
    if complaints:
        return 2
    raise UsageError("nothing was selected: give a scenario file, a folder, or --shipped NAME")
