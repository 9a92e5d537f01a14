"""What becomes of a mask in a model: whether it makes one, and whether a given one arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.errors import listed
from lstm_state_probe.layers.families import is_a
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.recorder import Recorder


def own_mask(model: Any) -> float | None:
    """Return the value that a layer of the model masks; None where none does."""
    for layer in model._flatten_layers():
        if is_a(layer, "Masking"):
            return float(layer.mask_value)
        if getattr(layer, "mask_zero", False) is True:
            return 0
    return None


def lost_mask(engine: Engine, model: Any, x: Any, arrays: Mapping[str, Array]) -> str | None:
    """Say why a mask that a call of the model is given does not arrive; None if it does.

    Such a model has no way to be padded with a mask, which is not the same as a wrong one. The
    model is used up: its states move.
    """
    if not isinstance(x, str) or arrays[x].ndim < 2:
        return None
    recorder = Recorder.attach(engine, model, Origins())
    try:
        model(arrays[x], mask=np.ones(arrays[x].shape[:2], bool))
        calls, _ = recorder.take()
    except Exception as error:  # noqa: BLE001 - the boundary: Keras may raise anything
        return f"the model makes no mask, and takes none: {described(error)}"
    finally:
        recorder.detach()
    if any(call.mask is not None for call in calls):
        return None
    layers = listed(dict.fromkeys(call.layer for call in calls))
    return f"the model makes no mask, and one that it is given does not reach {layers}"
