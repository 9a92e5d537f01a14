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
from lstm_state_probe.report.findings_steps import blocks, used

SATURATED = (0.01, 0.99)
"""A gate is nearly shut below the first and nearly open above the second."""
SHARE = 0.1
"""Saturation is told from this share of a gate's values on."""
_SIGMOIDS = frozenset("ifozr")
"""The gates that are meant to lie in [0, 1]; the candidate `g` is not one of them."""


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
class Saturated:
    """How many values of a gate are nearly shut (`low`) or nearly open (`high`)."""

    layer: str
    gate: str
    low: int
    high: int
    count: int


@dataclass(frozen=True)
class Dead:
    """Columns of h, flattened after the batch, that are 0 at every kept timestep of all calls."""

    layer: str
    state: str
    columns: tuple[int, ...]
    shape: tuple[int, ...]
    timesteps: int
    calls: int


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


def saturated(layer: str, calls: Sequence[Call]) -> Iterator[Saturated]:
    """Count saturated values of each sigmoid gate over all calls, masked timesteps left out.

    A gate with values outside [0, 1] has another activation, of which this says nothing.
    """
    names = dict.fromkeys(name for call in calls for name in call.gates)
    for name in (name for name in names if name.rpartition("/")[2] in _SIGMOIDS):
        values = [v for call in calls if name in call.gates for v in used(call, call.gates[name])]
        if any(v.size and (v.min() < 0 or v.max() > 1) for v in values):
            continue
        low = sum(int((v < SATURATED[0]).sum()) for v in values)
        high = sum(int((v > SATURATED[1]).sum()) for v in values)
        count = sum(v.size for v in values)
        if count and low + high >= SHARE * count:
            yield Saturated(layer, name, low, high, count)


def dead(layer: str, calls: Sequence[Call]) -> Iterator[Dead]:
    """Find the units whose h is exactly 0 at every kept timestep that no mask held."""
    names = dict.fromkeys(name for call in calls for name in call.states)
    for name in (name for name in names if name.rpartition("/")[2] == "h"):
        alive: Array | None = None
        timesteps, seen, shape = 0, 0, ()
        for call in calls:
            steps = call.states[name].timesteps if name in call.states else None
            if steps is None or not steps.size:
                continue
            moved = np.zeros(steps.shape[2:], bool)
            for block in used(call, steps):
                moved |= (block != 0).any(axis=0)
            alive = moved if alive is None else alive | moved
            unheld = call.mask is None or bool(np.any(call.mask))
            timesteps, seen, shape = timesteps + len(steps) * unheld, seen + unheld, steps.shape[1:]
        if alive is not None and timesteps and not alive.all():
            columns = tuple(int(k) for k in np.flatnonzero(~alive.ravel()))
            yield Dead(layer, name, columns, shape, timesteps, seen)


def masked(layer: str, calls: Sequence[Call]) -> Masked | None:
    """Count the timesteps that a mask held; None where it held none."""
    masks = [call.mask.astype(bool) for call in calls if call.mask is not None]
    held = sum(int((~mask).sum()) for mask in masks)
    if not held:
        return None
    wholly = sum(int((~mask.any(axis=1)).sum()) for mask in masks)
    return Masked(layer, held, sum(m.size for m in masks), sum(len(m) for m in masks), wholly)
