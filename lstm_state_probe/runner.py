"""One scenario, the whole story."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.gradients import gradients_released
from lstm_state_probe.engines.messages import whole_message
from lstm_state_probe.errors import ProbeError, caught
from lstm_state_probe.expectations.judge import Bench, judge_operation, spot
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.expectations.verified import judge_verified
from lstm_state_probe.layers.lost_masks import lost_masks
from lstm_state_probe.model import build_model
from lstm_state_probe.model.arrays import draw_arrays
from lstm_state_probe.operations import OPERATIONS, KerasRaised, Session
from lstm_state_probe.recording.call import Held
from lstm_state_probe.recording.operate import begin
from lstm_state_probe.recording.outcome import Failure, Outcome, all_missed
from lstm_state_probe.recording.plan import UNASKED, Plan
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport, status_of
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Operation, Repeat
from lstm_state_probe.scenario.written.record import Every
from lstm_state_probe.scenario.written.selectors import names_a_gate


class Stopped(Exception):
    """An operation failed and nothing had expected it; the scenario ends here."""


@dataclass(frozen=True)
class Wishes:
    """What the command line wants recorded, beyond what a scenario says; None leaves it to it.

    `allow_code` lets a scenario run its own Python code, and load files that hold code.
    """

    timesteps: str | tuple[int, ...] | int | None = None
    gates: bool = False
    calls: str | None = None
    verify: bool = False
    kernel: str = "replay"
    allow_code: bool = False
    budget: int | None = None


def run_scenario(
    scenario: ScenarioFile, engine: Engine, wishes: Wishes | None = None
) -> ScenarioReport:
    """Build the model, do the operations, judge the expectations, and report.

    Whatever is raised on the way ends this scenario and becomes its error: a `Fault` if it is none
    that anybody foresaw.
    """
    wishes = wishes or Wishes()
    story = Story(scenario, engine, plan_of(scenario, wishes), allow_code=wishes.allow_code)
    started = time.perf_counter()
    with _stdout_to_stderr(), gradients_released():
        unclosed: ProbeError | None = None
        try:
            error = caught(story.tell)
        finally:
            unclosed = caught(story.close)
    return story.report(error or unclosed, time.perf_counter() - started)


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Keep stdout for the report: what Keras prints while it works goes to stderr."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


@dataclass
class Story:
    """A scenario while it is told: what was done so far, in order."""

    scenario: ScenarioFile
    engine: Engine
    plan: Plan
    allow_code: bool = False
    session: Session | None = None
    done: list[OperationReport] = field(default_factory=list)
    labelled: dict[str, tuple[Outcome, Sequence[str]]] = field(default_factory=dict)
    initialised: Held = field(default_factory=dict)
    layers: tuple[LayerReport, ...] = ()
    stopped: bool = False
    reached: int = 0

    def tell(self) -> None:
        """Draw the arrays, build the model, do the operations."""
        arrays: Mapping[str, Array] = draw_arrays(self.scenario)
        self.engine.seed(self.scenario.spec.seed)
        built = build_model(self.scenario, self.engine, allow_code=self.allow_code)
        self.session = Session.begin(self.scenario, self.engine, built, arrays, plan=self.plan)
        self.initialised = self.session.recorder.held()
        lost = lost_masks(built.keras)
        self.layers = tuple(
            LayerReport(
                part.address, part.kind, part.states, part.stateful, lost.get(part.address, "")
            )
            for part in self.session.recorder.layers
        )
        with contextlib.suppress(Stopped):
            self.operations(self.session, self.scenario.spec.operations, ("operations",))

    def close(self) -> None:
        """Let go of the model, so that the next scenario starts from nothing."""
        if self.session is not None:
            self.session.recorder.detach()
            self.session = None
        self.engine.clear()

    def operations(self, session: Session, operations: Sequence[Operation], path: Path) -> Any:
        """Do operations one after the other; return the result of the last."""
        result = None
        for index, operation in enumerate(operations):
            self.reached += path == ("operations",)
            result = self.operation(session, operation, (*path, index)).result
        return result

    def operation(self, session: Session, operation: Operation, path: Path) -> Outcome:
        """Do one operation, judge it, note it; stop where it failed unexpectedly."""
        outcome = self.perform(session, operation, (*path, operation.name))
        bench = Bench(self.scenario, session.recorder.addresses, outcome, self.labelled)
        if operation.label is not None:
            self.labelled[operation.label] = (outcome, tuple(bench.addresses))
            session.snapshots[operation.label] = _states_after(outcome)
        stop = outcome.failure is not None and self.expected(operation) is None
        forbidden = stop and self.forbidden(operation)  # told as an expectation that is not met
        verdicts: tuple[Verdict, ...] = ()
        try:
            if not stop or forbidden:
                verdicts = judge_operation(bench, operation, path)
            if self.plan.witness == math.inf and operation.repeat is None and not stop:
                place = spot(self.scenario, (*path, operation.name))
                verdicts += judge_verified(outcome, place)
        finally:  # what was done is noted, also where it cannot be judged
            if operation.repeat is None or verdicts or stop or operation.label:
                self.note(operation, path, outcome, verdicts)
        if stop:
            self.stopped = not forbidden
            raise Stopped
        return outcome

    def perform(self, session: Session, operation: Operation, path: Path) -> Outcome:
        """Let Keras do it; what it raises is kept, and how far it came."""
        if operation.repeat is not None:
            return self.repeat(session, operation, operation.repeat, path)
        session.recorder.origins.operation = f"operation {len(self.done) + 1}"
        begun, result, failure = begin(session.recorder), None, None
        try:
            result = OPERATIONS[operation.name](session, operation.arguments, path)
        except KerasRaised as raised:
            failure = Failure(type(raised.error).__name__, whole_message(raised.error))
        return begun.ended(session.recorder, operation.name, result, failure, label=operation.label)

    def repeat(
        self, session: Session, operation: Operation, written: Repeat, path: Path
    ) -> Outcome:
        """Do operations several times; an error in one ends it, and may be expected of it."""
        before, first = session.recorder.held(), len(self.done)
        result, failure = None, None
        started = time.perf_counter()
        try:
            for _ in range(written.times):
                result = self.operations(session, written.operations, (*path, "operations"))
        except Stopped:
            if self.expected(operation) is None:
                raise
            self.stopped, failure = False, self.done[-1].outcome.failure
            self.done[-1] = replace(self.done[-1], raises=True)  # the repeat expects it
        inner = [report.outcome for report in self.done[first:] if report.operation != "repeat"]
        calls = tuple(call for outcome in inner for call in outcome.calls)
        unrecorded = sum(outcome.unrecorded for outcome in inner)
        on_disk = sum(outcome.on_disk for outcome in inner)
        seconds = time.perf_counter() - started
        held = session.recorder.held()
        missed = all_missed(inner)
        done = result, failure, seconds, unrecorded, on_disk, missed
        return Outcome("repeat", operation.label, calls, before, held, *done)

    def expected(self, operation: Operation) -> str | None:
        """Return the error that is expected of an operation on this engine."""
        return operation.raises.on(self.scenario.engine) if operation.raises else None

    def forbidden(self, operation: Operation) -> bool:
        """Tell whether an error of an operation is an expectation not met (`raises: false`)."""
        return operation.raises is not None and operation.raises.forbidden_on(self.scenario.engine)

    def note(
        self, operation: Operation, path: Path, outcome: Outcome, verdicts: tuple[Verdict, ...]
    ) -> None:
        """Add an operation to the report."""
        at = spot(self.scenario, (*path, operation.name))
        self.done.append(
            OperationReport(
                len(self.done),
                operation.name,
                operation.label,
                outcome,
                verdicts,
                at.line,
                at.column,
                raises=self.expected(operation) is not None or self.forbidden(operation),
                source=at.source,
                inputs=_inputs(operation),
            )
        )

    def report(self, error: ProbeError | None, seconds: float) -> ScenarioReport:
        """Put what was done into a report."""
        return ScenarioReport(
            id=self.scenario.id,
            name=self.scenario.name,
            description=self.scenario.spec.description,
            file=self.scenario.document.file,
            engine=self.scenario.engine,
            seed=self.scenario.spec.seed,
            status=status_of(self.done, error, self.stopped),
            seconds=seconds,
            layers=self.layers,
            initialised=self.initialised,
            operations=tuple(self.done),
            not_done=len(self.scenario.spec.operations) - self.reached,
            error=str(error) if error else None,
            exit_code=_exit_code(self.done, error, self.stopped),
            complaints=error.complaints if error else (),
            fault=error.traceback if error else None,
        )


def _inputs(operation: Operation) -> str:
    """Write the arguments of an operation, so that equal ones can be told; arrays by name."""
    return "" if operation.repeat is not None else repr(operation.arguments)


def plan_of(scenario: ScenarioFile, wishes: Wishes) -> Plan:
    """Work out what is recorded: what the scenario says, and what its selectors and a user want."""
    record = scenario.spec.record
    written = record.timesteps
    chosen = written.every if isinstance(written, Every) else written
    return Plan(
        timesteps=_timesteps(tuple(chosen) if isinstance(chosen, list) else chosen, wishes),
        gates=record.gates or wishes.gates or names_a_gate(scenario.spec.operations),
        layers=tuple(record.layers),
        calls=wishes.calls or record.calls,
        witness=float("inf") if wishes.verify else UNASKED,
        budget=record.budget if wishes.budget is None else wishes.budget,
        kernel=wishes.kernel,
    )


def _timesteps(written: str | tuple[int, ...] | int, wishes: Wishes) -> Any:
    """Record more than is written only where nothing was: a choice may be what is expected of."""
    return wishes.timesteps if written == "final" and wishes.timesteps else written


def _states_after(outcome: Outcome) -> Held:
    """Return every state after an operation: what is held, else what the last call ended with."""
    found: dict[str, Any] = {}
    for call in outcome.calls:
        for name, state in call.states.items():
            found[f"{call.layer}/{name}"] = state.final
    return {**found, **outcome.held}


def _exit_code(done: Sequence[OperationReport], error: ProbeError | None, stopped: bool) -> int:
    if error is not None:
        return error.exit_code
    if stopped:
        return 3
    return 1 if any(not verdict.passed for report in done for verdict in report.verdicts) else 0
