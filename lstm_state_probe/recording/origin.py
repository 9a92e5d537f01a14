"""Where an initial state came from, worked out from what happened and not from what was written.

A held state carries its history: made with the layer, reset, set, left by a call. Whoever writes
to it ends that history. The value that a call really started from is compared with the held one
bit for bit; only then the history is believed. Made states are told in `recording.made`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.starts.starting import Start, built_with, makes_its_start
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Held, Origin, place
from lstm_state_probe.recording.made import bitwise_equal, equal_weight, made, made_once

FOUND = Origin("zeros", "zeros: so held when the recording began")
EARLIER = Origin("carried", "carried: so held when the recording began")
UNSEEN = Origin("carried", "carried from a call that was not recorded")


@dataclass(frozen=True)
class Raw:
    """A call before its origin is known: the layer, and what it started from.

    `given` says that it started from states that it was given, `givers` by whom, as far as that
    is known. `starts` tells for a state that was made in the call what it was made from, with the
    values that the weights had then. `unseen` says that calls just before were not recorded.
    """

    part: Recurrent
    given: bool
    initial: Mapping[str, Array]
    givers: Mapping[str, str] = field(default_factory=dict)
    starts: Mapping[str, Start] = field(default_factory=dict)
    unseen: bool = False


@dataclass(frozen=True)
class History:
    """Why a layer holds what it holds. `since` says what the value stands from."""

    origin: Origin
    value: Array
    since: str


@dataclass
class Origins:
    """The history of every held state of a model, kept through all operations.

    `outside` says where a reset stands that happens between two operations.
    """

    held: dict[str, History] = field(default_factory=dict)
    operation: str = ""
    outside: str = ""

    def built(self, held: Held, layers: Sequence[Recurrent]) -> None:
        """Note fresh states; whatever was known before is forgotten."""
        self.held = {}
        for part in layers:
            starts = built_with(part.layer)
            for index, address in enumerate(part.addresses):
                if address in held:
                    origin = made_once(held[address], starts.get(index), part.layer)
                    self.held[address] = History(origin, held[address], "the layer was built")

    def found(self, held: Held, zeros: Origin = FOUND, other: Origin = EARLIER) -> None:
        """Note what is held of which nothing is known, not even whether a call left it."""
        for address, value in held.items():
            origin = other if np.any(value) else zeros
            self.held[address] = History(origin, value, "the recording began")

    def found_learned(self, layers: Sequence[Recurrent]) -> None:
        """Tell of what was found that it is a weight, where a layer makes its own start."""
        for part in (part for part in layers if makes_its_start(part.layer) is not None):
            for address in (address for address in part.addresses if address in self.held):
                known = self.held[address]
                path = equal_weight(known.value, part.layer) if np.any(known.value) else None
                if path is not None:
                    origin = Origin("learned", f"learned: {path}, so held when the recording began")
                    self.held[address] = replace(known, origin=origin)

    def unseen(self, held: Held) -> None:
        """Note what is held after calls that were not recorded; what is as it was keeps its origin.

        Zeros of which nothing is known are told as such.
        """
        for address, value in held.items():
            known = self.held.get(address)
            if known is None:
                self.found({address: value}, other=UNSEEN)
            elif not bitwise_equal(value, known.value):
                self.held[address] = History(UNSEEN, value, "a call that was not recorded")

    def reset(self, addresses: Sequence[str]) -> None:
        """Note that a layer was reset."""
        where = self.outside or self.operation
        origin = Origin("reset", f"reset: {where}" if where else "reset")
        for address in addresses:
            if address in self.held:
                value = np.zeros_like(self.held[address].value)
                since = f"the reset of {where}" if where else "a reset"
                self.held[address] = History(origin, value, since)

    def assigned(self, held: Held, addresses: Sequence[str]) -> None:
        """Note that states were assigned by the probe."""
        origin = Origin("set", f"set: {self.operation}")
        for address in addresses:
            self.held[address] = History(origin, held[address], self.operation)

    def written(self, address: str, value: Array) -> None:
        """Note that somebody else assigned a state; the bits that it had leave it as it was.

        Zeros are a reset, though they be assigned to what is zero already.
        """
        known = self.held.get(address)
        where = self.outside or (f"in {self.operation}" if self.operation else "by other code")
        if not np.any(value):
            origin = Origin("reset", f"reset: zeros assigned {where}")
        elif known is None or not bitwise_equal(value, known.value):
            origin = Origin("custom", f"custom: assigned {where}, not by the probe")
        else:
            return
        self.held[address] = History(origin, value, f"the assignment {where}")

    def call(
        self, raw: Raw, at: tuple[str, int, int], final: Mapping[str, Array]
    ) -> dict[str, Origin]:
        """Work out the origin of each state of a call, and note what the call leaves behind."""
        addresses = dict(zip(raw.part.states, raw.part.addresses, strict=True))
        found = {name: self._origin(raw, name, addresses[name]) for name in raw.part.states}
        if raw.part.stateful:
            here = f"{self.operation}, {place(*at)}"
            for name, address in addresses.items():
                origin = Origin("carried", f"carried from {here}")
                self.held[address] = History(origin, final[name], here)
        return found

    def _origin(self, raw: Raw, name: str, address: str) -> Origin:
        initial, start = raw.initial[name], raw.starts.get(name)
        if raw.given:
            return Origin("given", f"given: {raw.givers.get(name, 'initial_state')}")
        if not raw.part.stateful:
            return made(initial, start)
        if raw.unseen:
            return UNSEEN
        history = self.held.get(address)
        if history is None:  # built by this very call
            return made_once(initial, start, raw.part.layer)
        return history.origin if bitwise_equal(initial, history.value) else _moved(initial, history)


def _moved(initial: Array, history: History) -> Origin:
    """Tell of a start that is not what the layer was known to hold, nor given."""
    if not np.any(initial):
        return Origin("reset", f"reset: set to zeros since {history.since}")
    words = f"changed since {history.since}, by an assignment or a call that was not recorded"
    return Origin("custom", f"custom: {words}")
