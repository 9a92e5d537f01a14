"""What `fit` does to the states of a stateful model."""

from __future__ import annotations

import math
from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply
from lstm_state_probe.scenario.base import names_in

LEAST_BATCHES, LEAST_ROWS = 4, 64
"""So many that a shuffle hardly leaves the first batch where it was."""


def _trained(sketch: Sketch) -> None:
    sketch.stateful()
    if not sketch.subject.compiled:
        raise DoesNotApply("the model is not compiled")
    if sketch.subject.y is None:
        raise DoesNotApply("nothing is trained, and no y is known")


def _validation(sketch: Sketch) -> None:
    _trained(sketch)
    once = [part for part in sketch.subject.stateful if not part.sliced]
    if not once:
        raise DoesNotApply("a layer is called several times a batch, which hides the epochs")
    x, y = sketch.batch(), sketch.of(sketch.subject.y)
    arguments = {"x": x, "y": y, "batch_size": sketch.subject.batch, "epochs": 2}
    selectors = [f"{part.address}/*" for part in once]
    sketch.do(
        "fit",
        {**arguments, "shuffle": False, "validation_data": [x, y]},
        # the calls: a training batch, a validation batch, and in epoch 2 the training batch again
        expect={f"{s}[2]@initial": {"same_as": f"{s}[0]", "atol": 0, "rtol": 0} for s in selectors},
    )


def _in_order(sketch: Sketch) -> None:
    _trained(sketch)
    subject = sketch.subject
    if subject.fits is None:
        raise DoesNotApply("the scenario does not fit")
    if subject.noisy:
        raise DoesNotApply("dropout or noise in training hides the order of the samples")
    rows = subject.batch * max(LEAST_BATCHES, math.ceil(LEAST_ROWS / subject.batch))
    many = _fresh(sketch, subject.x, rows)
    y = sketch.samples("many", range(rows), subject.y)
    first = sketch.samples("first", range(subject.batch), many)
    sketch.do("predict_on_batch", {"x": first}, label="in order")
    sketch.begin_again()
    arguments = {"x": many, "y": y, "batch_size": subject.batch, **_shuffle(sketch)}
    expect = sketch.each_stateful({"same_as": "in order: {}"}, call="[0]")
    sketch.do("fit", arguments, expect=expect)


def _shuffle(sketch: Sketch) -> dict[str, Any]:
    """Return how the scenario has its fits shuffled; nothing leaves it to Keras."""
    written = [fit.get("shuffle", True) for fit in sketch.subject.fits or ()]
    return {"shuffle": False} if written and not any(written) else {}


def _fresh(sketch: Sketch, reference: Any, rows: int) -> Any:
    """Draw arrays of the same kind with rows that differ; return a reference to them."""
    names = [name for _, name in names_in(reference)]
    for name in names:
        shape = [rows, *sketch.subject.shapes[name][1:]]
        high = sketch.subject.highest.get(name)
        way = "normal" if high is None else "integers"
        kind = {} if high is None else {"high": high + 1}
        sketch.data[sketch.fresh(f"{name}_many")] = {way: {**kind, "shape": shape}}
    return sketch.renamed(reference, "many")


FITTING = (
    Property(
        "validation-apart",
        "Does validation leave the training states alone?",
        "Validation runs on from the training states and leaves its own behind: epoch 2 starts"
        " from what the validation data made. Reset in a callback, or evaluate apart.",
        "warn",
        _validation,
    ),
    Property(
        "fit-in-order",
        "Does fit keep the samples of a stateful model in their order?",
        "fit shuffles unless told otherwise: the state that is carried on belongs to another"
        " sequence. Say shuffle=False.",
        "warn",
        _in_order,
    ),
)
