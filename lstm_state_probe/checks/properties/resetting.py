"""Whether a reset does what its name says."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import EXACT, Sketch
from lstm_state_probe.checks.subject import Part

REPEATS = 3
"""Predictions that are compared: what alternates, or counts up slowly, is seen at the third."""


def _restores(sketch: Sketch) -> None:
    sketch.moving()
    x = sketch.batch()
    sketch.do("predict_on_batch", {"x": x}, label="first")
    sketch.reset()
    again = {"same_as": "first: {}[0]@initial", **EXACT}
    expect = sketch.each_moving(again, call="[0]", when="@initial")
    sketch.do("predict_on_batch", {"x": x}, expect=expect)


def _reaches_all(sketch: Sketch) -> None:
    parts = sketch.moving()
    sketch.do("predict_on_batch", {"x": sketch.batch()})
    if sketch.subject.engine != "keras3":
        sketch.reset()
        sketch.operations[-1]["expect"] = _reached(parts)
        return
    for top in dict.fromkeys(part.top for part in parts):  # no reset of the model: a loop over them
        expect = _reached([part for part in parts if part.top == top])
        sketch.do("reset_states", {"layer": top}, **{"raises": False, "expect": expect})


def _reached(parts: Any) -> dict[str, Any]:
    return {f"{part.address}/*@held": {**_emptied(part), "finite": True} for part in parts}


def _emptied(part: Part) -> dict[str, Any]:
    """Say what a reset leaves; a layer that begins elsewhere may be reset to there, or to zero."""
    return {"zeros": True} if part.empty else {"changed": True}


def _repeats(sketch: Sketch) -> None:
    x = sketch.batch()
    expect: dict[str, Any] = {"result": sketch.result("first: result")}
    expect |= {
        f"{part.address}/*": sketch.alike(part, f"first: {part.address}/*")
        for part in sketch.subject.parts
        if part.uses
    }
    sketch.do("predict_on_batch", {"x": x}, label="first")
    for _ in range(REPEATS - 1):
        if sketch.subject.stateful:
            sketch.reset()
        sketch.do("predict_on_batch", {"x": x}, expect=expect)


RESETTING = (
    Property(
        "reset-restores",
        "Does a reset bring the initial state back?",
        "After a reset the next sequence does not begin where the first one began: what came"
        " before still has a hand in it.",
        "error",
        _restores,
    ),
    Property(
        "reset-reaches-all",
        "Does Keras's own reset reach every stateful layer: model.reset_states() of tf_keras, the"
        " loop over model.layers of Keras 3?",
        "A layer inside a nested model, a wrapper or another layer keeps its states though you"
        " believe that everything was reset. Reset it by itself.",
        "error",
        _reaches_all,
    ),
    Property(
        "predict-repeats",
        "Is a repeated predict, after a reset, the same?",
        "The same input gives another prediction, or other states: something else than the reset"
        " states is kept, or drawn anew, so that results cannot be repeated.",
        "error",
        _repeats,
    ),
)
