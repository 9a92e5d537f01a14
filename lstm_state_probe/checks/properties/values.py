"""What the values of states and gates say of a model's health."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply

CALLS = 24
SIGMOIDS = frozenset("ifozr")
"""The gates that are meant to lie in [0, 1]; the candidate `g` is not one of them."""


def _bounded(sketch: Sketch) -> None:
    parts = sketch.moving()
    one = {"predict_on_batch": {"x": sketch.batch()}}
    expect = {f"{part.address}/*": {"bounded": True} for part in parts}
    sketch.do("repeat", {"times": CALLS, "operations": [one]}, expect=expect)


def _alive(sketch: Sketch) -> None:
    hidden = [
        f"{part.address}/{name}"
        for part in sketch.subject.parts
        if part.uses
        for name in part.states
        if name.rpartition("/")[2] == "h"
    ]
    if not hidden:
        raise DoesNotApply("no layer has a hidden state h")
    sketch.record = {}
    expect = {f"{address}@all": {"alive": True, "finite": True} for address in hidden}
    sketch.do("predict_on_batch", {"x": sketch.batch()}, expect=expect)


def _open(sketch: Sketch) -> None:
    gates = [
        f"{part.address}/{name}"
        for part in sketch.subject.parts
        if part.uses
        for name in part.gates
        if name.rpartition("/")[2] in SIGMOIDS
    ]
    if not gates:
        raise DoesNotApply("no layer has gates")
    sketch.record = {"gates": True}
    expect = {f"{address}@all": {"unsaturated": True, "finite": True} for address in gates}
    sketch.do("predict_on_batch", {"x": sketch.batch()}, expect=expect)


VALUES = (
    Property(
        "state-bounded",
        f"Does the state stay bounded over {CALLS} calls?",
        "The state keeps growing from call to call, until numbers lose their precision or become"
        " infinite. Reset now and then, or use an activation that is bounded.",
        "warn",
        _bounded,
    ),
    Property(
        "units-alive",
        "Does every unit of h say something?",
        "A unit that is 0 at every timestep of every sample has no part in the result; with relu"
        " it may never learn again.",
        "warn",
        _alive,
    ),
    Property(
        "gates-unsaturated",
        "Are the gates free to move?",
        "A gate that is nearly shut or open whatever comes in passes hardly any gradient: what it"
        " should learn to keep or to forget is fixed.",
        "warn",
        _open,
    ),
)
