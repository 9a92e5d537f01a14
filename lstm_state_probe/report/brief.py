"""What is shown of a state unless more is asked for: its start, one timestep, its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call, State
from lstm_state_probe.report.layout import Choice, choose
from lstm_state_probe.report.tables_numbers import identical

SAMPLES = 2
"""Samples that are shown unless the user chose: the first and the last."""


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
    samples: tuple[int, int] = (0, 0)
    steps: Array | None = None


def brief(calls: Sequence[Call], held: dict[str, Array], samples: int | None) -> list[BriefState]:
    """Tell the states of a layer over its calls: initial of the first, final of the last."""
    first, last = calls[0], calls[-1]
    return [
        _state(name, first.states.get(name, state), state, last, held.get(name), samples)
        for name, state in last.states.items()
    ]


def _state(
    name: str, first: State, state: State, call: Call, held: Array | None, samples: int | None
) -> BriefState:
    initial, final, steps = first.initial, state.final, state.timesteps
    if not any(np.any(part) for part in (initial, final, steps, held) if part is not None):
        return BriefState(name, f"zeros from first to last, {_kind(final)}")
    if final.ndim < 2:  # a state without units, such as a count
        final, initial = (np.atleast_1d(x)[:, None] for x in (final, initial))
        steps = None if steps is None else steps.reshape(*steps.shape, 1)
    shown = choose(len(final), SAMPLES if samples is None else samples)
    rows = [*_rows("initial", initial, shown.shown)]
    if initial.shape == final.shape and identical(initial, final) and steps is None:
        return BriefState(name, "", tuple(_rows("unchanged", final, shown.shown)), _of(shown))
    if steps is not None and len(steps) > 2:
        middle = (len(steps) - 1) // 2
        rows += list(_rows(f"t {call.kept[middle]}", steps[middle], shown.shown[:1], one=True))
    rows += _rows("final", final, shown.shown)
    if held is not None and not _as_final(held, final):
        rows += _rows("held", held, shown.shown)
    return BriefState(name, "", tuple(rows), _of(shown), steps)


def _of(shown: Choice) -> tuple[int, int]:
    return len(shown.shown), shown.count


def _as_final(held: Array, final: Array) -> bool:
    return held.shape == final.shape and identical(held, final.astype(held.dtype))


def _rows(
    when: str, array: Array, shown: Sequence[int], *, one: bool = False
) -> Iterator[BriefRow]:
    """Yield a row a sample, or one for all where all samples are alike."""
    if array.ndim < 2:
        array = np.atleast_1d(array)[:, None]
    wide = widened(array)
    if len(wide) > 1 and not one and all(row.tobytes() == wide[0].tobytes() for row in wide):
        yield BriefRow(when, "all", wide[0])
        return
    for place, sample in enumerate(k for k in shown if k < len(wide)):
        yield BriefRow("" if place else when, str(sample), wide[sample])


def _kind(array: Array) -> str:
    return f"{tuple(array.shape)} {array.dtype.name}"
