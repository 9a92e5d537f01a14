"""What is worth a look in the states of one operation: pure NumPy, plain data, no words.

Timesteps on disk are read block by block, so that memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.findings_growth import Growth, growth_per_call, growth_per_timestep
from lstm_state_probe.report.findings_steps import blocks
from lstm_state_probe.report.findings_units import Dead, Saturated, dead, saturated


@dataclass(frozen=True)
class NotFinite:
    """The first NaN or infinity of a layer: in a state or gate, at `where` = (sample, unit, …).

    `timestep` is None at a `moment` that is none: 'initial' or 'final'.
    """

    layer: str
    call: int
    calls: int
    name: str
    moment: str
    timestep: int | None
    where: tuple[int, ...]
    value: float


@dataclass(frozen=True)
class Masked:
    """How many timesteps a mask held, counted for each sample, in all calls of a layer."""

    layer: str
    held: int
    count: int
    samples: int
    wholly: int


Finding = NotFinite | Saturated | Dead | Growth | Masked


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


def first_not_finite(layer: str, calls: Sequence[Call]) -> NotFinite | None:
    """Find the first NaN or infinity in time; at one timestep, gates come before states."""
    for number, call in enumerate(calls):
        for name, moment, timestep, array in _in_time(call):
            where = _first(array)
            if where is not None:
                value = float(array[where])
                at = (number, len(calls), name, moment, timestep)
                return NotFinite(layer, *at, where, value)
    return None


def _in_time(call: Call) -> Iterator[tuple[str, str, int | None, Array]]:
    """Yield what a call went through, (batch, units) each; of timesteps the first bad one alone."""
    for name, state in call.states.items():
        yield name, "initial", None, state.initial
    tracks = {**call.gates, **{n: s.timesteps for n, s in call.states.items()}}
    firsts = [
        (at, order, name, array)
        for order, (name, array) in enumerate(tracks.items())
        if array is not None and (at := _first_step(array)) is not None
    ]
    for at, _, name, array in sorted(firsts, key=lambda first: first[:2]):
        yield name, "timestep", call.kept[at], array[at]
    for name, state in call.states.items():
        yield name, "final", None, state.final


def _first(array: Array) -> tuple[int, ...] | None:
    """Return where the first element stands that is not finite."""
    bad = ~np.isfinite(widened(array))
    if not bad.any():
        return None
    return tuple(int(k) for k in np.unravel_index(int(np.argmax(bad)), bad.shape))


def _first_step(steps: Array) -> int | None:
    for start, block in blocks(steps):
        where = _first(block)
        if where is not None:
            return start + where[0]
    return None


def masked(layer: str, calls: Sequence[Call]) -> Masked | None:
    """Count the timesteps that a mask held; None where it held none."""
    masks = [call.mask.astype(bool) for call in calls if call.mask is not None]
    held = sum(int((~mask).sum()) for mask in masks)
    if not held:
        return None
    wholly = sum(int((~mask.any(axis=1)).sum()) for mask in masks)
    return Masked(layer, held, sum(m.size for m in masks), sum(len(m) for m in masks), wholly)
