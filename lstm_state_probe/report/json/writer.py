"""The JSON report: full precision; NaN and infinities as strings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import Complaint
from lstm_state_probe.expectations.verdict import Verdict, Worst
from lstm_state_probe.recording.call import Call, Held, State
from lstm_state_probe.report.answers import answers
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import (
    SCHEMA_VERSION,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)
from lstm_state_probe.report.json.read_call import NOT_VERIFIED
from lstm_state_probe.report.portable import portable
from lstm_state_probe.report.values import arrays, dtypes, values
from lstm_state_probe.report.words.first_bad import first_bad_data
from lstm_state_probe.safe import plain, within_json
from lstm_state_probe.whole import write_whole

if TYPE_CHECKING:
    from rich.console import Console


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    write_whole(path, text(report) + "\n")


class Json:
    """stdout as one JSON document, once all scenarios are done."""

    def __init__(self, console: Console, options: ShowOptions) -> None:
        self.console = console

    def scenario(self, report: ScenarioReport) -> None:
        """Wait for the end: a document is written whole."""

    def end(self, report: SuiteReport) -> None:
        """Write the document, however wide or narrow the terminal is."""
        stream = plain(self.console.file)
        stream.write(within_json(text(portable(report)), self.console.encoding) + "\n")


def text(report: SuiteReport, *, seen: SuiteReport | None = None) -> str:
    """Render the report as one JSON document.

    What is said of the states is said of those of `seen`, where `report` has them no more.
    """
    document = as_dict(report, seen=seen)
    return within_json(
        json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ": "))
    )


def as_dict(report: SuiteReport, *, seen: SuiteReport | None = None) -> dict[str, Any]:
    """Return the report as plain Python data, in the order of the contract; see `text`."""
    told = (seen or report).scenarios
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
        "scenarios": [_scenario(*pair) for pair in zip(report.scenarios, told, strict=True)],
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
        "source": complaint.source,
        **({"fault": complaint.fault} if complaint.fault else {}),
    }


def _scenario(scenario: ScenarioReport, seen: ScenarioReport) -> dict[str, Any]:
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
        "complaints": [_complaint(complaint) for complaint in scenario.complaints],
        "fault": scenario.fault,
        "exit_code": scenario.exit_code,
        "cached": scenario.cached,
        "layers": [
            {
                "address": layer.address,
                "kind": layer.kind,
                "states": list(layer.states),
                "stateful": layer.stateful,
                "lost_mask": layer.lost_mask,
            }
            for layer in scenario.layers
        ],
        "initialised": _by_layer(scenario.initialised, scenario),
        "dtypes": dtypes(scenario.initialised),
        "not_done": scenario.not_done,
        "first_bad": first_bad_data(seen),
        "operations": [_operation(report, scenario) for report in scenario.operations],
        "answers": [vars(answer) for answer in answers(seen)],
        "checks": [_verdict(verdict) for verdict in scenario.checks],
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
        "source": report.source,
        "raises": report.raises,
        "inputs": report.inputs,
        "unrecorded": outcome.unrecorded,
        "on_disk": outcome.on_disk,
        "missed": [vars(one) for one in outcome.missed],
        "calls": [_call(call) for call in calls],
        "held": _by_layer(outcome.held, scenario),
        "dtypes": dtypes({**arrays(outcome.result), **outcome.held}),
        "expectations": [_verdict(verdict) for verdict in report.verdicts],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    broken = [{**vars(entry), "worst": _worst(entry.worst)} for entry in verdict.broken]
    return {**vars(verdict), "broken": broken}


def _worst(worst: Worst | None) -> dict[str, Any] | None:
    if worst is None:
        return None
    return {name: values(value) for name, value in vars(worst).items()} | {"place": worst.place}


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
        "verified_why": call.verified.why if call.verified else NOT_VERIFIED,
        "note": call.note,
        "kernel": call.kernel,
        "replayed": values(call.replayed),
        "kept": list(call.kept),
        "backwards": call.backwards,
        "states": {name: _state(state) for name, state in call.states.items()},
        "gates": {name: _gate(array) for name, array in call.gates.items()},
    }


def _gate(array: Array) -> dict[str, Any]:
    return {"dtype": array.dtype.name, "timesteps": values(array)}


def _state(state: State) -> dict[str, Any]:
    found = {
        "dtype": state.final.dtype.name,
        "initial": values(state.initial),
        "final": values(state.final),
    }
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


def _seconds(value: float) -> float:
    return round(value, 6)
