"""What is worth a look in the states of one operation: pure NumPy, plain data, no words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.finite import NotFinite, first_not_finite
from lstm_state_probe.report.data import LayerReport
from lstm_state_probe.report.words.findings_growth import (
    Growth,
    growth_per_call,
    growth_per_timestep,
)
from lstm_state_probe.report.words.findings_units import Dead, Saturated, dead, saturated


@dataclass(frozen=True)
class Masked:
    """How many timesteps a mask held, counted for each sample, in all calls of a layer."""

    layer: str
    held: int
    count: int
    samples: int
    wholly: int


@dataclass(frozen=True)
class LostMask:
    """A layer whose calls had no mask, because `why`."""

    layer: str
    why: str


Finding = LostMask | NotFinite | Saturated | Dead | Growth | Masked


def findings(calls_by_layer: Mapping[str, Sequence[Call]]) -> list[Finding]:
    """Look at all calls of an operation, layer by layer."""
    found: list[Finding | None] = []
    for layer, calls in calls_by_layer.items():
        found.append(first_not_finite(layer, calls))
        found += saturated(layer, calls)
        found += dead(layer, calls)
        found += growth_per_timestep(layer, calls)
        found += growth_per_call(layer, calls)
        found.append(masked(layer, calls))
    return [finding for finding in found if finding is not None]


def lost_mask(layer: LayerReport, calls: Sequence[Call]) -> LostMask | None:
    """Tell of a mask that did not arrive; None where one did, or there was none to lose."""
    arrived = any(call.mask is not None for call in calls)
    return (
        LostMask(layer.address, layer.lost_mask)
        if layer.lost_mask and calls and not arrived
        else None
    )


def masked(layer: str, calls: Sequence[Call]) -> Masked | None:
    """Count the timesteps that a mask held; None where it held none."""
    masks = [call.mask.astype(bool) for call in calls if call.mask is not None]
    held = sum(int((~mask).sum()) for mask in masks)
    if not held:
        return None
    wholly = sum(int((~mask.any(axis=1)).sum()) for mask in masks)
    return Masked(layer, held, sum(m.size for m in masks), sum(len(m) for m in masks), wholly)
