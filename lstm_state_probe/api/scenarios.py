"""A scenario as a test of somebody's: it passes, or raises what did not hold."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from lstm_state_probe.api.place import from_here
from lstm_state_probe.checks.expected import run_and_check
from lstm_state_probe.engines import load_engine
from lstm_state_probe.errors import CouldNotRun, Fault, UsageError
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.terminal.tables import Tables
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios

WIDTH = 100


class NotMet(AssertionError):
    """Expectations were not met; the message has the place of each."""


def run_file(
    path: Path, *, engine: str | None = None, allow_code: bool = False
) -> tuple[ScenarioReport, ...]:
    """Run every scenario of a file, up to the first that fails.

    Raises:
        NotMet: if an expectation is not met; an AssertionError.
        ProbeError: if the file is wrong, or a scenario could not be carried out.
    """
    __tracebackhide__ = True  # in pytest the test and the message are what matters
    scenarios = read_scenarios(path, shown=from_here(path), engine=engine)
    return tuple([perform(scenario, allow_code=allow_code) for scenario in scenarios])


def perform(scenario: ScenarioFile, *, allow_code: bool = False) -> ScenarioReport:
    """Run one scenario.

    Raises:
        NotMet: if an expectation is not met; an AssertionError.
        UsageError: if the scenario turned out to be wrong.
        CouldNotRun: if Keras raised.
        Fault: if the probe itself is at fault; the message has the traceback.
    """
    __tracebackhide__ = True
    report = run_and_check(scenario, load_engine(scenario.engine), Wishes(allow_code=allow_code))
    if report.exit_code == 0:
        return report
    kind = {1: NotMet, 3: CouldNotRun, 4: Fault}.get(report.exit_code, UsageError)
    raise kind(failures(report))


def failures(report: ScenarioReport) -> str:
    """Return what did not hold, as `probe run -q` writes it."""
    page = io.StringIO()
    console = Console(file=page, width=WIDTH, no_color=True, color_system=None, _environ={})
    Tables(console, ShowOptions(verbosity=-1)).scenario(report)
    return page.getvalue().rstrip()
