"""Whether a state grows without a bound in sight, from timestep to timestep or call to call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.expectations.health import LEAST, grows, middle
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.finite import blocks
from lstm_state_probe.report.words.layout import flat


@dataclass(frozen=True)
class Growth:
    """A state whose max|.| rose at each point in time from `first` to `last`.

    `over` is 'timestep' or 'call'; timesteps are those of call `call` of `calls`, and `times`
    counts the calls in which this was found.
    """

    layer: str
    state: str
    over: str
    first: int
    last: int
    start: float
    end: float
    call: int
    calls: int
    times: int = 1


def growth_per_timestep(layer: str, calls: Sequence[Call]) -> Iterator[Growth]:
    """Look along the kept timesteps of each call; of several, the call that ends largest."""
    found: dict[str, list[Growth]] = {}
    for number, call in enumerate(calls):
        for name, state in call.states.items():
            if state.timesteps is None or len(state.timesteps) < LEAST:
                continue
            sizes, at = _sizes(state.timesteps), np.asarray(call.kept)
            if grows(sizes, at):
                k = middle(len(sizes))
                ends = (int(at[k]), int(at[-1]), float(sizes[k]), float(sizes[-1]))
                growth = Growth(layer, name, "timestep", *ends, number, len(calls))
                found.setdefault(name, []).append(growth)
    for several in found.values():
        yield replace(max(several, key=lambda growth: growth.end), times=len(several))


def growth_per_call(layer: str, calls: Sequence[Call]) -> Iterator[Growth]:
    """Look at the ends of calls, the latest of which each started where the one before ended."""
    for name in calls[-1].states if calls else ():
        states = [call.states[name] for call in calls if name in call.states]
        began = [k for k, state in enumerate(states) if not k or state.origin.word != "carried"]
        run = states[began[-1] :]
        sizes = np.array([np.abs(widened(s.final)).max(initial=0) for s in run], np.float64)
        if grows(sizes, np.arange(len(sizes))):
            k = middle(len(sizes))
            first, last = began[-1] + k, began[-1] + len(run) - 1
            ends = (first, last, float(sizes[k]), float(sizes[-1]))
            yield Growth(layer, name, "call", *ends, last, len(calls))


def _sizes(steps: Array) -> Array:
    """Return max|.| at each timestep of (timesteps, batch, units): (timesteps,)."""
    sizes = [np.abs(flat(block)).max(axis=1, initial=0) for _, block in blocks(steps)]
    return np.concatenate(sizes, dtype=np.float64)
