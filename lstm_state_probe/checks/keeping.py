"""What survives saving and loading, and what merely looking changes."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import EXACT, Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _reload(sketch: Sketch) -> None:
    sketch.stateful()
    sketch.do("predict_on_batch", {"x": sketch.batch()}, label="before")
    expect = sketch.each_stateful({"same_as": "before: {}@held", **EXACT}, when="@held")
    sketch.do("reload", {}, **{"raises": False, "expect": expect})


def _look(sketch: Sketch) -> None:
    tops = [part.top for part in sketch.stateful() if not part.nested]
    if not tops:
        raise DoesNotApply("the stateful layers are inside a nested model, out of its reach")
    sketch.do(
        "inner_output",
        {"layer": tops[0], "x": sketch.batch()},
        expect=sketch.each_stateful({"unchanged": True}, when="@held"),
    )


KEEPING = (
    Property(
        "survives-reload",
        "Does the state survive saving and loading?",
        "A loaded model starts from zeros again. Save the states beside it, and set them after"
        " loading.",
        "warn",
        _reload,
    ),
    Property(
        "inner-read-neutral",
        "Does reading an inner layer's output leave the states alone?",
        "A second model made of the first one's layers, as in keras.Model(model.input,"
        " model.get_layer(…).output), has the same states and moves them. Put them back after it.",
        "warn",
        _look,
    ),
)
