"""What becomes of a mask in a model: whether it makes one, and whether a given one arrives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.checks.feeding import Feed, spec_of
from lstm_state_probe.checks.lengths import is_sequence_only, resolved
from lstm_state_probe.checks.trial import Refused, Shown, Trials
from lstm_state_probe.errors import listed
from lstm_state_probe.layers.families import is_a
from lstm_state_probe.model.takes.consumers import entered, following
from lstm_state_probe.model.takes.inputs import InputSpec


@dataclass(frozen=True)
class Masks:
    """How a model can be padded with a mask: `values` are those that it masks, by input array.

    `makers` are the layers of the model that make a mask; without any, a call takes one. `lost`
    says why neither is possible. Such a model is not a wrong one.
    """

    makers: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    lost: str | None = None


def masks_of(
    model: Any, trials: Trials, feed: Feed, specs: Sequence[InputSpec], sequences: Collection[str]
) -> Masks:
    """Find out how a model is padded; `feed` holds one batch."""
    makers = tuple(layer.name for layer in model._flatten_layers() if _value(layer) is not None)
    if not makers:
        return Masks(lost=_lost(trials, feed, sequences))
    by_spec = _entering(model, specs)
    found = {name: by_spec.get(spec_of(name, feed, specs).name, []) for name in sequences}
    values = {name: masked[0] for name, masked in found.items() if masked}
    if any(len(set(masked)) > 1 for masked in found.values()):
        return Masks(makers, {}, "an input is masked by several layers, of several values")
    if not values:
        what = listed(dict.fromkeys(makers))
        return Masks(makers, {}, f"what {what} masks does not stand at the input of the model")
    return Masks(makers, values)


def _value(layer: Any) -> float | None:
    """Return the value that a layer masks; None where it masks nothing."""
    if is_a(layer, "Masking"):
        return float(layer.mask_value)
    return 0 if getattr(layer, "mask_zero", False) is True else None


def _entering(model: Any, specs: Sequence[InputSpec]) -> dict[str, list[float]]:
    """Return the values that are masked where the numbers of an input arrive as they are."""
    tensors = list(getattr(model, "inputs", None) or ())
    layers = {spec.name: entered(model, t) for spec, t in zip(specs, tensors, strict=False)}
    values = {name: list(map(_value, found)) for name, found in layers.items()}
    return {name: [v for v in found if v is not None] for name, found in values.items()}


def _lost(trials: Trials, feed: Feed, sequences: Collection[str]) -> str | None:
    """Say why a mask that a call is given does not arrive; None if it does."""
    if not sequences:
        return None
    if not is_sequence_only(feed.x, sequences):
        return "the model makes no mask, and has inputs without timesteps beside those with"
    masks: dict[str, Array] = {n: np.ones(a.shape[:2], bool) for n, a in feed.arrays.items()}
    try:
        shown = trials.call(resolved(feed.x, feed.arrays), mask=resolved(feed.x, masks))
    except Refused as error:
        return f"the model makes no mask, and takes none: {error}"
    for addresses in _fed_by_each(trials, shown):
        if not any(shown.layers[address].masked for address in addresses):
            layers = listed(dict.fromkeys(addresses))
            return f"the model makes no mask, and one that it is given does not reach {layers}"
    return None


def _fed_by_each(trials: Trials, shown: Shown) -> list[list[str]]:
    """Name the layers that follow each input; all of them for a model without a graph.

    A layer that is given its states gets no mask of its input in Keras 3 (seen in 3.15).
    """
    found = []
    for tensor in getattr(trials.model, "inputs", None) or ():
        reached = {id(layer) for layer in following(trials.model, tensor)}
        parts = [p for p in trials.recorder.layers if {id(p.top), id(p.layer)} & reached]
        found.append([part.address for part in parts if part.address in shown.layers])
    return [addresses for addresses in found if addresses] or [list(shown.layers)]
