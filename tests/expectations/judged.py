"""Quantities and outcomes made by hand; no TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_state_probe.expectations.conditions import CONDITIONS
from lstm_state_probe.expectations.judging import Finding
from lstm_state_probe.expectations.quantity import Quantity
from lstm_state_probe.expectations.verdict import Broken
from lstm_state_probe.recording.call import Call, Origin, State
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.scenario.written.conditions import Condition

CARRIED = Origin("carried", "carried from operation 1, batch 1")


def quantity(value: Any, start: Any = None, **other: Any) -> Quantity:
    began = None if start is None else np.asarray(start)
    return Quantity("lstm/h", np.asarray(value), began, **other)


def judge(
    name: str, found: Quantity, expected: Any = True, **tolerances: float
) -> tuple[bool, str]:
    """Judge one entry of a condition; tell whether it held, and the message."""
    written = {name: "lstm/h" if isinstance(expected, Quantity) else expected, **tolerances}
    condition = Condition.model_validate(written)
    try:
        return True, CONDITIONS[name](found, expected, condition)
    except Finding as finding:
        return False, str(Broken(found.name, name, str(finding), finding.worst))


def call(layer: str, k: int, *, states: tuple[str, ...] = ("h", "c"), batch: int = 2) -> Call:
    """Make the k-th call of a layer: every state starts at k and ends at k + 1."""
    made = {
        name: State(np.full((batch, 3), float(k)), np.full((batch, 3), k + 1.0), CARRIED)
        for name in states
    }
    return Call(layer, "predict", -1, k, 0, 5, None, made)


def outcome(*calls: Call, **other: Any) -> Outcome:
    plain = {"operation": "predict", "label": None, "before": {}, "held": {}}
    return Outcome(calls=calls, **{**plain, **other})
