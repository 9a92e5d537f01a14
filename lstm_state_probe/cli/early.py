"""Before the first scenario of a run: what it reads, and what Ctrl-C leaves there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_state_probe.cli.options.common import tell_error
from lstm_state_probe.cli.options.selecting import inputs_of, last_run_file
from lstm_state_probe.errors import Complaint, caught

if TYPE_CHECKING:
    from lstm_state_probe.baseline.keeper import Baselines
    from lstm_state_probe.report.base import Shown
    from lstm_state_probe.scenario.read import ScenarioFile
    from lstm_state_probe.suite.run import Selection


def go_on(pressed: Callable[[], bool]) -> None:
    """Go on unless Ctrl-C was pressed and a module that was being imported swallowed it."""
    if pressed():
        raise KeyboardInterrupt


def read_by(
    selection: Selection, choices: dict[str, Any], stored: Baselines | None
) -> Iterator[str | Path]:
    """Yield the files that a run reads."""
    yield from inputs_of(selection, choices["send"])
    yield last_run_file()
    if stored:
        yield from stored.files()


def interrupted_early(
    selection: Selection | None, view: Shown | None, reports: Sequence[str]
) -> int:
    """Report what was not run, where Ctrl-C came before the first scenario was begun.

    As long as it is not known what is read, nothing is written over.
    """
    from lstm_state_probe.report.write import write_all, writers
    from lstm_state_probe.suite.run import never_begun

    found: tuple[tuple[ScenarioFile, ...], tuple[Complaint, ...]] = ((), ())
    if selection is not None:  # what came of a half-read module is nobody's fault
        complaints = tuple(one for one in selection.complaints if not one.fault)
        found = selection.scenarios, complaints
    suite = never_begun(*found)
    if view is not None:
        view.end(suite)
    free = [path for path in reports if selection or not Path(path).exists()]
    return max(suite.exit_code, tell_error(caught(lambda: write_all(suite, writers(free)))))
