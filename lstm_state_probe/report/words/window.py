"""Which states, gates and timesteps of a call have tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.words.layout import Choice

MANY = 16
"""Timesteps above which a digest is shown, unless the user chose."""
LINES = 5000
"""Lines of one call above which a digest is shown, whatever the user chose, but for --full."""
SAMPLES = 2
"""Samples that have tables unless the user chose: the first and the last."""
_BLOCK = 10
"""About how many units fit side by side."""


@dataclass(frozen=True)
class Track:
    """A state or gate over the kept timesteps of one call: (kept timesteps, batch, units).

    `initial` is (batch, units); a gate has none.
    """

    name: str
    steps: Array
    initial: Array | None = None


@dataclass(frozen=True)
class Window:
    """The kept timesteps that are shown, by their place in what was kept.

    `digest` adds, for each sample, those of its extremes; `absent` were asked for in vain.
    """

    places: tuple[int, ...]
    shown: Choice
    digest: bool
    absent: tuple[int, ...]


def tracks(call: Call, options: ShowOptions) -> list[Track]:
    """List the states of a call that have timesteps, then its gates where they are wanted."""
    states = [
        Track(name, state.timesteps, state.initial)
        for name, state in call.states.items()
        if state.timesteps is not None
    ]
    wanted = call.gates if options.gates or options.show else {}
    gates = [Track(name, gate) for name, gate in wanted.items()]
    return [track for track in (*states, *gates) if track.steps.ndim > 1]


def window(call: Call, options: ShowOptions) -> Window:
    """Choose timesteps: those asked for, a digest where they are too many, else all."""
    kept, asked = list(call.kept), options.timesteps
    chosen: Sequence[int] = kept
    if isinstance(asked, (tuple, int)):
        chosen = Plan(timesteps=asked).keep(call.timesteps)
    place = {timestep: k for k, timestep in enumerate(kept)}
    shown = tuple(timestep for timestep in chosen if timestep in place)
    many = MANY if asked in (None, "digest") else _most(call, options)
    if len(shown) > many and not options.full:
        return Window((0, len(kept) - 1), Choice((kept[0], kept[-1]), call.timesteps), True, ())
    absent = [timestep for timestep in chosen if timestep not in place] + _past(call, options)
    places = tuple(place[timestep] for timestep in shown)
    return Window(places, Choice(shown, call.timesteps), False, tuple(absent))


def _most(call: Call, options: ShowOptions) -> int:
    """Return how many timesteps make no more lines than a person would read of one call."""
    wide = [math.prod(track.steps.shape[2:]) for track in tracks(call, options)]
    units = [min(options.units or _BLOCK, width) for width in wide]
    blocks = sum(-(-count // _BLOCK) for count in units)
    samples = max((len(state.final) for state in call.states.values()), default=1)
    lines = min(samples, options.samples or SAMPLES) * (1 + (options.verbosity > 0))
    return LINES // max(1, lines * blocks)


def _past(call: Call, options: ShowOptions) -> list[int]:
    """List the indices that a call of this length has not."""
    if not isinstance(options.timesteps, tuple):
        return []
    return [t for t in options.timesteps if not -call.timesteps <= t < call.timesteps]
