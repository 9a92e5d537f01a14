"""The arrays of a scenario that a baseline keeps, each with a name, in the order of the story."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.outcome import leaves
from lstm_state_probe.report.data import OperationReport, ScenarioReport

ALL, HELD, RESULT = "all", "held", "result"
_AFTER_THE_CALLS = {HELD: 1, RESULT: 2}
_NUMBERS = "bifuV"
"""Kinds of dtypes that are compared; V is bfloat16."""


@dataclass(frozen=True)
class Part:
    """One array: of a state in a call, of a gate, held, or a result.

    `when` is `initial`, `all`, `final`, `held` or `result`; with `all` the array is (kept
    timesteps, batch, units, ...) and `kept` tells which those are, else it is (batch, units, ...).
    `call` counts the calls of the operation; `twin` tells apart what would have the same name.
    """

    operation: int
    where: str
    address: str
    when: str
    array: Array
    call: int = 0
    kept: Sequence[int] = ()
    twin: int = 1

    @property
    def name(self) -> str:
        """Name the quantity without its moment: 'operation 2 predict, batch 1: lstm/h'."""
        again = f" ({self.twin})" if self.twin > 1 else ""
        return f"{self.where}: {self.address}{again}"

    @property
    def key(self) -> str:
        """Name the array as a selector would: 'operation 2 predict, batch 1: lstm/h@all'."""
        return self.name if self.when == RESULT else f"{self.name}@{self.when}"

    @property
    def dtype(self) -> str:
        """The name of the dtype that was recorded."""
        return str(self.array.dtype.name)

    @property
    def optional(self) -> bool:
        """Whether an option of the command line may have it recorded: timesteps and gates."""
        return self.when == ALL

    def order(self, place: int = 0) -> tuple[int, int, int, float]:
        """Return when an element came to be; `place` is where its timestep is in `kept`."""
        moment = {"initial": -1.0, ALL: self.kept[place] if self.when == ALL else 0.0}
        after = _AFTER_THE_CALLS.get(self.when, 0)
        return self.operation, after, self.call, moment.get(self.when, math.inf)


def parts(report: ScenarioReport) -> Iterator[Part]:
    """Yield the arrays of every operation; what `repeat` repeats stands under its own operation."""
    seen: Counter[str] = Counter()
    for done in report.operations:
        if done.operation == "repeat":
            continue
        for part in _of_operation(done):
            seen[part.key] += 1
            yield replace(part, twin=seen[part.key])


def _of_operation(done: OperationReport) -> Iterator[Part]:
    where = f"operation {done.index + 1} {done.operation}"
    number = count()
    for call in done.outcome.calls:
        yield from _of_call(done.index, f"{where}, {call.where}", call, number=next(number))
    for address, array in done.outcome.held.items():
        yield Part(done.index, where, address, HELD, array)
    for name, array in leaves(done.outcome.result):
        if array.dtype.kind in _NUMBERS:
            yield Part(done.index, where, name, RESULT, array)


def _of_call(operation: int, where: str, call: Call, *, number: int) -> Iterator[Part]:
    for name, state in call.states.items():
        address = f"{call.layer}/{name}"
        yield Part(operation, where, address, "initial", state.initial, number)
        if (steps := state.timesteps) is not None:
            yield Part(operation, where, address, ALL, steps, number, call.kept)
        yield Part(operation, where, address, "final", state.final, number)
    for name, gate in call.gates.items():
        yield Part(operation, where, f"{call.layer}/{name}", ALL, gate, number, call.kept)
