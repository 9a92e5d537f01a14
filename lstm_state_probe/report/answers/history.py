"""A scenario as one layer lived through it: what each operation found, did, and left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport


@dataclass(frozen=True)
class Event:
    """One operation as a layer lived through it.

    `number` counts the operations from 1, `trainings` the operations that trained until its end.
    `before` and `after` are what the layer held, by the
    names of its states, each (batch, units); both are empty for a layer that keeps nothing.
    """

    number: int
    done: OperationReport
    calls: tuple[Call, ...]
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    trainings: int = 0

    @property
    def name(self) -> str:
        """The operation's name, as Keras has it."""
        return self.done.operation

    @property
    def moved(self) -> bool:
        """Whether the layer holds something else than before."""
        return any(not same(self.before.get(name), held) for name, held in self.after.items())

    @property
    def raised(self) -> bool:
        """Whether Keras raised in it."""
        return self.done.outcome.failure is not None


@dataclass(frozen=True)
class History:
    """All events of one layer, in time; `initialised` is what it held once the model was built."""

    layer: LayerReport
    initialised: Mapping[str, Array]
    events: tuple[Event, ...]

    @property
    def calls(self) -> Sequence[tuple[Event, Call]]:
        """Every call, with the operation that made it."""
        return [(event, call) for event in self.events for call in event.calls]


def histories(report: ScenarioReport) -> list[History]:
    """Tell the scenario once for each of its layers."""
    return [_history(report, layer) for layer in report.layers]


def _history(report: ScenarioReport, layer: LayerReport) -> History:
    # the calls of a repeat are those of the operations that it repeats, which stand before it
    told = [done for done in report.operations if done.operation != "repeat"]
    trainings = accumulate(_trains(done) for done in told)
    events = tuple(_event(layer, *pair) for pair in zip(told, trainings, strict=True))
    return History(layer, _of(layer, report.initialised), events)


def _trains(done: OperationReport) -> bool:
    return any(call.phase == "train" for call in done.outcome.calls)


def _event(layer: LayerReport, done: OperationReport, trainings: int) -> Event:
    calls = tuple(call for call in done.outcome.calls if call.layer == layer.address)
    before, after = (_of(layer, held) for held in (done.outcome.before, done.outcome.held))
    return Event(done.index + 1, done, calls, before, after, trainings)


def _of(layer: LayerReport, held: Mapping[str, Array]) -> dict[str, Array]:
    pairs = {name: f"{layer.address}/{name}" for name in layer.states}
    return {name: held[address] for name, address in pairs.items() if address in held}


def same(before: Array | None, after: Array) -> bool:
    """Compare element by element; NaN equals itself, and what was not there equals nothing."""
    if before is None or before.shape != after.shape:
        return False
    a, b = widened(before), widened(after)
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def all_zero(states: Mapping[str, Array]) -> bool:
    """Tell whether there are states, and all of them are zeros."""
    return bool(states) and not any(np.any(held) for held in states.values())
