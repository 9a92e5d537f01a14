"""The first NaN or infinity: pure NumPy, plain data.

Timesteps on disk are read block by block, so that memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call, Held

_BLOCK = 2**20
"""Elements that are looked at together."""


@dataclass(frozen=True)
class NotFinite:
    """The first NaN or infinity of a layer: in a state or gate, at `where` = (sample, unit, …).

    `timestep` is None at a `moment` that is none: 'initial', 'final', or 'held' after an operation.
    """

    layer: str
    call: int
    calls: int
    name: str
    moment: str
    timestep: int | None
    where: tuple[int, ...]
    value: float


def first_in_time(layers: Iterable[str], calls: Sequence[Call], held: Held) -> NotFinite | None:
    """Find the first NaN or infinity of an operation: of its calls, or else of what is held then.

    In one call of the model the layers come in their order.
    """
    own = {layer: [call for call in calls if call.layer == layer] for layer in layers}
    found = [bad for layer in own if (bad := first_not_finite(layer, own[layer])) is not None]
    if found:
        return min(found, key=lambda bad: bad.call)
    for address, array in held.items():
        if (where := _first(array)) is not None:
            layer, _, name = address.rpartition("/")
            return NotFinite(layer, 0, 0, name, "held", None, where, float(array[where]))
    return None


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


def blocks(steps: Array) -> Iterator[tuple[int, Array]]:
    """Cut (timesteps, batch, units) along the timesteps; yield each start and block."""
    size = max(1, _BLOCK // max(1, steps[:1].size))
    for start in range(0, len(steps), size):
        yield start, widened(steps[start : start + size])
