"""A JSON report read back into the data that the writers read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import Complaint, UsageError
from lstm_state_probe.expectations.verdict import Broken, Verdict, Worst
from lstm_state_probe.recording.call import Call, Origin, State, Verified
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report import document as doc
from lstm_state_probe.report.data import (
    SCHEMA_VERSION,
    LayerReport,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)

_NUMBERS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
NOT_VERIFIED = "not asked for"


def read_report(path: Path) -> SuiteReport:
    """Read a JSON report.

    Raises:
        UsageError: if it cannot be read, is none, or is of a later version.
    """
    try:
        return _suite(doc.Report.model_validate_json(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise UsageError(f"{path}: no report of probe: {where}: {first['msg']}") from error
    except Later as later:
        raise UsageError(f"{path}: {later}") from later


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
    )


def _complaint(read: doc.Complaint) -> Complaint:
    return Complaint(read.file, read.line, read.column, read.message, read.source)


def _scenario(read: doc.Scenario) -> ScenarioReport:
    initialised = _held(read.initialised, read.dtypes)
    before: Mapping[str, Array] = initialised
    operations: list[OperationReport] = []
    for operation in read.operations:
        operations.append(_operation(operation, before))
        before = operations[-1].outcome.held
    names = ("id", "name", "description", "file", "engine", "seed", "status", "seconds")
    return ScenarioReport(
        **{name: getattr(read, name) for name in names},
        layers=tuple(
            LayerReport(p.address, p.kind, tuple(p.states), p.stateful) for p in read.layers
        ),
        initialised=initialised,
        operations=tuple(operations),
        not_done=read.not_done,
        error=read.error,
        exit_code=read.exit_code,
        complaints=tuple(map(_complaint, read.complaints)),
    )


def _operation(read: doc.Operation, before: Mapping[str, Array]) -> OperationReport:
    """Make an operation; what was held before it is what the one before it left."""
    kind, _, message = (read.error or "").partition(": ")
    outcome = Outcome(
        operation=read.operation,
        label=read.label,
        calls=tuple(map(_call, read.calls)),
        before=before,
        held=_held(read.held, read.dtypes),
        result=_result(read.result, read.dtypes, "result"),
        failure=Failure(kind, message) if read.error is not None else None,
        seconds=read.seconds,
        unrecorded=read.unrecorded,
    )
    return OperationReport(
        index=read.index,
        operation=read.operation,
        label=read.label,
        outcome=outcome,
        verdicts=tuple(map(_verdict, read.expectations)),
        line=read.line,
        column=read.column,
        raises=read.raises,
        source=read.source,
    )


def _call(read: doc.Call) -> Call:
    asked = read.verified is not None or read.verified_why != NOT_VERIFIED
    return Call(
        layer=read.layer,
        phase=read.phase,
        epoch=-1 if read.epoch is None else read.epoch,
        batch=read.batch,
        use=read.use,
        timesteps=read.timesteps,
        mask=None if read.mask is None else _array(read.mask, "bool"),
        states={name: _state(state, read, name) for name, state in read.states.items()},
        kept=tuple(read.kept),
        gates={name: _array(gate.timesteps, gate.dtype) for name, gate in read.gates.items()},
        backwards=read.backwards,
        verified=Verified(read.verified, read.deviation, read.verified_why) if asked else None,
        note=read.note,
        kernel=read.kernel,
        replayed=None if read.replayed is None else _number(read.replayed),
    )


def _state(read: doc.State, call: doc.Call, name: str) -> State:
    origin = Origin(call.origin[name], call.origin_words[name])
    steps = None if read.timesteps is None else _array(read.timesteps, read.dtype)
    return State(_array(read.initial, read.dtype), _array(read.final, read.dtype), origin, steps)


def _verdict(read: doc.Expectation) -> Verdict:
    return Verdict(
        read.selector,
        read.condition,
        read.passed,
        read.message,
        read.line,
        read.column,
        tuple(Broken(b.quantity, b.expected, b.found, _worst(b.worst)) for b in read.broken),
        read.source,
    )


def _worst(read: doc.Worst | None) -> Worst | None:
    if read is None:
        return None
    expected, deviation = (
        None if v is None else _number(v) for v in (read.expected, read.deviation)
    )
    return Worst(tuple(read.index), read.timestep, _number(read.found), expected, deviation)


def _held(read: Mapping[str, Mapping[str, Any]], dtypes: Mapping[str, str]) -> dict[str, Array]:
    return {
        f"{layer}/{name}": _array(value, dtypes[f"{layer}/{name}"])
        for layer, states in read.items()
        for name, value in states.items()
    }


def _result(value: Any, dtypes: Mapping[str, str], name: str) -> Any:
    if name in dtypes:
        return _array(value, dtypes[name])
    if isinstance(value, dict):
        return {key: _result(item, dtypes, f"{name}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_result(item, dtypes, f"{name}/{k}") for k, item in enumerate(value)]
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def _array(value: Any, dtype: str) -> Array:
    return np.array(_numbers(value), _dtype(dtype))


def _dtype(name: str) -> Any:
    if name != "bfloat16":
        return np.dtype(name)
    from ml_dtypes import bfloat16  # comes with TensorFlow

    return np.dtype(bfloat16)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return _NUMBERS[value] if isinstance(value, str) else value


def _number(value: float | str) -> float:
    return _NUMBERS[value] if isinstance(value, str) else float(value)
