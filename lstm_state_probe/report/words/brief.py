"""What is shown of a state unless more is asked for: its start, one timestep, its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call, State
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.words.layout import Choice, choose_samples
from lstm_state_probe.report.words.numbers import identical

SAMPLES = 2
"""Samples that are shown unless the user chose: the first and the last."""

NO_SAMPLES = Choice((), 0)


@dataclass(frozen=True)
class BriefRow:
    """One line: when, of which sample ('all' where they are alike), and its values: (units, …)."""

    when: str
    sample: str
    values: Array


@dataclass(frozen=True)
class BriefState:
    """One state in one operation, in a few lines; with `words` alone it needs no numbers.

    `steps` are the recorded timesteps of the last call, (kept timesteps, batch, units).
    """

    name: str
    words: str
    rows: tuple[BriefRow, ...] = ()
    samples: Choice = NO_SAMPLES
    steps: Array | None = None


def brief(
    calls: Sequence[Call], held: Mapping[str, Array], options: ShowOptions
) -> list[BriefState]:
    """Tell a layer over its calls: its states, the first's initial to the last's final; gates."""
    first, last = calls[0], calls[-1]
    states = [
        _state(first.states.get(name, state).initial, state, last, held.get(name), name, options)
        for name, state in last.states.items()
    ]
    gates = last.gates if options.gates or options.show else {}
    return states + [_gate(name, gate, last, options) for name, gate in gates.items()]


def _state(
    initial: Array, state: State, call: Call, held: Array | None, name: str, options: ShowOptions
) -> BriefState:
    final, steps = state.final, state.timesteps
    if not any(np.any(part) for part in (initial, final, steps, held) if part is not None):
        return BriefState(name, f"zeros from first to last, {kind(final)}")
    samples = _shown(len(np.atleast_1d(final)), options)
    if initial.shape == final.shape and identical(initial, final) and steps is None:
        return BriefState(name, "", tuple(_rows("unchanged", final, samples)), samples)
    rows = [*_rows("initial", initial, samples), *_middle(steps, call, samples)]
    rows += _rows("final", final, samples)
    if held is not None and not _as_final(held, final):
        rows += _rows("held", held, samples)
    return BriefState(name, "", tuple(rows), samples, steps)


def _gate(name: str, steps: Array, call: Call, options: ShowOptions) -> BriefState:
    """Tell a gate at the first, the middle and the last recorded timestep."""
    if not steps.size:
        return BriefState(name, "no timestep of it was recorded")
    samples = _shown(steps.shape[1], options)
    rows = [*_rows(f"t {call.kept[0]}", steps[0], samples), *_middle(steps, call, samples)]
    if len(steps) > 1:
        rows += _rows(f"t {call.kept[-1]}", steps[-1], samples)
    return BriefState(name, "", tuple(rows), samples, steps)


def _shown(count: int, options: ShowOptions) -> Choice:
    wanted = SAMPLES if options.samples is None else options.samples
    return choose_samples(count, wanted, options.sample)


def _middle(steps: Array | None, call: Call, samples: Choice) -> Iterator[BriefRow]:
    """Yield one timestep between the first and the last, of the first shown sample."""
    if steps is not None and len(steps) > 2 and samples.shown:
        middle = (len(steps) - 1) // 2
        one = Choice(samples.shown[:1], samples.count)
        yield from _rows(f"t {call.kept[middle]}", steps[middle], one)


def _rows(when: str, array: Array, samples: Choice) -> Iterator[BriefRow]:
    """Yield a row a sample, or one for all where all samples are alike."""
    wide = widened(array)
    wide = wide if wide.ndim > 1 else np.atleast_1d(wide)[:, None]
    if len(wide) > 1 and len(samples.shown) > 1 and _alike(wide):
        yield BriefRow(when, "all", wide[0])
        return
    for place, sample in enumerate(k for k in samples.shown if k < len(wide)):
        yield BriefRow("" if place else when, str(sample), wide[sample])


def _alike(rows: Array) -> bool:
    return bool(np.array_equal(rows, np.broadcast_to(rows[:1], rows.shape), equal_nan=False))


def _as_final(held: Array, final: Array) -> bool:
    return held.shape == final.shape and identical(held, final.astype(held.dtype))


def kind(array: Array) -> str:
    """Write a shape and a dtype."""
    return f"{tuple(array.shape)} {array.dtype.name}"
