"""Where an initial state came from, worked out from what happened and not from what was written.

A held state carries its history: made with the layer, reset, set, or left by a call. The value
that a call really started from is compared with the held one bit for bit; only then the history
is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Held, Origin, place

ZEROS = Origin("zeros", "zeros: as the layer was built")
BUILT = Origin("custom", "custom: what the layer was built with")
FOUND = Origin("zeros", "zeros: so held when the recording began")
STATELESS = Origin("zeros", "zeros: stateless, made for this call")
UNSEEN = Origin("carried", "carried from a call that was not recorded")
FOREIGN = Origin("custom", "custom: not what the layer held, and not given")
CUSTOM = Origin("custom", "custom: what get_initial_state of the cell returns")
RANDOM = Origin("random", "random: differs from call to call, though nothing was trained")


@dataclass(frozen=True)
class Raw:
    """A call before its origin is known: the layer, and what it started from.

    `weights` holds for a state the trainable weights that it was made from, by their path, with
    the values that they had then. `unseen` says that calls just before were not recorded.
    """

    part: Recurrent
    given: bool
    initial: Mapping[str, Array]
    weights: Mapping[str, Mapping[str, Array]] = field(default_factory=dict)
    unseen: bool = False


@dataclass
class Origins:
    """The history of every held state of a model, kept through all operations.

    `outside` says where a reset stands that happens between two operations.
    """

    held: dict[str, tuple[Origin, Array]] = field(default_factory=dict)
    operation: str = ""
    given_by: Mapping[str, str] = field(default_factory=dict)
    made: dict[str, tuple[Array, int]] = field(default_factory=dict)
    trained: int = 0
    outside: str = ""

    def built(self, held: Held, layers: Sequence[Recurrent]) -> None:
        """Note fresh states; whatever was known before is forgotten."""
        self.held = {
            address: (_built(part, held[address]), held[address])
            for part in layers
            for address in part.addresses
            if address in held
        }

    def unseen(self, held: Held) -> None:
        """Note what is held after calls that were not recorded; what is as it was keeps its origin.

        Zeros of which nothing is known are told as such.
        """
        for address, value in held.items():
            known = self.held.get(address)
            if known is None:
                self.held[address] = (UNSEEN if np.any(value) else FOUND, value)
            elif not _same(value, known[1]):
                self.held[address] = (UNSEEN, value)

    def reset(self, addresses: Sequence[str]) -> None:
        """Note that a layer was reset."""
        where = self.outside or self.operation
        origin = Origin("reset", f"reset: {where}" if where else "reset")
        self._note(origin, addresses)

    def assigned(self, held: Held, addresses: Sequence[str]) -> None:
        """Note that states were assigned by the probe."""
        origin = Origin("set", f"set: {self.operation}")
        for address in addresses:
            self.held[address] = (origin, held[address])

    def _note(self, origin: Origin, addresses: Sequence[str]) -> None:
        for address in addresses:
            if address in self.held:
                self.held[address] = (origin, np.zeros_like(self.held[address][1]))

    def call(
        self, raw: Raw, at: tuple[str, int, int], final: Mapping[str, Array]
    ) -> dict[str, Origin]:
        """Work out the origin of each state of a call, and note what the call leaves behind."""
        addresses = dict(zip(raw.part.states, raw.part.addresses, strict=True))
        found = {name: self._origin(raw, name, addresses[name]) for name in raw.part.states}
        self.trained += at[0] == "train"
        if raw.part.stateful:
            words = f"carried from {self.operation}, {place(*at)}"
            for name, address in addresses.items():
                self.held[address] = (Origin("carried", words), final[name])
        return found

    def _origin(self, raw: Raw, name: str, address: str) -> Origin:
        initial = raw.initial[name]
        history, held = self.held.get(address, (None, None))
        if raw.part.stateful and raw.unseen and not raw.given:
            return UNSEEN
        if raw.part.stateful and history is not None and held is not None:
            kept = _same(initial, held)
            if kept and (not raw.given or self._kept(raw)):
                return history
        if raw.given:
            by = self.given_by.get(raw.part.address.split("/")[0], "initial_state")
            return Origin("given", f"given: {by}")
        learned = learned_from(initial, raw.weights.get(name, {}))
        if learned is not None:
            return learned
        if not np.any(initial):
            return STATELESS if not raw.part.stateful else ZEROS
        return FOREIGN if raw.part.stateful else self._made(raw, name, address)

    def _made(self, raw: Raw, name: str, address: str) -> Origin:
        """Tell where a value that a stateless layer made for itself came from."""
        initial = raw.initial[name]
        before, self.made[address] = self.made.get(address), (initial, self.trained)
        if before is not None and before[1] == self.trained and _differ(before[0], initial):
            return RANDOM
        return CUSTOM

    def _kept(self, raw: Raw) -> bool:
        """Tell whether a call started from all that was held, though states were given.

        tf_keras prefers stored states to given ones, unless all of them are zero (2.16 to 2.21).
        """
        held = [self.held[address][1] for address in raw.part.addresses]
        started = [raw.initial[name] for name in raw.part.states]
        return any(map(np.any, held)) and all(map(_same, started, held))


def _differ(before: Array, after: Array) -> bool:
    """Tell whether rows that both have differ; another batch size alone is no difference."""
    rows = min(len(before), len(after))
    return before.shape[1:] != after.shape[1:] or not _same(before[:rows], after[:rows])


def learned_from(initial: Array, weights: Mapping[str, Array]) -> Origin | None:
    """Tell which of the weights that an initial state was made from it is, bit for bit.

    A state may be computed from weights and equal none: then all of them are named.
    """
    if not weights:
        return None
    for path, value in weights.items():
        if _rows_equal(initial, value):
            return Origin("learned", f"learned: {path}")
    return Origin("learned", f"learned: computed from {', '.join(weights)}")


def _rows_equal(initial: Array, value: Array) -> bool:
    """Compare every row of (batch, units) with the one of a weight."""
    if not len(initial) or value.size != initial[0].size:
        return False
    row = value.reshape(initial.shape[1:]).astype(initial.dtype)
    return _same(initial, np.broadcast_to(row, initial.shape))


def _built(part: Recurrent, held: Array) -> Origin:
    """Tell what a stateful layer was built with: Keras reads `get_initial_state` once for it."""
    if not np.any(held):
        return ZEROS
    for weight in part.layer.trainable_weights:
        if _rows_equal(held, weight.numpy()):
            path = str(getattr(weight, "path", weight.name)).removesuffix(":0")
            return Origin("learned", f"learned: {path}, read once when the layer was built")
    return BUILT


def _same(initial: Array, held: Array) -> bool:
    """Compare bit for bit, in the dtype in which the call computed; NaN equals itself."""
    if initial.shape != held.shape:
        return False
    started, kept = widened(initial), widened(held.astype(initial.dtype))
    return np.array_equal(started, kept, equal_nan=started.dtype.kind == "f")
