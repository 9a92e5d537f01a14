"""Whether padding moves the states, with a mask and without."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply
from lstm_state_probe.scenario.base import names_in

PADDING = 2
"""Timesteps that are padded."""


def _mask_holds(sketch: Sketch) -> None:
    sketch.one_sequence(1)
    if len(list(names_in(sketch.subject.x))) > 1:
        raise DoesNotApply("the model has several inputs, and which of them a mask is for is open")
    if sketch.subject.own_mask is not None:
        _own_mask(sketch, sketch.subject.own_mask)
    elif sketch.subject.lost_mask is not None:
        raise DoesNotApply(sketch.subject.lost_mask)
    elif sketch.subject.free is not None:
        sketch.free()
        padded = sketch.in_time("padded", padding=PADDING, value=1)
        mask = _mask(sketch, sketch.subject.timesteps)
        _compare(sketch, ("call", {"x": sketch.batch()}), ("call", {"x": padded, "mask": mask}))
    else:
        _two_paddings(sketch)


def _own_mask(sketch: Sketch, value: float) -> None:
    sketch.free()
    padded = sketch.in_time("padded", padding=PADDING, value=value)
    plain = ("predict_on_batch", {"x": sketch.batch()})
    _compare(sketch, plain, ("predict_on_batch", {"x": padded}))


def _two_paddings(sketch: Sketch) -> None:
    """Compare two paddings of a model that takes one number of timesteps only."""
    kept = sketch.subject.timesteps - PADDING
    sketch.one_sequence(PADDING + 1)
    mask = _mask(sketch, kept)
    cut = {"timesteps": {"start": 0, "stop": kept}, "padding": PADDING}
    zeros, ones = (sketch.in_time(f"padded_{k}", value=k, **cut) for k in (0, 1))
    _compare(sketch, ("call", {"x": zeros, "mask": mask}), ("call", {"x": ones, "mask": mask}))


def _mask(sketch: Sketch, valid: int) -> str:
    shape = [sketch.subject.batch, valid]
    whole, mask = sketch.fresh("valid"), sketch.fresh("mask")
    sketch.data[whole] = {"constant": {"value": True, "shape": shape, "dtype": "bool"}}
    sketch.data[mask] = {"derived": {"of": whole, "padding": PADDING, "value": False}}
    return mask


def _compare(sketch: Sketch, one: tuple[str, Any], other: tuple[str, Any]) -> None:
    sketch.begin_again()
    sketch.do(*one, label="unpadded")
    sketch.begin_again()
    sketch.do(*other, expect={"*": {"same_as": "unpadded: *"}})


def _harmless(sketch: Sketch) -> None:
    sketch.one_sequence(1)
    if sketch.subject.own_mask is not None:
        raise DoesNotApply("the model masks its padding itself; mask-holds tells whether it does")
    sketch.free()
    padded = sketch.in_time("padded", padding=PADDING, value=0)
    plain = ("predict_on_batch", {"x": sketch.batch()})
    _compare(sketch, plain, ("predict_on_batch", {"x": padded}))


PADDING_PROPERTIES = (
    Property(
        "mask-holds",
        "Does padding with a mask leave the states alone?",
        "The mask does not reach a recurrent layer (a layer before it drops it), or the layer"
        " ignores it: padding is read as data.",
        "error",
        _mask_holds,
    ),
    Property(
        "padding-harmless",
        "Does padding with zeros and no mask leave the states alone?",
        "Every padded timestep moves the states further. Pad with a mask (Masking, or an Embedding"
        " with mask_zero), or pad before the sequence.",
        "warn",
        _harmless,
    ),
)
