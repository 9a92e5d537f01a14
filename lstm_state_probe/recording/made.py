"""What a state that a layer made for itself was made from: zeros, a weight, a random number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.engines.starts.drawing import PYTHON, RANDOM, SEEDED, VARIABLE
from lstm_state_probe.engines.starts.starting import Start
from lstm_state_probe.recording.call import Origin

ZEROS = Origin("zeros", "zeros: as the layer was built")
BUILT = Origin("custom", "custom: what the layer was built with")
STATELESS = Origin("zeros", "zeros: stateless, made for this call")
OWN_WAY = Origin("custom", "custom: made by the call of the layer itself")
CUSTOM = Origin("custom", "custom: what get_initial_state of the cell returns")
DRAWN = Origin("random", "random: drawn for this call")
_SEED = Origin("custom", "custom: drawn from a seed that no generator is seen to move")
_PYTHON = Origin("custom", "custom: made by Python's code; whether it is random cannot be seen")
_ONCE = ", read once when the layer was built"


def made(initial: Array, start: Start | None) -> Origin:
    """Tell where the start came from that a layer made for this call.

    A random number is told before zeros, and so is a weight: what stands in it may be zero by
    chance. So may what a variable holds, such as a counter.
    """
    if start is not None and start.weights:
        return _learned(initial, start)
    if start is not None and RANDOM in start.kinds:
        return DRAWN
    if not np.any(initial) and (start is None or not start.kinds & {PYTHON, SEEDED, VARIABLE}):
        return STATELESS
    if start is None:
        return OWN_WAY
    return _PYTHON if PYTHON in start.kinds else _SEED if SEEDED in start.kinds else CUSTOM


def made_once(held: Array, start: Start | None, layer: Any) -> Origin:
    """Tell what a stateful layer was built with: Keras asks `get_initial_state` once for it."""
    if start is not None and (start.weights or start.kinds):
        origin = made(held, start)
        if origin.word == "learned":
            return replace(origin, words=origin.words + _ONCE)
        if origin.word == "random":
            return replace(origin, words="random: drawn once, when the layer was built")
        return BUILT if origin is CUSTOM else origin
    if not np.any(held):
        return ZEROS
    if start is not None:
        return BUILT
    path = equal_weight(held, layer)  # where the making was not seen
    return BUILT if path is None else Origin("learned", f"learned: {path}{_ONCE}")


def equal_weight(held: Array, layer: Any) -> str | None:
    """Find the trainable weight of a layer that a state is, row by row; return its path."""
    for weight in layer.trainable_weights:
        if _rows_equal(held, weight.numpy()):
            return str(getattr(weight, "path", weight.name)).removesuffix(":0")
    return None


def _learned(initial: Array, start: Start) -> Origin:
    """Tell which of the weights that a state was made from it is, bit for bit.

    A state may be computed from weights and equal none: then all of them are named. With random
    numbers in it too it is learned all the same: training moves it.
    """
    weights: Mapping[str, Array | None] = start.weights
    for path, value in weights.items():
        if value is not None and _rows_equal(initial, value):
            return Origin("learned", f"learned: {path}")
    noise = " and random numbers" if RANDOM in start.kinds else ""
    return Origin("learned", f"learned: computed from {', '.join(weights)}{noise}")


def _rows_equal(initial: Array, value: Array) -> bool:
    """Compare every row of (batch, units) with the one of a weight."""
    if not len(initial) or value.size != initial[0].size:
        return False
    row = value.reshape(initial.shape[1:]).astype(initial.dtype)
    return bitwise_equal(initial, np.broadcast_to(row, initial.shape))


def bitwise_equal(initial: Array, held: Array) -> bool:
    """Compare bit for bit, in the dtype in which the call computed; NaN equals itself."""
    if initial.shape != held.shape:
        return False
    started, kept = widened(initial), widened(held.astype(initial.dtype))
    return np.array_equal(started, kept, equal_nan=started.dtype.kind == "f")
