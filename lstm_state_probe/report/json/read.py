"""A JSON report read back into the data that the writers read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import Complaint, UsageError, brief
from lstm_state_probe.recording.call import Missed
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report.data import (
    SCHEMA_VERSION,
    LayerReport,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)
from lstm_state_probe.report.json import document as doc
from lstm_state_probe.report.json.read_call import call_of, must_fit, verdict_of
from lstm_state_probe.report.told import told
from lstm_state_probe.report.values import array, result


def read_report(path: Path) -> SuiteReport:
    """Read a JSON report.

    Raises:
        UsageError: if it cannot be read, is none, or is of a later version.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be read: {error.strerror or error}") from error
    return fitting(report_of(content, path), path)


def fitting(report: SuiteReport, path: Path) -> SuiteReport:
    """Return a report whose arrays fit together: whoever shows them relies on it.

    Raises:
        UsageError: where they do not.
    """
    try:
        for scenario in report.scenarios:
            for done in scenario.operations:
                for call in done.outcome.calls:
                    must_fit(call)
    except ValueError as error:
        raise UsageError(f"{path}: no report of probe: {error}") from error
    return report


def report_of(content: bytes, path: Path) -> SuiteReport:
    """Make a report of the text of one; `path` is where it came from. See `fitting`.

    Raises:
        UsageError: if it is none, or is of a later version.
    """
    try:
        return _suite(doc.Report.model_validate_json(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise UsageError(f"{path}: no report of probe: {where}: {first['msg']}") from error
    except Later as later:
        raise UsageError(f"{path}: {later}") from later
    except (KeyError, ValueError) as error:  # the parts do not fit together
        raise UsageError(f"{path}: no report of probe: {type(error).__name__}: {error}") from error


class Later(Exception):
    """The report is of a version that came after this one."""


def _suite(read: doc.Report) -> SuiteReport:
    if read.schema_version != SCHEMA_VERSION:
        raise Later(f"schema_version {read.schema_version}; this probe reads {SCHEMA_VERSION}")
    return SuiteReport(
        read.environment.model_dump(exclude_none=True),
        tuple(map(_scenario, read.scenarios)),
        tuple(map(_complaint, read.complaints)),
        read.summary.seconds,
        interrupted=read.interrupted,
        not_run=tuple(read.not_run),
    )


def _complaint(read: doc.Complaint) -> Complaint:
    return Complaint(read.file, read.line, read.column, read.message, read.source, read.fault)


def _scenario(read: doc.Scenario) -> ScenarioReport:
    initialised = _held(read.initialised, read.dtypes)
    before: Mapping[str, Array] = initialised
    operations: list[OperationReport] = []
    for operation in read.operations:
        operations.append(_operation(operation, before))
        before = operations[-1].outcome.held
    names = ("id", "name", "description", "file", "engine", "seed", "status", "seconds")
    report = ScenarioReport(
        **{name: getattr(read, name) for name in names},
        layers=tuple(
            LayerReport(p.address, p.kind, tuple(p.states), p.stateful, p.lost_mask)
            for p in read.layers
        ),
        initialised=initialised,
        operations=tuple(operations),
        not_done=read.not_done,
        error=read.error,
        exit_code=read.exit_code,
        fault=read.fault,
        complaints=tuple(map(_complaint, read.complaints)),
        checks=tuple(map(verdict_of, read.checks)),
        cached=read.cached,
    )
    if report.status in ("failed", "error") and not any(told(report)):
        raise ValueError(
            f"{brief(report.id)} has the status {report.status!r}, and nothing is told"
        )
    return report


def _operation(read: doc.Operation, before: Mapping[str, Array]) -> OperationReport:
    """Make an operation; what was held before it is what the one before it left."""
    kind, _, message = (read.error or "").partition(": ")
    outcome = Outcome(
        operation=read.operation,
        label=read.label,
        calls=tuple(map(call_of, read.calls)),
        before=before,
        held=_held(read.held, read.dtypes),
        result=result(read.result, read.dtypes),
        failure=Failure(kind, message) if read.error is not None else None,
        seconds=read.seconds,
        unrecorded=read.unrecorded,
        on_disk=read.on_disk,
        missed=tuple(Missed(**dict(one)) for one in read.missed),
    )
    return OperationReport(
        index=read.index,
        operation=read.operation,
        label=read.label,
        outcome=outcome,
        verdicts=tuple(map(verdict_of, read.expectations)),
        line=read.line,
        column=read.column,
        raises=read.raises,
        source=read.source,
        inputs=read.inputs,
    )


def _held(read: Mapping[str, Mapping[str, Any]], dtypes: Mapping[str, str]) -> dict[str, Array]:
    return {
        f"{layer}/{name}": array(value, dtypes[f"{layer}/{name}"])
        for layer, states in read.items()
        for name, value in states.items()
    }
