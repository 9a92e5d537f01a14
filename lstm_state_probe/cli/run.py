"""`probe run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lstm_state_probe.cli.common import ENGINES, color_option, make_console, paths_argument
from lstm_state_probe.cli.progress import progress
from lstm_state_probe.cli.shared import (
    cache_of,
    exclude_shared,
    runs_here,
    shared_options,
    terms_of,
    told_of_cached,
)
from lstm_state_probe.cli.shown import exclude, show_options, shown_options, wishes
from lstm_state_probe.errors import UsageError

if TYPE_CHECKING:
    from lstm_state_probe.report.base import Shown
    from lstm_state_probe.report.choose import Write
    from lstm_state_probe.report.data import SuiteReport


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
@shared_options
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
    exclude_shared(choices)
    from lstm_state_probe.process import interruptible, lean_imports, tensorflow_loading
    from lstm_state_probe.report.choose import shown, writer
    from lstm_state_probe.shipped import shipped_paths

    writers = [writer(path) for path in reports]
    named = [*paths, *shipped_paths(shipped)]
    with ExitStack() as stack:
        pressed = stack.enter_context(interruptible())
        with lean_imports():
            # while our own modules are imported and the files are read
            with tensorflow_loading() if runs_here(choices) else nullcontext():
                from lstm_state_probe.executors import workplace
                from lstm_state_probe.suite import prepare, run_suite, select

                selection = select(named, engines)
                options = show_options(choices)
                view = shown(format_, make_console(color), options)
                prepare()
            for complaint in selection.complaints:
                click.echo(str(complaint), err=True)
            if not selection.scenarios:
                return nothing_selected(selection.complaints)
            asked = replace(
                wishes(options, (scenario.spec.record for scenario in selection.scenarios)),
                verify=verify,
                kernel=kernel,
                allow_code=allow_code,
            )
            cache = cache_of(choices, asked)
            known = cache.known(selection.scenarios) if cache else {}
            fresh = [s for index, s in enumerate(selection.scenarios) if index not in known]
            place = stack.enter_context(workplace(terms_of(choices, fresh, asked)))
        beside = stack.enter_context(progress(choices["progress"], len(selection.scenarios), color))
        suite = run_suite(
            selection.scenarios,
            place,
            complaints=selection.complaints,
            known=known,
            keep=cache.keep if cache else None,
            on_end=beside(view.scenario),
            interrupted=pressed,
        )
    return finish(suite, view, dict(zip(reports, writers, strict=True)))


def finish(suite: SuiteReport, view: Shown, reports: Mapping[str, Write]) -> int:
    """Show what is said at the end, write the reports, and return the exit code.

    Raises:
        UsageError: for the reports that cannot be written, when the others are.
    """
    view.end(suite)
    if (told := told_of_cached(reports, suite.cached)) is not None:
        click.echo(told, err=True)
    unwritten = []
    for path, write in reports.items():
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
