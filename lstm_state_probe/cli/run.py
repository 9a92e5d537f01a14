"""`probe run`."""

from __future__ import annotations

import os
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lstm_state_probe.cli.early import go_on, interrupted_early, read_by
from lstm_state_probe.cli.options.baselines import (
    asks,
    baseline_options,
    baselines,
    exclude_baseline,
    tell_obsolete,
)
from lstm_state_probe.cli.options.common import (
    ENGINES,
    color_option,
    default_format,
    format_option,
    make_console,
    reports_option,
    tell_error,
    unseen,
)
from lstm_state_probe.cli.options.progress import progress
from lstm_state_probe.cli.options.selecting import (
    Wanted,
    nothing_selected,
    selecting_options,
    tell,
)
from lstm_state_probe.cli.options.shared import (
    cache_of,
    exclude_shared,
    runs_here,
    shared_options,
    terms_of,
    told_of_cached,
)
from lstm_state_probe.cli.options.shown import (
    exclude,
    read_budget,
    show_options,
    shown_options,
    wishes,
)
from lstm_state_probe.errors import caught
from lstm_state_probe.safe import one_line, say
from lstm_state_probe.whole import not_inputs

if TYPE_CHECKING:
    from lstm_state_probe.report.base import Shown
    from lstm_state_probe.report.data import SuiteReport
    from lstm_state_probe.suite.last_run import LastRun
    from lstm_state_probe.suite.run import Selection


@click.command()
@selecting_options
@click.option("--fail-fast", is_flag=True, help="Stop after the first scenario that fails.")
@click.option(
    "--max-fail", metavar="N", type=click.IntRange(1), help="Stop after N scenarios that failed."
)
@click.option("--list", "list_", is_flag=True, help="Print the ids of what would run, and end.")
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
@format_option
@reports_option("--report")
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
@click.option(
    "--budget",
    callback=read_budget,
    metavar="BYTES",
    help="Memory for timesteps, such as 64MiB; further ones go to disk. Default: 256MiB.",
)
@baseline_options
@shared_options
@shown_options
@color_option
def run(
    shipped: tuple[str, ...],
    engines: tuple[str, ...],
    format_: str | None,
    reports: tuple[str, ...],
    fail_fast: bool,
    max_fail: int | None,
    list_: bool,
    verify: bool,
    kernel: str,
    allow_code: bool,
    budget: int | None,
    color: str,
    **choices: Any,
) -> int:
    """Run scenarios: show the states of each operation, judge the expectations.

    PATH is a scenario file, or a folder that is searched for *.yaml and *.yml.
    """
    from lstm_state_probe.host.process import interruptible, lean_imports, tensorflow_loading
    from lstm_state_probe.shipped import shipped_paths

    wanted = Wanted.of(choices, shipped=bool(shipped))
    exclude(choices)
    exclude_shared(choices)
    exclude_baseline(choices)
    format_ = format_ or default_format()
    named = shipped_paths(shipped)
    if list_:
        return list_ids(wanted.select(named, engines=engines))
    last = wanted.last_run()
    selection: Selection | None = None
    view: Shown | None = None
    with ExitStack() as stack:
        pressed = stack.enter_context(interruptible())
        try:
            with lean_imports():
                # while our own modules are imported and the files are read
                with tensorflow_loading() if runs_here(choices) else nullcontext():
                    from lstm_state_probe.executors import workplace
                    from lstm_state_probe.report.choose import shown
                    from lstm_state_probe.report.sound import soundly
                    from lstm_state_probe.report.write import write_all, writers
                    from lstm_state_probe.suite.run import prepare, run_suite

                    chosen = writers(reports, summary=os.environ.get("GITHUB_STEP_SUMMARY"))
                    selection = wanted.select(named, engines=engines, last=last)
                    options = show_options(choices)
                    view = shown(format_, make_console(color), options)
                    prepare()
                go_on(pressed)
                tell(selection)
                told = chosen or format_ == "github"
                if not selection.scenarios and not (selection.complaints and told):
                    return nothing_selected(selection)
                asked = replace(
                    wishes(options, (scenario.spec.record for scenario in selection.scenarios)),
                    verify=verify,
                    kernel=kernel,
                    allow_code=allow_code,
                    budget=budget,
                )
                stored = baselines(choices)
                summary = [path for path in chosen if path not in reports]
                not_inputs([*reports, *summary], read_by(selection, choices, stored))
                cache = None if stored else cache_of(choices, asked)
                known = cache.known(selection.scenarios) if cache else {}
                fresh = [s for index, s in enumerate(selection.scenarios) if index not in known]
                place = stack.enter_context(workplace(terms_of(choices, fresh, asked)))
                go_on(pressed)
        except BaseException:
            if not pressed():
                raise
            return interrupted_early(selection, view, reports)
        told_how_far = "none" if asks(choices) else choices["progress"]
        beside = stack.enter_context(progress(told_how_far, len(selection.scenarios), color))
        suite = run_suite(
            selection.scenarios,
            place,
            complaints=selection.complaints,
            known=known,
            keep=cache.keep if cache else None,
            judge=stored.judge if stored else None,
            on_end=beside(view.scenario),
            interrupted=pressed,
            max_fail=1 if fail_fast else max_fail,
        )
    closed = soundly(suite, view.end, shown(format_, unseen(), options).end)
    if (lacking := told_of_cached(reports, suite.cached)) is not None:
        say(lacking, err=True)
    remember(selection, suite, last, timed=wanted.shard is None)
    unwritten = caught(lambda: write_all(suite, chosen))
    if stored:
        tell_obsolete(stored, selection, suite, (*wanted.paths, *named))
    return max(suite.exit_code, tell_error(closed), tell_error(unwritten))


def list_ids(selection: Selection) -> int:
    """Print the ids of a selection, each once, however many engines it would run on."""
    tell(selection)
    if not selection.scenarios:
        return nothing_selected(selection)
    for name in dict.fromkeys(scenario.id for scenario in selection.scenarios):
        say(one_line(name))
    return selection.exit_code


def remember(selection: Selection, suite: SuiteReport, last: LastRun, *, timed: bool) -> None:
    """Note how the scenarios ended; a run is none the worse where that cannot be written."""
    from lstm_state_probe.suite.run import note_last_run

    try:
        note_last_run(selection.scenarios, suite, last, timed=timed)
    except OSError as error:
        reason = error.strerror or error
        say(f"note: the last run is not remembered for --lf: {reason}", err=True)
