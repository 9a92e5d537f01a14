"""What `fit` does to the states of a stateful model."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply, Part
from lstm_state_probe.scenario.written.base import names_in

LEAST_BATCHES, LEAST_ROWS = 4, 64
"""So many that a shuffle hardly leaves the first batch where it was."""
_KEEPING_OFF = frozenset(
    {
        *("BackupAndRestore", "CSVLogger", "EarlyStopping", "History", "LearningRateScheduler"),
        *("ModelCheckpoint", "ProgbarLogger", "ReduceLROnPlateau", "RemoteMonitor"),
        *("SwapEMAWeights", "TensorBoard", "TerminateOnNaN"),
    }
)
"""Keras's callbacks that touch no state; some of them write files, or end a fit."""
_DRAWN = ("normal", "uniform", "integers")


def _trained(sketch: Sketch) -> None:
    sketch.moving()
    if not sketch.subject.compiled:
        raise DoesNotApply("the model is not compiled")
    if sketch.subject.y is None:
        raise DoesNotApply("nothing is trained, and no y is known")


def _validation(sketch: Sketch) -> None:
    _trained(sketch)
    once = [part for part in sketch.moving() if not part.sliced]
    if not once:
        raise DoesNotApply("a layer is called several times a batch, which hides the epochs")
    x, y = sketch.batch(), sketch.of(sketch.subject.y)
    callbacks = _callbacks(sketch, "validation_data", "validation_split")
    size = sketch.subject.batch
    fit = {"x": x, "y": y, "batch_size": size, "epochs": 2, "shuffle": False, **callbacks}
    validated = {**fit, "validation_data": [sketch.unlike(), y]}
    if not callbacks:
        sketch.do("fit", validated, expect=_second_epoch(once, "{}[{end}]"))
        return
    if sketch.subject.noisy:
        raise DoesNotApply("dropout or noise in training hides what the callbacks do")
    if not _still(sketch):
        raise DoesNotApply("training, which cannot be stopped here, hides what the callbacks do")
    sketch.do("fit", fit, label="alone")
    sketch.begin_again()
    sketch.do("fit", validated, expect=_second_epoch(once, "alone: {}[{next}]@initial"))


def _second_epoch(parts: list[Part], reference: str) -> dict[str, Any]:
    """Expect where the second epoch starts: there are a training and a validation batch before."""
    expect: dict[str, Any] = {}
    for part in parts:
        selector, uses = f"{part.address}/*", max(part.uses, 1)
        places = {"{}": selector, "{end}": str(uses - 1), "{next}": str(uses)}
        text = reference
        for mark, value in places.items():
            text = text.replace(mark, value)
        same = {"same_as": text, "atol": 0, "rtol": 0, "finite": True}
        expect[f"{selector}[{2 * uses}]@initial"] = same
    return expect


def _in_order(sketch: Sketch) -> None:
    _trained(sketch)
    subject = sketch.subject
    if subject.fits is None:
        raise DoesNotApply("the scenario does not fit")
    if subject.noisy:
        raise DoesNotApply("dropout or noise in training hides the order of the samples")
    rows = subject.batch * max(LEAST_BATCHES, math.ceil(LEAST_ROWS / subject.batch))
    x, y = _many(sketch, rows)
    fit = {"x": x, "y": y, "batch_size": subject.batch, **_callbacks(sketch)}
    last = rows // subject.batch - 1
    batches = [0, last // 2, last]
    if _still(sketch):
        sketch.do("fit", {**fit, "shuffle": False}, label="in order")
    elif subject.apart:
        raise DoesNotApply("training passes differ from predictions, which hides the order")
    else:  # the weights are those of the prediction for the first batch alone
        batches = [0]
        sketch.do("predict", {"x": x, "batch_size": subject.batch}, label="in order")
    sketch.begin_again()
    sketch.do("fit", {**fit, **_shuffle(sketch)}, expect=_each_batch(sketch, batches))


def _each_batch(sketch: Sketch, batches: Sequence[int]) -> dict[str, Any]:
    """Expect the states after some batches to be as in order."""
    expect: dict[str, Any] = {}
    for part in sketch.moving():
        for batch in batches:
            selector = f"{part.address}/*[{batch * max(part.uses, 1)}]"
            expect[selector] = sketch.alike(part, f"in order: {selector}")
    return expect


def _still(sketch: Sketch) -> bool:
    """Let training change no weight, so that fits can be compared; False where it is not written.

    A learning rate of 0 leaves each weight the same bits.
    """
    compiled = sketch.model.get("compile")
    if compiled is not None:
        optimizer = {"SGD": {"learning_rate": 0.0}}
        sketch.model = {**sketch.model, "compile": {**compiled, "optimizer": optimizer}}
    return compiled is not None


def _callbacks(sketch: Sketch, *having: str) -> Mapping[str, Any]:
    """Return the callbacks of the scenario's fits that may do something to the states.

    Of several fits the one with the fewest counts, of those `having` an argument if there are any.
    """
    fits = list(sketch.subject.fits or ())
    fits = [fit for fit in fits if any(name in fit for name in having)] or fits
    kept = [
        [one for one in fit.get("callbacks") or () if _name(one) not in _KEEPING_OFF]
        for fit in fits
    ]
    fewest = min(kept, key=len, default=[])
    return {"callbacks": fewest} if fewest else {}


def _name(written: Any) -> str:
    return next(iter(written)) if isinstance(written, dict) else str(written)


def _shuffle(sketch: Sketch) -> dict[str, Any]:
    """Return how the scenario has its fits shuffled; nothing leaves it to Keras."""
    written = [fit.get("shuffle", True) for fit in sketch.subject.fits or ()]
    return {"shuffle": False} if written and not any(written) else {}


def _many(sketch: Sketch, rows: int) -> tuple[Any, Any]:
    """Return references to many samples: drawn as the scenario draws its own, or its own again."""
    subject = sketch.subject
    names = [name for _, name in names_in(subject.x)]
    drawn = {name: _entry(sketch, name, rows) for name in names}
    if all(drawn.values()):
        for name, entry in drawn.items():
            sketch.data[sketch.fresh(f"{name}_many")] = entry
        y = sketch.samples("many", range(rows), subject.y)
        return sketch.renamed(subject.x, "many"), y
    if not subject.others:
        raise DoesNotApply("rows that are all the same hide the order of the samples")
    chance = random.Random(0)  # the same in each run; in turn, each batch would be the same
    chosen = [chance.randrange(subject.rows) for _ in range(rows)]
    return sketch.samples("many", chosen), sketch.samples("many", chosen, subject.y)


def _entry(sketch: Sketch, name: str, rows: int) -> dict[str, Any] | None:
    """Return the scenario's own way to draw an array, for more rows; None where it is no draw."""
    written = sketch.subject.data.get(name)
    for way in _DRAWN:
        if isinstance(written, dict) and way in written:
            shape = [rows, *sketch.subject.shapes[name][1:]]
            return {way: {**written[way], "shape": shape}}
    return None


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
