"""The ledger: what each operation found in each layer, what it left, and what it moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call, Held
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport
from lstm_state_probe.report.words.layout import flat
from lstm_state_probe.report.words.numbers import Change, largest_change


@dataclass(frozen=True)
class Moved:
    """The largest change that one call made: the state, the number of the call, the place.

    `call` is None where the layer was not called and what it held is compared.
    """

    state: str
    call: int | None
    change: Change
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One operation and layer, or one stretch of it: an epoch, or its validation.

    `started` is state to origin in words, `ended` and `held` state to max|.|; `held` has only
    what a stateful layer holds otherwise than its last call ended. `samples` are those that any
    call moved, of `batch`; both are None where nothing can be compared.
    """

    done: OperationReport
    layer: LayerReport
    stretch: str
    calls: int
    started: Mapping[str, str]
    ended: Mapping[str, float]
    held: Mapping[str, float]
    moved: Moved | None
    samples: tuple[int, ...] | None
    batch: int | None


def ledger(report: ScenarioReport) -> Iterator[Row]:
    """Yield the rows in time; an operation with stretches has a row for all before them."""
    for done in report.operations:
        if done.operation == "repeat":  # its calls are those of the operations before it
            continue
        for layer in report.layers:
            calls = [call for call in done.outcome.calls if call.layer == layer.address]
            if not calls:
                yield _without_call(done, layer)
                continue
            yield _called(done, layer, calls, "", first=0)
            yield from _stretches(done, layer, calls)


def _stretches(done: OperationReport, layer: LayerReport, calls: Sequence[Call]) -> Iterator[Row]:
    parts = [(k, list(part)) for k, part in groupby(calls, lambda call: (call.epoch, call.phase))]
    first = 0
    for (epoch, phase), part in parts if len(parts) > 1 else ():
        words = f"epoch {epoch + 1}{', validation' if phase == 'test' else ''}"
        yield _called(done, layer, part, words, first=first)
        first += len(part)


def _called(
    done: OperationReport, layer: LayerReport, calls: Sequence[Call], stretch: str, *, first: int
) -> Row:
    pairs = [
        (state, number, call.states[state].initial, call.states[state].final)
        for number, call in enumerate(calls, first)
        for state in call.states
    ]
    last = calls[-1]
    held = {} if stretch else _held(layer, last, done.outcome.held)
    samples, batch = _samples([(a, b) for *_, a, b in pairs])
    return Row(
        done,
        layer,
        stretch,
        len(calls),
        started={name: state.origin.words for name, state in calls[0].states.items()},
        ended={name: size(state.final) for name, state in last.states.items()},
        held=held,
        moved=_largest(pairs),
        samples=samples,
        batch=batch,
    )


def _without_call(done: OperationReport, layer: LayerReport) -> Row:
    before, after = done.outcome.before, done.outcome.held
    addresses = {name: f"{layer.address}/{name}" for name in layer.states}
    pairs = [
        (name, None, before[address], after[address])
        for name, address in addresses.items()
        if address in before and address in after
    ]
    ended = {name: size(after[address]) for name, address in addresses.items() if address in after}
    samples, batch = _samples([(a, b) for *_, a, b in pairs])
    return Row(done, layer, "", 0, {}, ended, {}, _largest(pairs), samples, batch)


def _held(layer: LayerReport, last: Call, held: Held) -> dict[str, float]:
    """Return what is held otherwise than the last call ended, in the dtype that is held."""
    found: dict[str, float] = {}
    for name, state in last.states.items():
        now = held.get(f"{layer.address}/{name}")
        if now is None:
            continue
        final = state.final.astype(now.dtype)
        if now.shape != final.shape or now.tobytes() != final.tobytes():
            found[name] = size(now)
    return found


def size(array: Array) -> float:
    """Return max|.| of an array of any shape; NaN if it has one, 0 where it is empty."""
    return float(np.abs(widened(array)).max(initial=0))


def _largest(pairs: Sequence[tuple[str, int | None, Array, Array]]) -> Moved | None:
    """Find the largest change; a NaN is larger than any, of equal ones the first counts."""
    found = [
        Moved(state, number, change, after.shape)
        for state, number, before, after in pairs
        if (change := largest_change(before, after)) is not None
    ]
    key = [np.inf if np.isnan(moved.change.size) else moved.change.size for moved in found]
    return found[int(np.argmax(key))] if found else None


def _samples(pairs: Sequence[tuple[Array, Array]]) -> tuple[tuple[int, ...] | None, int | None]:
    """Return which samples changed in any pair of (batch, units), and the largest batch."""
    alike = [(a, b) for a, b in pairs if a.shape == b.shape and a.ndim]
    if not alike:
        return None, None
    changed: set[int] = set()
    for before, after in alike:
        a, b = (flat(widened(x)) for x in (before, after))
        same = (a == b) | ((a != a) & (b != b))
        changed.update(np.flatnonzero(~same.all(axis=1)).tolist())
    return tuple(sorted(changed)), max(len(after) for _, after in alike)
