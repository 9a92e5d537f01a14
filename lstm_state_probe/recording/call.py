"""The neutral picture of what was recorded: NumPy only, read-only, no Keras object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lstm_state_probe.arrays import Array

Held = Mapping[str, Array]
"""Address, such as `lstm/h`, to what the layer holds: (batch, units)."""


WHEN_ASKED = "(--verify)"
"""How the reason ends where a call was left alone because nobody asked for it."""


@dataclass(frozen=True)
class Origin:
    """Where an initial state came from: one word of the contract, and the words for a person."""

    word: str
    words: str


@dataclass(frozen=True)
class Verified:
    """Whether the witness agrees with a call; None where there is nothing to compare with.

    `deviation` is the largest absolute one; `why` says what is off, or why nothing was compared.
    """

    agrees: bool | None
    deviation: float | None
    why: str


class State:
    """One state in one call: (batch, units) at the start and at the end.

    `timesteps` is (kept timesteps, batch, units), in the order in which the loop ran; None where
    they were not recorded. Each may be given as a function, which is called when it is wanted.
    """

    __slots__ = ("_final", "_initial", "_timesteps", "origin")

    def __init__(
        self,
        initial: Array | Callable[[], Array],
        final: Array | Callable[[], Array],
        origin: Origin,
        timesteps: Array | Callable[[], Array] | None = None,
    ) -> None:
        self._initial, self._final, self.origin = initial, final, origin
        self._timesteps = timesteps

    def __reduce__(self) -> tuple[Any, ...]:
        """Fetch the timesteps: another process cannot."""
        return _received, (self.initial, self.final, self.origin, self.timesteps)

    @property
    def initial(self) -> Array:
        """What the call started from."""
        return self._initial() if callable(self._initial) else self._initial

    @property
    def final(self) -> Array:
        """What the call ended with."""
        return self._final() if callable(self._final) else self._final

    @property
    def timesteps(self) -> Array | None:
        """The state at every kept timestep."""
        return self._timesteps() if callable(self._timesteps) else self._timesteps

    @property
    def recorded(self) -> bool:
        """Whether timesteps were recorded; asking does not fetch them."""
        return self._timesteps is not None


def _received(initial: Array, final: Array, origin: Origin, timesteps: Array | None) -> State:
    """Make a state from another process; what comes from one could be written to."""
    kept = None if timesteps is None else frozen(timesteps)
    return State(frozen(initial), frozen(final), origin, kept)


class Gates(Mapping[str, Array]):
    """Gates by name, each (kept timesteps, batch, units), fetched when it is wanted."""

    def __init__(self, gates: Mapping[str, Array | Callable[[], Array]]) -> None:
        self._gates = gates

    def __reduce__(self) -> tuple[Any, ...]:
        """Fetch the gates: another process cannot."""
        return Gates, (dict(self),)

    def __getitem__(self, name: str) -> Array:
        found = self._gates[name]
        return found() if callable(found) else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._gates)

    def __len__(self) -> int:
        return len(self._gates)


@dataclass(frozen=True)
class Call:
    """One call of one recurrent layer inside an operation.

    `batch` counts from 0 within the phase (`train`, `test`, `predict`) of an epoch; `use` tells
    apart the several uses of one layer for the same batch. `mask` is (batch, timesteps).
    `kept` tells which timesteps are in the states' `timesteps` and in the `gates`, each (kept
    timesteps, batch, units); with `backwards` the loop ran from the last input to the first.
    `kernel` is `generic`, Keras's own loop, or `cudnn`, a fused one. Where `replayed` is a number,
    timesteps and gates are those of a second pass, whose final states are off the real ones by it.
    `note` says why timesteps that were asked for are missing, or how they were had. `skipped`
    counts the calls just before it that XLA overwrote before they could be read.
    """

    layer: str
    phase: str
    epoch: int
    batch: int
    use: int
    timesteps: int
    mask: Array | None
    states: Mapping[str, State] = field(default_factory=dict)
    kept: Sequence[int] = ()
    gates: Mapping[str, Array] = field(default_factory=dict)
    backwards: bool = False
    verified: Verified | None = None
    note: str = ""
    kernel: str = "generic"
    replayed: float | None = None
    skipped: int = 0

    def index(self, timestep: int) -> int | None:
        """Return where a timestep (from the end if negative) is kept; None if it is not."""
        at = timestep + self.timesteps if timestep < 0 else timestep
        return list(self.kept).index(at) if at in self.kept else None

    def input_index(self, timestep: int) -> int:
        """Return which input a timestep of the loop read."""
        return self.timesteps - 1 - timestep if self.backwards else timestep

    def without_timesteps(self) -> Call:
        """Return the call with its initial and final states alone."""
        states = {n: State(s._initial, s._final, s.origin) for n, s in self.states.items()}
        return replace(self, states=states, kept=(), gates={})

    def stored(self, keep: Callable[[Array], Callable[[], Array]]) -> Call:
        """Return the call with its initial and final states where `keep` puts them."""
        states = {
            name: State(keep(state.initial), keep(state.final), state.origin, state._timesteps)
            for name, state in self.states.items()
        }
        return replace(self, states=states)

    @property
    def where(self) -> str:
        """Say which batch it was, for a person."""
        parts = [place(self.phase, self.epoch, self.batch)]
        if self.use:
            parts.append(f"use {self.use + 1}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Missed:
    """A call of a layer, or a part of one, that happened and could not be recorded.

    `layer` is '' where it is not known of which one. `after` says how many calls of the layer were
    recorded before it in the operation; -1 if it is no call of one, or of an unknown number.
    """

    layer: str
    phase: str
    epoch: int
    batch: int
    why: str
    after: int = -1

    @property
    def where(self) -> str:
        """Say which batch it was, for a person."""
        return place(self.phase, self.epoch, self.batch)


def place(phase: str, epoch: int, batch: int) -> str:
    """Say which batch of which epoch: 'epoch 2, validation batch 1', or 'batch 1' outside `fit`."""
    if epoch < 0:
        return f"batch {batch + 1}"
    return f"epoch {epoch + 1}, {'validation ' if phase == 'test' else ''}batch {batch + 1}"


def frozen(array: Array) -> Array:
    """Return the array, which must be the caller's own, so that nobody can write to it."""
    array.flags.writeable = False
    return array


def two_axes(mask: Array) -> Array:
    """Return a mask as (batch, timesteps); Keras also takes (batch, timesteps, 1)."""
    return frozen(
        mask.reshape(mask.shape[:2]) if mask.ndim > 2 and mask.shape[2:] == (1,) else mask
    )
