"""An inspection as JSON: full precision; NaN and infinities as strings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lstm_state_probe.inspection.data import Inspection, LayerInspection, StateChange
from lstm_state_probe.inspection.report.answers import inspected
from lstm_state_probe.inspection.report.words import first_bad_words
from lstm_state_probe.report.values import values
from lstm_state_probe.report.words.first_bad import first_bad_place
from lstm_state_probe.safe import within_json

SCHEMA_VERSION = 1


def inspection_text(
    found: Inspection, *, environment: Mapping[str, object], file: str | None = None
) -> str:
    """Render an inspection as one JSON document."""
    document = as_dict(found, environment=environment, file=file)
    return within_json(
        json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ": "))
    )


def as_dict(
    found: Inspection, *, environment: Mapping[str, object], file: str | None = None
) -> dict[str, Any]:
    """Return an inspection as plain Python data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": dict(environment),
        "file": file,
        "model": found.model,
        "kind": found.kind,
        "engine": found.engine,
        "inputs": [{**vars(used), "shape": list(used.shape)} for used in found.inputs],
        "outputs": [list(shape) for shape in found.outputs],
        "failure": found.failure,
        "unrecorded": found.unrecorded,
        "first_bad": _first_bad(found),
        "untrained": found.untrained,
        "notes": list(found.notes),
        "layers": [_layer(layer) for layer in found.layers],
        "answers": [vars(answer) for answer in inspected(found)],
    }


def _first_bad(found: Inspection) -> dict[str, Any] | None:
    if found.first_bad is None:
        return None
    call, bad = found.first_bad
    return {"call": call, **first_bad_place(bad), "words": first_bad_words(found)}


def _layer(layer: LayerInspection) -> dict[str, Any]:
    return {
        "address": layer.address,
        "kind": layer.kind,
        "inside": layer.inside,
        "units": list(layer.units),
        "states": [_state(layer, k) for k in range(len(layer.states))],
        "gates": list(layer.gates),
        "stateful": layer.stateful,
        "batch": layer.batch,
        "return_sequences": layer.return_sequences,
        "return_state": layer.return_state,
        "direction": "backward" if layer.backwards else "forward",
        "mask": values(asdict(layer.mask)),
        "reset": values(asdict(layer.reset)),
        "kernel": values(asdict(layer.kernel)),
        "calls": [
            {
                "name": call.name,
                "uses": call.uses,
                "timesteps": call.timesteps,
                "states": {name: _change(change) for name, change in call.states.items()},
            }
            for call in layer.calls
        ],
    }


def _state(layer: LayerInspection, index: int) -> dict[str, Any]:
    state = layer.states[index]
    origin = layer.origin(state.name)
    return {
        "name": state.name,
        "shape": list(state.shape),
        "dtype": state.dtype,
        "stored": state.stored,
        "origin": origin.word if origin else None,
        "origin_words": origin.words if origin else None,
        "held": None if state.held is None else values(state.held),
    }


def _change(change: StateChange) -> dict[str, Any]:
    return {
        "origin": change.origin.word,
        "origin_words": change.origin.words,
        "initial": values(change.initial),
        "final": values(change.final),
        "change": change.change,
        "carried": change.carried,
    }
