"""What an `.npz` report says beside its arrays, so that it can be read back.

It is the JSON report with an empty array in the place of each that has a key of its own.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError
from lstm_state_probe.foreign.arrays import read_all
from lstm_state_probe.recording.call import Call, State, frozen
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.arrays import ABOUT, in_npz, prefix_of
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.report.json.read import fitting, report_of
from lstm_state_probe.safe import one_line

Change = Callable[[str, Array], Array]
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def without_arrays(report: SuiteReport) -> SuiteReport:
    """Return the report with nothing in its arrays but their dtype.

    How long it took is left out, so that two runs that gave the same numbers give the same file.
    """
    bare = _changed(report, lambda key, array: np.empty(0, array.dtype))
    return replace(bare, seconds=0.0, scenarios=tuple(map(_timeless, bare.scenarios)))


def _timeless(scenario: ScenarioReport) -> ScenarioReport:
    done = (replace(one, outcome=replace(one.outcome, seconds=0.0)) for one in scenario.operations)
    return replace(scenario, seconds=0.0, operations=tuple(done))


def read_arrays(path: Path) -> SuiteReport:
    """Read an `.npz` report.

    Raises:
        UsageError: if it cannot be read, or does not say what its arrays are.
    """
    try:
        found = read_all(path)
        about = str(found.pop(ABOUT))
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or "no .npz report of probe"
        raise UsageError(f"{path}: the report cannot be read: {reason}") from error
    try:
        report = report_of(about.encode(), path)
        filled = _changed(report, lambda key, array: _typed(found[one_line(key)], array))
    except KeyError as error:
        raise UsageError(f"{path}: the report lacks the array {error}") from error
    return fitting(filled, path)


def _typed(array: Array, like: Array) -> Array:
    """Return an array in the dtype that it had; bfloat16 is float32 in the file, exactly."""
    return frozen(array.astype(like.dtype, copy=False))


def _changed(report: SuiteReport, change: Change) -> SuiteReport:
    return replace(report, scenarios=tuple(_scenario(s, change) for s in report.scenarios))


def _scenario(scenario: ScenarioReport, change: Change) -> ScenarioReport:
    before, done = scenario.initialised, list[OperationReport]()
    for one in scenario.operations:
        made = _operation(scenario, one, change)
        # as in a JSON report, what was held before an operation is what the one before it left
        done.append(replace(made, outcome=replace(made.outcome, before=before)))
        before = made.outcome.held
    return replace(scenario, operations=tuple(done))


def _operation(scenario: ScenarioReport, done: OperationReport, change: Change) -> OperationReport:
    if done.operation == "repeat":  # its calls are those of the operations in it
        return done
    prefix, counts = prefix_of(scenario, done), dict[str, int]()
    calls: list[Call] = []
    for call in done.outcome.calls:
        number = counts.get(call.layer, 0)
        counts[call.layer] = number + 1
        calls.append(_call(call, f"{prefix}/{call.layer}/{number}", change))
    outcome: Outcome = replace(
        done.outcome,
        calls=tuple(calls),
        result=_result(done.outcome.result, f"{prefix}/result", change),
        held=_held(scenario, done.outcome.held, prefix, change),
    )
    return replace(done, outcome=outcome)


def _held(
    scenario: ScenarioReport, held: Mapping[str, Array], prefix: str, change: Change
) -> dict[str, Array]:
    layers = {f"{p.address}/{s}": (p.address, s) for p in scenario.layers for s in p.states}
    return {
        address: change(f"{prefix}/{layers[address][0]}/held/{layers[address][1]}", array)
        for address, array in held.items()
    }


def _call(call: Call, prefix: str, change: Change) -> Call:
    def state(name: str, found: State) -> State:
        steps = found.timesteps
        return State(
            change(f"{prefix}/{name}/initial", found.initial),
            change(f"{prefix}/{name}/final", found.final),
            found.origin,
            None if steps is None else change(f"{prefix}/{name}/timesteps", steps),
        )

    return replace(
        call,
        states={name: state(name, found) for name, found in call.states.items()},
        gates={n: change(f"{prefix}/{n}/timesteps", gate) for n, gate in call.gates.items()},
        mask=None if call.mask is None else change(f"{prefix}/mask", call.mask),
    )


def _result(value: Any, key: str, change: Change) -> Any:
    if isinstance(value, np.ndarray):
        return change(key, value) if in_npz(value) else value
    if isinstance(value, dict):
        return {name: _result(item, f"{key}/{name}", change) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_result(item, f"{key}/{k}", change) for k, item in enumerate(value)]
    return value
