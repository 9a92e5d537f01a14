"""Scenarios built by hand for the tests of baselines; no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstm_state_probe.baseline.parts import Part, parts
from lstm_state_probe.recording.call import Call, Origin, State
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.data import OperationReport, ScenarioReport

VERSIONS = {"keras": "3.15.0", "numpy": "2.4.0", "tensorflow": "2.21.0", "tf_keras": "2.21.0"}
ZEROS = Origin("zeros", "zeros")


def state(rng: Any, steps: int, *, dtype: Any = np.float32) -> State:
    """A state of two samples and three units over some timesteps."""
    values = rng.uniform(-1, 1, (steps, 2, 3)).astype(dtype)
    return State(np.zeros((2, 3), dtype), values[-1].copy(), ZEROS, values)


def call(rng: Any, layer: str, *, batch: int = 0, steps: int = 4, **other: Any) -> Call:
    states = {"h": state(rng, steps), "c": state(rng, steps)}
    kept = tuple(range(steps))
    return Call(layer, "predict", -1, batch, 0, steps, None, states, kept, **other)


def operation(index: int, *calls: Call, name: str = "predict", **other: Any) -> OperationReport:
    held = {f"{one.layer}/h": one.states["h"].final.copy() for one in calls}
    outcome = Outcome(name, None, calls, {}, held, **other)
    return OperationReport(index, name, None, outcome, (), 10 + index, 5, source=f"- {name}")


def scenario(*operations: OperationReport, **other: Any) -> ScenarioReport:
    plain: dict[str, Any] = {"id": "a.yaml::story", "name": "story", "description": None}
    plain |= {"file": "a.yaml", "engine": "keras3", "seed": 7, "status": "no expectations"}
    plain |= {"seconds": 1.0, "layers": (), "initialised": {}, "not_done": 0}
    plain |= {"error": None, "exit_code": 0}
    return ScenarioReport(operations=operations, **{**plain, **other})


def story(seed: int = 0, **other: Any) -> ScenarioReport:
    """Two operations of two batches of two layers, with a gate and results."""
    rng = np.random.default_rng(seed)
    done = []
    for index in range(2):
        calls = [call(rng, layer, batch=batch) for batch in (0, 1) for layer in ("lstm", "gru")]
        calls[0] = replace(calls[0], gates={"f": rng.uniform(0, 1, (4, 2, 3)).astype(np.float32)})
        result = {"loss": float(rng.uniform()), "y": rng.uniform(size=(2, 1)), "words": "none"}
        done.append(operation(index, *calls, result=result))
    return scenario(*done, **other)


def found_in(report: ScenarioReport) -> list[Part]:
    return list(parts(report))


def changed(found: list[Part], changes: Mapping[tuple[str, tuple[int, ...]], float]) -> list[Part]:
    """Return the parts with numbers added to some elements, by key and place."""
    by_key = {part.key: np.array(part.array, dtype=part.array.dtype) for part in found}
    for (key, place), by in changes.items():
        by_key[key][place] += by
    return [replace(part, array=by_key[part.key]) for part in found]
