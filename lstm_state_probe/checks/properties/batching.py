"""What Keras does with a batch that does not fit a stateful layer."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _odd(sketch: Sketch, extra: int, **about: Any) -> None:
    """Predict in batches with `extra` samples left for the last one; that alone must fail.

    The whole batch before it shows that predict itself works, and leaves states that are not zero
    and that the same samples would not lead to again.
    """
    size = sketch.subject.batch
    sketch.do("predict", {"x": sketch.unlike(), "batch_size": size})
    x = sketch.samples(f"and_{extra}", range(size + extra))
    arguments = {"x": x, "batch_size": size}
    sketch.do("predict", arguments, **{"raises": ".", "allow_partial_batch": True, **about})


def _refused(sketch: Sketch) -> None:
    sketch.moving()
    if sketch.subject.batch < 3:
        raise DoesNotApply("a batch leaves no remainder of two")
    unchanged = {"unchanged": True, "finite": True}
    _odd(sketch, 2, expect=sketch.each_moving(unchanged, when="@held"))


def _broadcast(sketch: Sketch) -> None:
    sketch.stateful()
    if sketch.subject.batch < 2:
        raise DoesNotApply("a batch of one leaves no remainder")
    _odd(sketch, 1)


BATCHING = (
    Property(
        "partial-batch-refused",
        "Is a last batch that does not fit refused before anything is done?",
        "Keras fails at the last batch when the ones before it have moved the states already:"
        " reset before you try again, and give whole batches only.",
        "warn",
        _refused,
    ),
    Property(
        "no-broadcast",
        "Is a last batch of one sample refused?",
        "The last sample is repeated over the whole batch without a word: every row's state is"
        " moved by it, and there are more predictions than samples.",
        "warn",
        _broadcast,
    ),
)
