"""Whether it matters how data are cut: into rows of a batch, into chunks of a sequence."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _rows(sketch: Sketch) -> None:
    subject = sketch.subject
    if subject.batch < 2 or not subject.unlike:
        rows = "one row" if subject.batch < 2 else "rows that are all the same"
        raise DoesNotApply(f"a batch has {rows}")
    sketch.begin_again()
    sketch.do("predict_on_batch", {"x": sketch.batch()}, label="together")
    sketch.begin_again()
    others = sketch.samples("first_only", [0] * subject.batch)
    same = {"same_as": "together: *", "samples": [0]}
    expect = {"*": same, "result": {**same, "same_as": "together: result"}}
    sketch.do("predict_on_batch", {"x": others}, expect=expect)


def _chunks(sketch: Sketch) -> None:
    sketch.stateful()
    sketch.one_sequence(2)
    sketch.free()
    half = sketch.subject.timesteps // 2
    sketch.begin_again()
    sketch.do("predict_on_batch", {"x": sketch.batch()}, label="whole")
    sketch.begin_again()
    first = sketch.in_time("begin", timesteps={"start": 0, "stop": half})
    sketch.do("predict_on_batch", {"x": first})
    second = sketch.in_time("end", timesteps={"start": half})
    expect = sketch.each_stateful({"same_as": "whole: {}"})
    sketch.do("predict_on_batch", {"x": second}, expect=expect)


DIVIDING = (
    Property(
        "rows-independent",
        "Do the rows of a batch leave each other alone?",
        "What a sample's states become depends on which other samples are in its batch: results"
        " change with the batching, and one sample leaks into another.",
        "error",
        _rows,
    ),
    Property(
        "chunks-agree",
        "Does a sequence that is split into chunks end in the states of the whole one?",
        "Feeding a long sequence piece by piece gives other states than feeding it whole. A layer"
        " that reads backwards begins each chunk with the state of the chunk before it in time.",
        "error",
        _chunks,
    ),
)
