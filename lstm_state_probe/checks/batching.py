"""What Keras does with a batch that does not fit a stateful layer."""

from __future__ import annotations

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _odd(sketch: Sketch, extra: int) -> None:
    """Predict in batches with `extra` samples left for the last one; it must fail."""
    size = sketch.subject.batch
    x = sketch.samples(f"and_{extra}", range(size + extra))
    sketch.do(
        "predict",
        {"x": x, "batch_size": size},
        **{"raises": ".", "allow_partial_batch": True},
    )


def _refused(sketch: Sketch) -> None:
    sketch.stateful()
    if sketch.subject.batch < 3:
        raise DoesNotApply("a batch leaves no remainder of two")
    _odd(sketch, 2)
    sketch.operations[-1]["expect"] = sketch.each_stateful({"unchanged": True}, when="@held")


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
