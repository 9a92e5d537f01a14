"""From a selector to the arrays that it names in one operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.errors import nearest
from lstm_state_probe.expectations.happened import NoSuchQuantity, layer_of, which
from lstm_state_probe.expectations.verdict import Worst
from lstm_state_probe.recording.call import Call, Origin, State
from lstm_state_probe.recording.outcome import Outcome, leaves
from lstm_state_probe.scenario.written.selectors import GATES, Selector


@dataclass(frozen=True)
class Quantity:
    """One array that is judged; `start` is what it is compared with by `changed`.

    `timesteps` are those of the loop that it is from: with `over_time` those of its first axis, the
    next is the samples'; else one, or none, as for an initial state. `used` is False where a mask
    held a sample, (timesteps, batch), None without a mask. `ends` are max|.| of each sample,
    (batch,), at the ends of the calls up to this one, of which each began where the one before
    ended. `chosen` are the samples that are left, by their own numbers, None where it is all of
    them.
    """

    name: str
    value: Array
    start: Array | None = None
    origin: Origin | None = None
    over_time: bool = False
    used: Array | None = None
    ends: tuple[Array, ...] = ()
    timesteps: Sequence[int] = ()
    chosen: tuple[int, ...] | None = None

    @property
    def samples(self) -> int:
        """The number of samples, (batch,); 0 for what has no such axis."""
        axis = 1 if self.over_time else 0
        return self.value.shape[axis] if self.value.ndim > axis else 0

    def of_samples(self, samples: Sequence[int]) -> Quantity:
        """Return the same for some samples alone."""
        axis = 1 if self.over_time else 0

        def some(array: Array | None) -> Array | None:
            return None if array is None else np.take(array, list(samples), axis=axis)

        value = np.take(self.value, list(samples), axis=axis)
        own = tuple(samples if self.chosen is None else (self.chosen[k] for k in samples))
        ends = tuple(sizes[list(samples)] for sizes in self.ends)
        start, used = some(self.start), some(self.used)
        return replace(self, value=value, start=start, used=used, ends=ends, chosen=own)

    def element(
        self, flat: int, *, expected: float | None = None, deviation: float | None = None
    ) -> Worst:
        """Name an element by its place in the flattened array."""
        index = tuple(int(k) for k in np.unravel_index(flat, self.value.shape))
        timestep = self.timesteps[0] if self.timesteps else None
        if self.over_time and index:
            timestep = self.timesteps[index[0]] if self.timesteps else index[0]
            index = index[1:]
        if self.chosen is not None and index:
            index = (self.chosen[index[0]], *index[1:])
        return Worst(
            index,
            timestep,
            found=float(self.value.flat[flat]),
            expected=None if expected is None else float(expected),
            deviation=None if deviation is None or np.isnan(deviation) else float(deviation),
        )


def find_quantities(
    selector: Selector, outcome: Outcome, addresses: Sequence[str]
) -> list[Quantity]:
    """Return what a selector names, one entry an address.

    Raises:
        NoSuchQuantity: if nothing matches, or a match has no such call or is not held.
    """
    if selector.is_result:
        return _result(selector, outcome)
    found = selector.matches(addresses)
    if found:
        return [_quantity(selector, outcome, address) for address in found]
    gates = [f"{call.layer}/{gate}" for call in outcome.calls for gate in call.gates]
    chosen = selector.matches_gates(dict.fromkeys(gates))
    if not chosen and selector.address.rpartition("/")[2] in GATES:
        raise NoSuchQuantity(
            f"no gate {selector.address!r} was recorded: {outcome.operation} made no call of its"
            " layer, or the scenario's 'record' keeps no timesteps of it"
        )
    if not chosen:
        raise NoSuchQuantity(selector.explain_no_match([*addresses, *dict.fromkeys(gates)]))
    return [_gate(selector, outcome, address) for address in chosen]


def _result(selector: Selector, outcome: Outcome) -> list[Quantity]:
    parts = leaves(outcome.result)
    if not parts:
        raise NoSuchQuantity(f"{outcome.operation} returned nothing that could be judged")
    prefix = selector.address
    found = [part for part in parts if part[0] == prefix or part[0].startswith(f"{prefix}/")]
    if not found:
        names = [name for name, _ in parts]
        listed = ", ".join(names)
        raise NoSuchQuantity(
            f"{outcome.operation} returned no {prefix!r}; it returned: {listed}"
            f"{nearest(prefix, names)}"
        )
    return [Quantity(name, value) for name, value in found]


def _quantity(selector: Selector, outcome: Outcome, address: str) -> Quantity:
    if selector.when == "held":
        return _held(outcome, address)
    calls = outcome.states(address)
    of_timesteps = selector.when == "all" or isinstance(selector.when, int)
    missed = layer_of(address, outcome) in {one.layer for one in outcome.missed}
    alone = selector.call is None and address in outcome.held and not of_timesteps
    if not calls and alone and not missed:
        return _without_call(selector, outcome, address)
    if not calls and not missed:
        raise NoSuchQuantity(
            f"{outcome.operation} made no call of {address.rpartition('/')[0]!r}, so that"
            f" {address!r} has no {selector.when} value"
        )
    index = which(selector, [call for call, _ in calls], outcome, address)
    call, state = calls[index]
    name = _named(selector, address)
    if selector.when == "initial":
        return Quantity(f"{name}@initial", state.initial, origin=state.origin)
    if selector.when == "final":
        ends = _ends(calls[: index + 1])
        last = (call.timesteps - 1,) if call.timesteps else ()
        return Quantity(name, state.final, state.initial, state.origin, timesteps=last, ends=ends)
    value = _at(call, state.timesteps, selector.when, name)
    start = np.broadcast_to(state.initial, value.shape)
    of = _over(call, selector.when)
    return Quantity(f"{name}@{selector.when}", value, start, state.origin, **of)


def _over(call: Call, when: Any) -> dict[str, Any]:
    """Return the fields of a quantity that tell of which timesteps it is."""
    over_time = when == "all"
    used = _used(call) if over_time else None
    return {"over_time": over_time, "used": used, "timesteps": _timesteps(call, when)}


def _named(selector: Selector, address: str) -> str:
    return address if selector.call is None else f"{address}[{selector.call}]"


def _ends(calls: Sequence[tuple[Call, State]]) -> tuple[Array, ...]:
    """Return max|.| at the ends of the latest calls that each carried on from the one before."""
    states = [state for _, state in calls]
    began = max(k for k, state in enumerate(states) if not k or state.origin.word != "carried")
    finals = [np.abs(widened(state.final)) for state in states[began:]]
    return tuple(a.max(axis=tuple(range(1, a.ndim)), initial=0) for a in finals)


def _used(call: Call) -> Array | None:
    """Return where no mask held: (kept timesteps, batch), in the order of the loop.

    The mask may have one row for all samples, where Keras broadcasts a last batch of one to the
    batch of a stateful layer.
    """
    if call.mask is None:
        return None
    inputs = [call.input_index(timestep) for timestep in call.kept]
    batch = len(next(iter(call.states.values())).final)
    rows = call.mask.astype(bool)[:, inputs]
    return np.broadcast_to(rows, (batch, len(inputs))).T


def _gate(selector: Selector, outcome: Outcome, address: str) -> Quantity:
    layer = layer_of(address, outcome)
    calls = [call for call in outcome.calls if call.layer == layer]
    call = calls[which(selector, calls, outcome, address)]
    name = _named(selector, address)
    when = -1 if selector.when == "final" else selector.when
    value = _at(call, call.gates.get(address[len(layer) + 1 :]), when, name)
    return Quantity(f"{name}@{selector.when}", value, **_over(call, when))


def _at(call: Call, timesteps: Array | None, when: str | int, name: str) -> Array:
    """Return one timestep, (batch, units), or all that were kept, (timesteps, batch, units)."""
    if timesteps is None:
        raise NoSuchQuantity(f"the timesteps of {name!r} were not recorded; see 'record'")
    if when == "all":
        return timesteps
    index, count = call.index(int(when)), call.timesteps
    if index is None:
        kept = len(call.kept)
        if not -count <= int(when) < count:
            raise NoSuchQuantity(f"{name}@{when}: the call had {count} timesteps")
        raise NoSuchQuantity(
            f"{name}@{when} was not recorded: the call had {count} timesteps, of which {kept} are"
            " kept"
        )
    value: Array = timesteps[index]
    return value


def _timesteps(call: Call, when: str | int) -> Sequence[int]:
    """Return which timesteps of the loop a value is from."""
    if when == "all":
        return call.kept
    index = call.index(int(when))
    return () if index is None else (call.kept[index],)


def _held(outcome: Outcome, address: str) -> Quantity:
    _require_held(outcome.held, address)
    return Quantity(f"{address}@held", outcome.held[address], outcome.before.get(address))


def _without_call(selector: Selector, outcome: Outcome, address: str) -> Quantity:
    before, after = outcome.before.get(address), outcome.held[address]
    if selector.when == "initial" and before is not None:
        return Quantity(f"{address}@initial", before)
    return Quantity(address, after, before)


def _require_held(held: Mapping[str, Array], address: str) -> None:
    if address not in held:
        raise NoSuchQuantity(f"{address!r} is not held: its layer is not stateful")
