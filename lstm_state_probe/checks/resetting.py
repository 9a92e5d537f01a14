"""Whether a reset does what its name says."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import EXACT, Sketch


def _restores(sketch: Sketch) -> None:
    sketch.stateful()
    x = sketch.batch()
    sketch.do("predict_on_batch", {"x": x}, label="first")
    sketch.reset()
    again = {"same_as": "first: {}[0]@initial", **EXACT}
    expect = sketch.each_stateful(again, call="[0]", when="@initial")
    sketch.do("predict_on_batch", {"x": x}, expect=expect)


def _reaches_all(sketch: Sketch) -> None:
    parts = sketch.stateful()
    sketch.do("predict_on_batch", {"x": sketch.batch()})
    if sketch.subject.engine == "keras3":  # no reset of the model: a user loops over its layers
        for top in dict.fromkeys(part.top for part in parts):
            sketch.do("reset_states", {"layer": top}, **{"raises": False})
    else:
        sketch.reset()
    sketch.operations[-1]["expect"] = sketch.each_stateful({"zeros": True}, when="@held")


def _repeats(sketch: Sketch) -> None:
    x = sketch.batch()
    sketch.do("predict_on_batch", {"x": x}, label="first")
    if sketch.subject.stateful:
        sketch.reset()
    sketch.do("predict_on_batch", {"x": x}, expect={"result": {"same_as": "first: result"}})


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
        "The same input gives another prediction: something else than the reset states is kept,"
        " or drawn anew, so that results cannot be repeated.",
        "error",
        _repeats,
    ),
)
