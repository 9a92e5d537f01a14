"""The recurrent layers of a subject: what is written of them, and what a call showed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.checks.subject import Part
from lstm_state_probe.checks.trial import Seen, Shown, Trials
from lstm_state_probe.layers.families import TIME_DISTRIBUTED, is_a
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.model.takes.consumers import following


def part_of(found: Recurrent) -> Part:
    """Describe a layer before any call."""
    held = list(getattr(found.top, "layers", None) or ())
    return Part(
        found.address,
        found.states,
        found.gates,
        found.stateful,
        found.top.name,
        nested=bool(held),
        sliced=is_a(found.top, TIME_DISTRIBUTED),
        backwards=bool(found.layer.go_backwards),
    )


def seen_part(part: Part, whole: Shown, trials: Trials) -> Part:
    """Add what a call showed of a layer; one that was not reached moved nothing."""
    seen = whole.layers.get(part.address, Seen(0, 0, 0, False, False, {}))
    begun = [trials.begun.get(f"{part.address}/{name}") for name in part.states]
    return replace(
        part,
        readable=_readable(trials.model, part.top),
        empty=not any(value is not None and np.any(value) for value in begun),
        moved=seen.moved,
        uses=seen.uses,
        timesteps=seen.timesteps,
        rows=seen.rows,
        follows=part.address in _following(trials),
        sizes={name: size_of(value) for name, value in seen.finals.items()},
    )


def _following(trials: Trials) -> set[str]:
    """Name the layers that see the timesteps of an input; none of a model without a graph."""
    tensors = list(getattr(trials.model, "inputs", None) or ())
    reached = {id(layer) for tensor in tensors for layer in following(trials.model, tensor)}
    parts = trials.recorder.layers
    return {p.address for p in parts if id(p.top) in reached or id(p.layer) in reached}


def _readable(model: Any, top: str) -> bool:
    """Tell whether a second model can be made from a layer's output: the layer has one node."""
    if not getattr(model, "inputs", None):
        return False
    try:
        return getattr(model.get_layer(top), "output", None) is not None
    except (AttributeError, ValueError, RuntimeError):  # several outputs, or none
        return False


def size_of(array: Array) -> float:
    """Return max|.| of the numbers that are finite."""
    return float(np.max(np.abs(array), initial=0, where=np.isfinite(array)))
