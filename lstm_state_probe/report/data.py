"""The report as plain, frozen data; what the writers read and nobody writes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lstm_state_probe.errors import INTERRUPTED, Complaint, ProbeError
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.recording.call import Held
from lstm_state_probe.recording.finite import NotFinite, first_in_time
from lstm_state_probe.recording.outcome import Outcome

SCHEMA_VERSION = 1
NO_EXPECTATIONS = "no expectations"


@dataclass(frozen=True)
class LayerReport:
    """A recurrent layer: its address, its class, the names of its states.

    `lost_mask` says which mask was made and destroyed on the way to it; '' where the model tells
    of none.
    """

    address: str
    kind: str
    states: tuple[str, ...]
    stateful: bool
    lost_mask: str = ""


@dataclass(frozen=True)
class OperationReport:
    """One operation with its verdicts; `line`, `column` and `source` are its place in the file.

    `file` is where the operation stands, if that is not the file of the scenario. `inputs` are the
    arguments as they are written: equal where the same was asked of the same arrays; "" where
    nobody knows.
    """

    index: int
    operation: str
    label: str | None
    outcome: Outcome
    verdicts: tuple[Verdict, ...]
    line: int
    column: int
    raises: bool = False
    source: str = ""
    file: str | None = None
    inputs: str = ""

    @cached_property
    def first_bad(self) -> NotFinite | None:
        """The first NaN or infinity in a state or a gate, if there is any."""
        layers = dict.fromkeys(call.layer for call in self.outcome.calls)
        return first_in_time(layers, self.outcome.calls, self.outcome.held)

    @property
    def status(self) -> str:
        """One of passed, failed, error, 'no expectations'."""
        if self.outcome.failure is not None and not self.raises:
            return "error"
        if not self.verdicts:
            return NO_EXPECTATIONS
        return "passed" if all(verdict.passed for verdict in self.verdicts) else "failed"


@dataclass(frozen=True)
class ScenarioReport:
    """One scenario on one engine; `initialised` is what the layers held once built.

    `seed` is None where nobody seeded: in a recording of the user's own calls.
    `not_done` counts the operations of the scenario that were not reached, because an earlier
    one failed. `complaints` are the places of `error`, where it has any, `fault` the traceback of
    one that is the probe's own. `cached` is when it last ran, where nothing changed since and it
    was not run.
    """

    id: str
    name: str
    description: str | None
    file: str
    engine: str
    seed: int | None
    status: str
    seconds: float
    layers: tuple[LayerReport, ...]
    initialised: Held
    operations: tuple[OperationReport, ...]
    not_done: int
    error: str | None
    exit_code: int
    checks: tuple[Verdict, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    cached: str | None = None
    fault: str | None = None

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All verdicts, in the order of the operations; then those on the model's properties."""
        done = tuple(verdict for report in self.operations for verdict in report.verdicts)
        return done + self.checks


@dataclass(frozen=True)
class SuiteReport:
    """All scenarios of one call of the tool, the files that could not be read, and where it ran.

    `not_run` are the ids of those that Ctrl-C kept from running, or from ending, or that were left
    when enough had failed.
    """

    environment: Mapping[str, object]
    scenarios: tuple[ScenarioReport, ...]
    complaints: tuple[Complaint, ...]
    seconds: float
    interrupted: bool = False
    not_run: tuple[str, ...] = ()

    @property
    def cached(self) -> int:
        """Count the scenarios that were not run because nothing changed since they passed."""
        return sum(scenario.cached is not None for scenario in self.scenarios)

    def count(self, status: str) -> int:
        """Count the scenarios of one status."""
        return sum(scenario.status == status for scenario in self.scenarios)

    @property
    def exit_code(self) -> int:
        """The highest of: 4 a fault of the probe, 3 Keras raised, 2 a scenario is wrong, 1 failed.

        130 after Ctrl-C, whatever was done before it.
        """
        if self.interrupted:
            return INTERRUPTED
        codes = [scenario.exit_code for scenario in self.scenarios]
        return max([*codes, *(complaint.exit_code for complaint in self.complaints), 0])


def status_of(
    done: Sequence[OperationReport],
    error: ProbeError | None,
    stopped: bool,
    checks: Sequence[Verdict] = (),
) -> str:
    """Sum up a scenario: what was never expected is never passed."""
    if error is not None or stopped:
        return "error"
    verdicts = [*(verdict for report in done for verdict in report.verdicts), *checks]
    if not verdicts:
        return NO_EXPECTATIONS
    return "passed" if all(verdict.passed for verdict in verdicts) else "failed"


def ended_by(report: ScenarioReport, error: ProbeError) -> ScenarioReport:
    """Return the report of a scenario that an error ended, after all that the report tells."""
    told = report.error or ""
    return replace(
        report,
        status="error",
        error=told if told and str(error) in told else "\n".join(filter(None, (told, str(error)))),
        complaints=report.complaints + error.complaints,
        fault=report.fault or error.traceback,
        exit_code=max(report.exit_code, error.exit_code),
    )


def bare(report: ScenarioReport) -> ScenarioReport:
    """Return what is left of a report where what was done cannot be shown: its error."""
    return replace(report, layers=(), initialised={}, operations=(), checks=(), not_done=0)
