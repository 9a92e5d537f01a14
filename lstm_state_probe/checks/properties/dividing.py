"""Whether it matters how data are cut: into rows of a batch, into chunks of a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply


def _rows(sketch: Sketch) -> None:
    subject = sketch.subject
    if subject.batch < 2 or not subject.others:
        rows = "one row" if subject.batch < 2 else "rows that are all the same"
        raise DoesNotApply(f"a batch has {rows}")
    sketch.comparing()
    _predict(sketch, sketch.batch(), label="together")
    for number, disturbed in enumerate(_disturbed(subject.batch), 1):
        chosen = [subject.others[k] if k in disturbed else k for k in range(subject.batch)]
        left = [k for k in range(subject.batch) if k not in disturbed]
        _predict(sketch, sketch.samples(f"other_{number}", chosen), expect=_left(sketch, left))


def _disturbed(batch: int) -> Iterator[frozenset[int]]:
    """Yield rows to put others in the place of, together, so that each pair is parted both ways.

    By the binary digits of their indices: 2 log2(batch) runs in the place of one a row.
    """
    for digit in range((batch - 1).bit_length()):
        for side in (1, 0):
            yield frozenset(k for k in range(batch) if k >> digit & 1 == side)


def _predict(sketch: Sketch, x: Any, **about: Any) -> None:
    """Predict from zero states; a stateful model twice, so that what it carries may leak too."""
    sketch.begin_again()
    if sketch.subject.stateful:
        sketch.do("predict_on_batch", {"x": x})
    sketch.do("predict_on_batch", {"x": x}, **about)


def _left(sketch: Sketch, rows: Sequence[int]) -> dict[str, Any]:
    """Expect the rows that were left as they were to end as together with the others."""
    subject = sketch.subject
    expect = {
        f"{part.address}/*": sketch.alike(part, f"together: {part.address}/*", samples=list(rows))
        for part in subject.parts
        if part.uses and part.rows in (None, subject.batch)  # others fold samples, or timesteps
    }
    if None not in subject.results:
        expect["result"] = sketch.result("together: result", samples=list(rows))
    if not expect:
        raise DoesNotApply("no layer and no output has a row a sample")
    return expect


def _chunks(sketch: Sketch) -> None:
    parts = sketch.moving()
    sketch.one_sequence(2)
    sketch.free()
    sketch.comparing()
    cuts = sketch.subject.lengths.cuts
    if not cuts:
        raise DoesNotApply(f"the model takes {sketch.subject.timesteps} timesteps and no fewer")
    sketch.begin_again()
    sketch.do("predict_on_batch", {"x": sketch.batch()}, label="whole")
    sketch.begin_again()
    for start, stop in zip((0, *cuts), (*cuts, None), strict=True):
        part = {"start": start} if stop is None else {"start": start, "stop": stop}
        sketch.do("predict_on_batch", {"x": sketch.in_time(f"from_{start}", timesteps=part)})
    sketch.operations[-1]["expect"] = {
        f"{part.address}/*": sketch.alike(part, f"whole: {part.address}/*") for part in parts
    }


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
