"""From a selector to arrays: of every call, unless it names one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.api.session import Operation
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import Mismatch, NoSuchState, listed, nearest
from lstm_state_probe.recording.call import Call, Origin, frozen
from lstm_state_probe.scenario.written.selectors import Selector, parse_selector


@dataclass(frozen=True)
class Pieces:
    """What a selector names, an array a call; `alone` says that it names one call."""

    selector: str
    named: Sequence[tuple[Call, str]]
    arrays: list[Array]
    alone: bool = False

    def stacked(self, *, fill: float | None = None) -> Array:
        """Return the arrays as one, with the calls as the first axis.

        Raises:
            Mismatch: a ValueError, if the shapes differ and there is nothing to fill with.
        """
        if self.alone:
            return frozen(np.array(self.arrays[0]))
        shapes = list(dict.fromkeys(array.shape for array in self.arrays))
        if len(shapes) == 1:
            return frozen(np.stack(self.arrays))
        if fill is None:
            raise Mismatch(
                f"the {len(self.arrays)} calls of {self.selector!r} differ in shape:"
                f" {listed(shapes)}; take one ({self.selector.partition('@')[0]}[0]), some"
                " (recording.only), a list (recording.arrays), or fill up (recording.padded)"
            )
        return frozen(_padded(self.arrays, fill))

    def origin(self) -> Origin:
        """Return where the state of the last of the calls came from."""
        call, name = self.named[-1]
        return call.states[name].origin


def _padded(arrays: Sequence[Array], fill: float) -> Array:
    sizes = np.max([array.shape for array in arrays], axis=0)
    dtype = np.result_type(arrays[0].dtype, np.float16) if np.isnan(fill) else arrays[0].dtype
    whole = np.full((len(arrays), *sizes), fill, dtype)
    for row, array in zip(whole, arrays, strict=True):
        row[tuple(map(slice, array.shape))] = array
    return whole


def find_pieces(
    text: str, operations: Sequence[Operation], states: Sequence[str], known: Sequence[str]
) -> Pieces:
    """Find what a selector names; `known` are the addresses of states and gates.

    Raises:
        NoSuchState: a KeyError, if it names nothing, several things, or what was not recorded.
    """
    selector, when = _parsed(text)
    address = _address(selector, known)
    if when == "held":
        return _held(text, address, operations)
    layer, name = _split(address, operations, states)
    calls = [c for o in operations for c in o.calls if c.layer == layer and _has(c, name)]
    if not calls:
        raise NoSuchState(f"{text!r}: no call of the layer {layer!r} was recorded")
    if selector.call is not None:
        if not -len(calls) <= selector.call < len(calls):
            raise NoSuchState(f"{text!r}: the layer was called {len(calls)} times")
        calls = [calls[selector.call]]
    arrays = [_value(call, name, when, text) for call in calls]
    return Pieces(text, [(call, name) for call in calls], arrays, selector.call is not None)


def _parsed(text: str) -> tuple[Selector, str | int]:
    """Read a selector; without `@when` it means every timestep, not the final state."""
    try:
        selector = parse_selector(text)
    except ValueError as error:
        raise NoSuchState(str(error)) from error
    if selector.is_result:
        raise NoSuchState(f"{text!r}: what an operation returned is its outcome.result")
    return selector, selector.when if "@" in text else "all"


def _address(selector: Selector, known: Sequence[str]) -> str:
    found = selector.matches(known)
    if len(found) == 1:
        return found[0]
    if found:
        raise NoSuchState(f"{selector.text!r} names several: {listed(found)}; take one at a time")
    have = f"recorded: {listed(known)}{nearest(selector.address, known)}"
    letter = selector.address.rpartition("/")[2]
    gates = "; gates are recorded with record(gates=True)" if letter in set("ifgozr") else ""
    raise NoSuchState(f"{selector.text!r} names nothing that was recorded; {have}{gates}")


def _split(address: str, operations: Sequence[Operation], states: Sequence[str]) -> tuple[str, str]:
    layers = {call.layer for operation in operations for call in operation.calls}
    layers |= {state.rpartition("/")[0] for state in states}
    found = max((name for name in layers if address.startswith(f"{name}/")), key=len)
    inner = [call for o in operations for call in o.calls if address.startswith(f"{call.layer}/")]
    layer = inner[0].layer if inner else found
    return layer, address[len(layer) + 1 :]


def _has(call: Call, name: str) -> bool:
    return name in call.states or name in call.gates


_MOMENTS: dict[str, Callable[[Call, str], Array]] = {
    "initial": lambda call, name: call.states[name].initial,
    "final": lambda call, name: call.states[name].final,
}


def _value(call: Call, name: str, when: str | int, text: str) -> Array:
    if isinstance(when, str) and when in _MOMENTS:
        if name in call.gates:
            raise NoSuchState(f"{text!r}: a gate has timesteps alone; take @0, @-1 or all of them")
        return _MOMENTS[when](call, name)
    steps = call.gates[name] if name in call.gates else call.states[name].timesteps
    if steps is None:
        why = call.note or "record keeps them with timesteps='all'"
        raise NoSuchState(f"{text!r}: the timesteps were not recorded ({why}); @initial, @final")
    if when == "all":
        return steps
    index = call.index(int(when))
    if index is None:
        kept = f"the call had {call.timesteps} timesteps, kept are {listed(call.kept)}"
        raise NoSuchState(f"{text!r}: {kept}")
    return np.asarray(steps[index])


def _held(text: str, address: str, operations: Sequence[Operation]) -> Pieces:
    arrays = [o.outcome.held[address] for o in operations if address in o.outcome.held]
    if not arrays:
        raise NoSuchState(f"{text!r}: the layer is not stateful: it holds nothing")
    return Pieces(text, (), arrays)
