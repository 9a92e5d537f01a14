"""What survives saving and loading, and what merely looking changes."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import EXACT, Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _reload(sketch: Sketch) -> None:
    sketch.moving()
    sketch.do("predict_on_batch", {"x": sketch.batch()}, label="before")
    expect = sketch.each_moving({"same_as": "before: {}@held", **EXACT}, when="@held")
    sketch.do("reload", {}, **{"raises": False, "expect": expect})


def _look(sketch: Sketch) -> None:
    parts = sketch.moving()
    tops = dict.fromkeys(part.top for part in parts if part.readable and not part.nested)
    if not tops:
        nested = all(part.nested for part in parts)
        where = "are inside a nested model, out of its reach" if nested else "have no such output"
        raise DoesNotApply(f"the stateful layers {where}")
    # what looking puts back to zero is seen from another state alone
    sketch.do("predict_on_batch", {"x": sketch.unlike()})
    for top in tops:
        sketch.do(
            "inner_output",
            {"layer": top, "x": sketch.batch()},
            expect=sketch.each_moving({"unchanged": True, "finite": True}, when="@held"),
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
