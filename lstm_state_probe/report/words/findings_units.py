"""Units that say nothing: gates that are stuck, and units that are dead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.expectations.health import SATURATED, SHARE
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.words.findings_steps import used

_SIGMOIDS = frozenset("ifozr")
"""The gates that are meant to lie in [0, 1]; the candidate `g` is not one of them."""


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
