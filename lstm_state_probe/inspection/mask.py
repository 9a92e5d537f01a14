"""Masks: whether a layer takes one, gets one in this model, and what it hides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.inspection.calls import Made
from lstm_state_probe.inspection.data import MaskInspection
from lstm_state_probe.inspection.mask_makers import makers_of
from lstm_state_probe.layers.find import Recurrent

NOTHING, END, ROW, OTHER = "nothing", "the end", "a whole row", "other timesteps"


def inspect_mask(part: Recurrent, model: Any, made: Sequence[Made]) -> MaskInspection:
    """Tell what the calls showed of a layer's mask."""
    calls = [call for one in made for call in one.calls if call.layer == part.address]
    masks = [call.mask for call in calls if call.mask is not None]
    zero = getattr(part.layer, "zero_output_for_mask", None)
    return MaskInspection(
        supported=bool(part.layer.supports_masking),
        received=bool(masks) if calls else None,
        made_by=makers_of(part, model) if masks else (),
        hides=hidden(masks[0]) if masks else None,
        zero_output=None if zero is None else bool(zero),
    )


def hidden(mask: Array) -> str:
    """Say what a mask (batch, timesteps) hides, in the way that decides about cuDNN."""
    if mask.all():
        return NOTHING
    if not mask.any(axis=1).all():
        return ROW
    lengths = mask.sum(axis=1, keepdims=True)
    right_padded = np.arange(mask.shape[1]) < lengths
    return END if (mask == right_padded).all() else OTHER
