"""Whether padding moves the states, with a mask and without."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lstm_state_probe.checks.base import Property
from lstm_state_probe.checks.inputs import replaced
from lstm_state_probe.checks.lengths import PADDING
from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.checks.subject import DoesNotApply, Part

Ends = Mapping[str, tuple[int, int]]
"""{address: the timesteps of a layer that are no padding, all of them}."""


def _mask_holds(sketch: Sketch) -> None:
    masks = sketch.subject.masks
    sketch.timed(1)
    if masks.lost is not None:
        raise DoesNotApply(masks.lost)
    sketch.comparing()
    if sketch.subject.free is not None and sketch.subject.lengths.padded:
        _longer(sketch, masks.values)
    elif masks.values:
        _one_length(sketch, masks.values)
    else:
        _two_paddings(sketch)


def _longer(sketch: Sketch, values: Mapping[str, float]) -> None:
    """Compare a batch with the same padded; and its end with its last timestep that is none."""
    sketch.free()
    lengths = sketch.subject.lengths
    _record(sketch, lengths.padded)
    if values:
        padded = sketch.padded(lengths.names, lengths.padding, values)
        runs = [("predict_on_batch", {"x": x}) for x in (sketch.batch(), padded)]
    else:
        padded = sketch.padded(lengths.names, lengths.padding, _junk(sketch))
        mask = _masks(sketch, lengths.names, lengths.padding, 0)
        runs = [("call", {"x": sketch.batch()}), ("call", {"x": padded, "mask": mask})]
    same = {
        f"{part.address}/*": sketch.alike(part, f"unpadded: {part.address}/*")
        for part in sketch.subject.parts
        if part.uses and not part.sliced
    }
    _compare(sketch, runs, "unpadded", {**same, **_held(sketch, lengths.padded)})


def _one_length(sketch: Sketch, values: Mapping[str, float]) -> None:
    """Put what is masked in the place of the last timesteps of a model that takes no other."""
    padding, ends = _ends(sketch)
    _record(sketch, ends)
    padded = sketch.padded(tuple(values), padding, values, kept=True)
    sketch.begin_again()
    sketch.do("predict_on_batch", {"x": padded}, expect=_held(sketch, ends))


def _two_paddings(sketch: Sketch) -> None:
    """Compare two paddings of a model that takes one number of timesteps only."""
    padding, ends = _ends(sketch)
    _record(sketch, ends)
    names = sketch.subject.sequences
    mask = _masks(sketch, names, padding, padding)
    runs = []
    for suffix, values in (("padded_0", {}), ("padded_1", _junk(sketch))):
        x = sketch.padded(names, padding, values, kept=True, suffix=suffix)
        runs.append(("call", {"x": x, "mask": mask}))
    same = {
        f"{part.address}/*": sketch.alike(part, f"padded with 0: {part.address}/*")
        for part in sketch.subject.parts
        if part.uses and not part.sliced
    }
    _compare(sketch, runs, "padded with 0", {**same, **_held(sketch, ends)})


def _ends(sketch: Sketch) -> tuple[int, Ends]:
    """Return how many of the last timesteps are padded, and the layers that see them.

    A layer behind a pooling one sees one in so many timesteps: whole windows are padded.
    """
    count = sketch.subject.timesteps
    sketch.timed(PADDING + 1)
    if len({sketch.subject.shapes[name][1] for name in sketch.subject.sequences}) > 1:
        raise DoesNotApply("the inputs have different numbers of timesteps, and take no other")
    strides = {
        part.address: count // part.timesteps
        for part in sketch.subject.parts
        if part.follows and not part.sliced and part.timesteps and count % part.timesteps == 0
    }
    if not strides:
        raise DoesNotApply(f"no layer sees the {count} timesteps of the input, which are fixed")
    window = math.lcm(*strides.values())
    padding = window * math.ceil(PADDING / window)
    if padding >= count:
        raise DoesNotApply(
            f"the {count} timesteps of the input are fixed, and too few to be padded"
        )
    ends = {address: ((count - padding) // n, count // n) for address, n in strides.items()}
    return padding, ends


def _record(sketch: Sketch, ends: Ends) -> None:
    """Keep the timesteps that are compared."""
    kept = {at for part in sketch.subject.parts for at in _places(part, ends)}
    sketch.record = {"timesteps": sorted(kept) or "final"}


def _held(sketch: Sketch, ends: Ends) -> dict[str, Any]:
    """Expect that each layer ends as its last timestep left it that is no padding.

    A layer that reads backwards meets the padding first, and leaves it as it began.
    """
    return {
        f"{part.address}/*@{at}": sketch.alike(
            part, f"{part.address}/*@initial" if part.backwards else f"{part.address}/*"
        )
        for part in sketch.subject.parts
        for at in _places(part, ends)
    }


def _places(part: Part, ends: Ends) -> tuple[int, ...]:
    """Return the timesteps of the loop around the padding, and the first of the padding itself.

    What turns back and forth is at the end of the padding where it was before by chance.
    """
    if part.address not in ends or not part.follows:
        return ()
    valid, count = ends[part.address]
    return (count - valid - 1, 0) if part.backwards else (valid - 1, valid)


def _junk(sketch: Sketch) -> dict[str, float]:
    """Return what stands where a mask hides it: not zero, of which a layer may make nothing."""
    highest = sketch.subject.highest
    return {name: min(1, highest.get(name, 1)) for name in sketch.subject.sequences}


def _masks(sketch: Sketch, names: Sequence[str], padding: int, cut: int) -> Any:
    """Refer to masks for the inputs: true, and false for the padding of those `names`."""
    subject, made = sketch.subject, {}
    for name in subject.sequences:
        valid = subject.shapes[name][1] - (cut if name in names else 0)
        made[name] = _mask(sketch, valid, padding if name in names else 0)
    return replaced(subject.x, made)


def _mask(sketch: Sketch, valid: int, padding: int) -> str:
    size = "" if len(sketch.subject.sequences) == 1 else f"_{valid}"
    whole, mask = sketch.fresh(f"valid{size}"), sketch.fresh(f"mask{size}")
    shape = [sketch.subject.batch, valid]
    sketch.data[whole] = {"constant": {"value": True, "shape": shape, "dtype": "bool"}}
    if not padding:
        return whole
    sketch.data[mask] = {"derived": {"of": whole, "padding": padding, "value": False}}
    return mask


def _compare(
    sketch: Sketch, runs: Sequence[tuple[str, Any]], label: str, expect: Mapping[str, Any]
) -> None:
    one, other = runs
    sketch.begin_again()
    sketch.do(*one, label=label)
    sketch.begin_again()
    sketch.do(*other, expect=dict(expect))


def _harmless(sketch: Sketch) -> None:
    subject = sketch.subject
    sketch.timed(1)
    if subject.masks.makers:
        raise DoesNotApply("the model masks its padding itself; mask-holds tells whether it does")
    sketch.free()
    sketch.comparing()
    if not subject.lengths.padded:
        takes = f"the model takes {subject.timesteps} timesteps and no other"
        raise DoesNotApply(f"{takes}, or no layer sees more of them")
    if not any(part.moved for part in subject.parts):
        raise DoesNotApply("the data move no state, so that it would hold in vain")
    padded = sketch.padded(subject.lengths.names, subject.lengths.padding, {})
    runs = [("predict_on_batch", {"x": x}) for x in (sketch.batch(), padded)]
    same = {
        f"{part.address}/*": sketch.alike(part, f"unpadded: {part.address}/*")
        for part in subject.parts
        if part.uses and not part.sliced
    }
    _record(sketch, subject.lengths.padded)
    within = {
        f"{part.address}/*@{at}": sketch.alike(
            part, f"{part.address}/*@initial" if part.backwards else f"unpadded: {part.address}/*"
        )
        for part in subject.parts
        for at in _places(part, subject.lengths.padded)[-1:]
    }
    _compare(sketch, runs, "unpadded", {**same, **within})


PADDING_PROPERTIES = (
    Property(
        "mask-holds",
        "Does padding with a mask leave the states alone?",
        "The mask does not reach a recurrent layer (a layer before it drops it), or the layer"
        " ignores it: padding is read as data.",
        "error",
        _mask_holds,
    ),
    Property(
        "padding-harmless",
        "Does padding with zeros and no mask leave the states alone?",
        "Every padded timestep moves the states further. Pad with a mask (Masking, or an Embedding"
        " with mask_zero), or pad before the sequence.",
        "warn",
        _harmless,
    ),
)
