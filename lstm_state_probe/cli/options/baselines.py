"""The options of baselines: compare with what is stored, review what changed, write it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lstm_state_probe.cli.options.common import Amount
from lstm_state_probe.errors import UsageError
from lstm_state_probe.safe import say

if TYPE_CHECKING:
    from lstm_state_probe.baseline.keeper import Baselines
    from lstm_state_probe.report.data import SuiteReport
    from lstm_state_probe.suite.run import Selection

Function = TypeVar("Function", bound=Callable[..., Any])
_OPTIONS = (
    click.option(
        "--baseline",
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="Compare every recorded state with the one that DIR stores.",
    ),
    click.option(
        "--update-baseline",
        is_flag=True,
        help="Show what is new, differs or is obsolete, and store it; on a terminal, ask first.",
    ),
    click.option("-y", "--yes", is_flag=True, help="With --update-baseline: do not ask."),
    click.option(
        "--force-update-baseline",
        is_flag=True,
        help="Let --update-baseline write under CI too.",
    ),
    click.option(
        "--baseline-atol",
        metavar="NUMBER",
        type=Amount(0),
        help="How far a value may be off its baseline.  [default: 1e-5, more for float16]",
    ),
    click.option(
        "--baseline-rtol",
        metavar="NUMBER",
        type=Amount(0),
        help="The same, as a part of the baseline's value.  [default: 1e-5, more for float16]",
    ),
)


def baseline_options(function: Function) -> Function:
    """Add the options; a command takes them as keywords, for `exclude_baseline` and `baselines`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def exclude_baseline(choices: dict[str, Any]) -> None:
    """Refuse what would do nothing, what must not be written, and a folder that is not there.

    Raises:
        UsageError: of Click, or ours.
    """
    folder, update = choices["baseline"], choices["update_baseline"]
    if update and folder is None:
        raise click.UsageError("--update-baseline goes with --baseline DIR")
    if update and _under_ci() and not choices["force_update_baseline"]:
        raise UsageError(
            "--update-baseline writes nothing under CI (the variable CI is set): review the change"
            " on a machine of yours, or add --force-update-baseline"
        )
    if folder is not None and not update and not Path(folder).is_dir():
        raise UsageError(f"--baseline: no folder {folder!r}; --update-baseline makes it")


def _under_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def asks(choices: dict[str, Any]) -> bool:
    """Tell whether each change is asked about: where somebody is there to answer."""
    terminal = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
    return bool(choices["update_baseline"]) and not choices["yes"] and terminal


def baselines(choices: dict[str, Any]) -> Baselines | None:
    """Open the baselines that are asked for."""
    if choices["baseline"] is None:
        return None
    if choices["cache"] is not None:
        say("cache: not used, because --baseline compares the states of a run", err=True)
    from lstm_state_probe.baseline.compare import Tolerance
    from lstm_state_probe.baseline.keeper import Baselines
    from lstm_state_probe.host.environment import installed

    tolerance = Tolerance(choices["baseline_atol"], choices["baseline_rtol"])
    accept = Review(ask=asks(choices)) if choices["update_baseline"] else None
    return Baselines(Path(choices["baseline"]), installed(), tolerance, accept)


class Review:
    """Shows a change on stderr, and asks whether it is accepted: once, for all, or no more."""

    def __init__(self, *, ask: bool) -> None:
        self.answer = "" if ask else "a"

    def __call__(self, lines: Sequence[str]) -> bool:
        """Show the lines; return whether what they show is accepted.

        Raises:
            KeyboardInterrupt: by Ctrl-C.
        """
        for line in lines:
            say(line, err=True)
        if self.answer not in ("a", "q"):
            self.answer = self._asked()
        return self.answer in ("a", "y")

    def _asked(self) -> str:
        words = "accept it? [y]es, [n]o, [a]ll that follow, [q]uit asking"
        try:
            found: str = click.prompt(
                words, type=click.Choice(["y", "n", "a", "q"]), show_choices=False, err=True
            )
        except click.Abort as error:
            raise KeyboardInterrupt from error
        return found


def tell_obsolete(
    kept: Baselines, selection: Selection, suite: SuiteReport, paths: Sequence[str]
) -> None:
    """Tell of baselines without a scenario, where every scenario of the paths was run."""
    if len(suite.scenarios) != selection.found or selection.complaints:
        return
    from lstm_state_probe.suite.run import shown_path

    roots = [shown_path(Path(path)) for path in paths]

    def covered(file: str) -> bool:
        return any(root == "." or file == root or file.startswith(f"{root}/") for root in roots)

    for path in kept.obsolete({scenario.id for scenario in suite.scenarios}, covered):
        words = "obsolete, no such scenario; --update-baseline removes it"
        say(f"baseline: {path.name}: {words}", err=True)
