"""The JSON report: full precision; NaN and infinities as strings."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.errors import Complaint
from lstm_state_probe.recording.call import Call, Held, State
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import (
    SCHEMA_VERSION,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    path.write_text(text(report) + "\n", encoding="utf-8")


class Json:
    """stdout as one JSON document, once all scenarios are done."""

    def __init__(self, console: Console, options: ShowOptions) -> None:
        self.console = console

    def scenario(self, report: ScenarioReport) -> None:
        """Wait for the end: a document is written whole."""

    def end(self, report: SuiteReport) -> None:
        """Write the document, however wide or narrow the terminal is."""
        self.console.file.write(text(report) + "\n")


def text(report: SuiteReport) -> str:
    """Render the report as one JSON document."""
    return json.dumps(as_dict(report), ensure_ascii=False, allow_nan=False, separators=(",", ": "))


def as_dict(report: SuiteReport) -> dict[str, Any]:
    """Return the report as plain Python data, in the order of the contract."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": dict(report.environment),
        "summary": {
            "scenarios": len(report.scenarios),
            "passed": report.count("passed"),
            "failed": report.count("failed"),
            "errors": report.count("error"),
            "no_expectations": report.count("no expectations"),
            "cached": report.cached,
            "not_run": len(report.not_run),
            "expectations": sum(len(scenario.verdicts) for scenario in report.scenarios),
            "seconds": _seconds(report.seconds),
        },
        "scenarios": [_scenario(scenario) for scenario in report.scenarios],
        "complaints": [_complaint(complaint) for complaint in report.complaints],
        "interrupted": report.interrupted,
        "not_run": list(report.not_run),
    }


def _complaint(complaint: Complaint) -> dict[str, Any]:
    return {
        "file": complaint.file,
        "line": complaint.line,
        "column": complaint.column,
        "message": complaint.message,
    }


def _scenario(scenario: ScenarioReport) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "name": scenario.name,
        "description": scenario.description,
        "file": scenario.file,
        "engine": scenario.engine,
        "seed": scenario.seed,
        "status": scenario.status,
        "seconds": _seconds(scenario.seconds),
        "error": scenario.error,
        "cached": scenario.cached,
        "layers": [
            {
                "address": layer.address,
                "kind": layer.kind,
                "states": list(layer.states),
                "stateful": layer.stateful,
            }
            for layer in scenario.layers
        ],
        "initialised": _by_layer(scenario.initialised, scenario),
        "not_done": scenario.not_done,
        "operations": [_operation(report, scenario) for report in scenario.operations],
    }


def _operation(report: OperationReport, scenario: ScenarioReport) -> dict[str, Any]:
    outcome = report.outcome
    calls = outcome.calls if report.operation != "repeat" else ()
    return {
        "index": report.index,
        "operation": report.operation,
        "label": report.label,
        "status": report.status,
        "seconds": _seconds(outcome.seconds),
        "result": values(outcome.result),
        "error": str(outcome.failure) if outcome.failure else None,
        "line": report.line,
        "column": report.column,
        "unrecorded": outcome.unrecorded,
        "calls": [_call(call) for call in calls],
        "held": _by_layer(outcome.held, scenario),
        "expectations": [vars(verdict) for verdict in report.verdicts],
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "layer": call.layer,
        "batch": call.batch,
        "epoch": call.epoch if call.epoch >= 0 else None,
        "phase": call.phase,
        "use": call.use,
        "timesteps": call.timesteps,
        "mask": None if call.mask is None else values(call.mask),
        "origin": {name: state.origin.word for name, state in call.states.items()},
        "origin_words": {name: state.origin.words for name, state in call.states.items()},
        "verified": call.verified.agrees if call.verified else None,
        "deviation": call.verified.deviation if call.verified else None,
        "verified_why": call.verified.why if call.verified else "not asked for",
        "note": call.note,
        "kernel": call.kernel,
        "replayed": values(call.replayed),
        "kept": list(call.kept),
        "backwards": call.backwards,
        "states": {name: _state(state) for name, state in call.states.items()},
        "gates": {name: {"timesteps": values(array)} for name, array in call.gates.items()},
    }


def _state(state: State) -> dict[str, Any]:
    found = {"initial": values(state.initial), "final": values(state.final)}
    if state.timesteps is not None:
        found["timesteps"] = values(state.timesteps)
    return found


def _by_layer(held: Held, scenario: ScenarioReport) -> dict[str, dict[str, Any]]:
    """Nest the held states: {layer: {state: values}}."""
    found: dict[str, dict[str, Any]] = {}
    for layer in scenario.layers:
        states = {
            s: held[f"{layer.address}/{s}"] for s in layer.states if f"{layer.address}/{s}" in held
        }
        if states:
            found[layer.address] = {name: values(array) for name, array in states.items()}
    return found


def values(value: Any) -> Any:
    """Return nested lists of numbers; what JSON cannot write becomes a string."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, dict):
        return {key: values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _special(value)
    return value


def _array(array: Array) -> Any:
    array = widened(array)
    plain = array.tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return plain
    return values(plain)


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _seconds(value: float) -> float:
    return round(value, 6)
