"""Options of how many scenarios are carried out at once, where, and which are left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lstm_state_probe.cli.options.common import Amount
from lstm_state_probe.cli.options.progress import KINDS
from lstm_state_probe.safe import say

if TYPE_CHECKING:
    from lstm_state_probe.executors.base import Terms
    from lstm_state_probe.runner import Wishes
    from lstm_state_probe.scenario.read import ScenarioFile
    from lstm_state_probe.suite.cache import Cache

Function = TypeVar("Function", bound=Callable[..., Any])
NAMES = ("jobs", "timeout", "cluster", "send", "cache", "progress")


def read_jobs(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """Read a number of processes, or 'auto' for as many as there are cores for this process."""
    if value == "auto":
        return available_cores()
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= 4096):
        raise click.BadParameter(
            f"{value!r} is not a number of processes; allowed: 1, 2, …, or auto"
        )
    return int(value)


def available_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_OPTIONS = (
    click.option(
        "-j",
        "--jobs",
        metavar="N|auto",
        default="1",
        callback=read_jobs,
        help="Run in N processes beside this one, or in as many as there are cores.  [default: 1,"
        " this process]",
    ),
    click.option(
        "--timeout",
        metavar="SECONDS",
        type=Amount(0, min_open=True),
        help="End a scenario that takes longer, as an error; each runs in a process beside this one"
        " then.",
    ),
    click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Hand the scenarios, with their files, to the Dask scheduler at ADDRESS.",
    ),
    click.option(
        "--send",
        metavar="PATH",
        multiple=True,
        type=click.Path(exists=True),
        help="A further file or folder that the scenarios' code needs on the cluster, or that the"
        " cache shall watch. May be repeated.",
    ),
    click.option(
        "--cache",
        metavar="DIR",
        help="Do not run what passed before and has not changed since; DIR remembers it.",
    ),
    click.option(
        "--progress",
        type=click.Choice(KINDS),
        default="auto",
        show_default=True,
        help="On stderr: a bar on a terminal and lines in CI, lines, or nothing.",
    ),
)


def shared_options(function: Function) -> Function:
    """Add the options; a command takes them as keywords, by `NAMES`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def exclude_shared(choices: dict[str, Any]) -> None:
    """Refuse options that contradict each other.

    Raises:
        UsageError: of Click.
    """
    if choices["cluster"] is not None and choices["jobs"] > 1:
        raise click.UsageError("--cluster and --jobs exclude each other")
    if choices["send"] and choices["cluster"] is None and choices["cache"] is None:
        raise click.UsageError("--send goes with --cluster or --cache")


def runs_here(choices: dict[str, Any]) -> bool:
    """Tell whether the scenarios run in this process, as far as the options say."""
    return choices["jobs"] == 1 and choices["timeout"] is None and choices["cluster"] is None


def terms_of(choices: dict[str, Any], scenarios: Sequence[ScenarioFile], wishes: Wishes) -> Terms:
    """Make of the options what a workplace reads; no more processes than scenarios.

    Where nothing is left to run, no process is started and no scheduler is asked.
    """
    from lstm_state_probe.executors.base import Terms

    if not scenarios:
        return Terms(wishes)

    return Terms(
        wishes,
        tuple(dict.fromkeys(scenario.engine for scenario in scenarios)),
        jobs=max(1, min(choices["jobs"], len(scenarios))),
        timeout=choices["timeout"],
        cluster=choices["cluster"],
        sent=tuple(map(Path, choices["send"])),
    )


def cache_of(choices: dict[str, Any], wishes: Wishes) -> Cache | None:
    """Open the cache that is asked for; its complaints go to stderr."""
    if choices["cache"] is None:
        return None
    from lstm_state_probe.suite.cache import Cache

    def warn(text: str) -> None:
        say(text, err=True)

    return Cache.at(Path(choices["cache"]), wishes, warn, sent=tuple(map(Path, choices["send"])))


def told_of_cached(reports: Iterable[str], cached: int) -> str | None:
    """Say what a report of arrays lacks."""
    if cached and any(path.endswith(".npz") for path in reports):
        return f"cache: {cached} of the scenarios were not run; the .npz report lacks their states"
    return None
