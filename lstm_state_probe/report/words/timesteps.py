"""The rows of a table of timesteps: still without layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call
from lstm_state_probe.report.words.layout import flat, unit
from lstm_state_probe.report.words.window import Track, Window


@dataclass(frozen=True)
class Row:
    """One line of a table: `values` (units), or a change from the timestep before."""

    timestep: str
    values: Array
    input: str = ""
    mark: str = ""
    change: bool = False


def rows(call: Call, track: Track, window: Window, sample: int, *, changes: bool) -> list[Row]:
    """Make the rows of one sample: where it started, each timestep, with its change if wanted."""
    own = track.steps[:, sample]
    notes = _extremes(own) if window.digest else {}
    found = []
    if track.initial is not None and track.initial.shape == track.steps.shape[1:]:
        found.append(Row("initial", widened(track.initial[sample])))
    for place in sorted({*window.places, *notes}):
        timestep = call.kept[place]
        marks = [*notes.get(place, ())]
        if held(call, sample, timestep):
            marks.append("held (masked)" if track.initial is not None else "unused (masked)")
        at = str(call.input_index(timestep))
        found.append(Row(str(timestep), widened(own[place]), at, ", ".join(marks)))
        before = _before(call, track, sample, place) if changes else None
        if before is not None:
            found.append(Row("change", _difference(before, own[place]), change=True))
    return found


def _before(call: Call, track: Track, sample: int, place: int) -> Array | None:
    """Return the values one timestep earlier, if they were kept."""
    timestep = call.kept[place]
    if timestep == 0:
        initial = track.initial
        alike = initial is not None and initial.shape == track.steps.shape[1:]
        return initial[sample] if initial is not None and alike else None
    earlier = place > 0 and call.kept[place - 1] == timestep - 1
    return track.steps[place - 1, sample] if earlier else None


def _difference(before: Array, after: Array) -> Array:
    """Return after - before in float64; what stays equal, infinities too, changes by 0."""
    a, b = (widened(x).astype(np.float64) for x in (before, after))
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(a == b, 0.0, b - a)


def held(call: Call, sample: int, timestep: int) -> bool:
    """Tell whether a mask held a sample at a timestep of the loop."""
    if call.mask is None or sample >= len(call.mask):
        return False
    return not call.mask[sample, call.input_index(timestep)]


def _extremes(steps: Array) -> dict[int, list[str]]:
    """Mark the lowest and highest finite value of (timesteps, units), and what is not finite."""
    table = flat(widened(steps)).astype(np.float64)
    finite = np.isfinite(table)
    found: dict[int, list[str]] = {}
    for words, place in _marked(table, finite):
        at = np.unravel_index(place, table.shape)
        found.setdefault(int(at[0]), []).append(f"{words} {unit(steps.shape, int(at[1]))}")
    return found


def _marked(table: Array, finite: Array) -> Iterator[tuple[str, int]]:
    if finite.any():
        yield "min", int(np.argmin(np.where(finite, table, np.inf)))
        yield "max", int(np.argmax(np.where(finite, table, -np.inf)))
    if not finite.all():
        yield "first NaN/Inf", int(np.argmin(finite))
