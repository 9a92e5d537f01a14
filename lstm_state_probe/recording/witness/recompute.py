"""Runs the equations of a layer's cells on the evidence of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.tap.dropout import RATES
from lstm_state_probe.equations import PRECISIONS, Equations, Trajectory, unfold_rounded
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, State
from lstm_state_probe.recording.witness.evidence import (
    Evidence,
    batch_of,
    dtypes_of,
    every_timestep_kept,
    in_dtype,
    in_loop_order,
    valid_in,
    wide,
)


@dataclass(frozen=True)
class Recomputed:
    """What one cell should have come to, and how far its dtype may be off it: `bounds`.

    `prefix` stands before the names of its states and gates: `cell0/`, or nothing for one cell.
    """

    prefix: str
    values: Trajectory
    bounds: Trajectory


def recomputed(
    part: Recurrent, call: Call, evidence: Evidence, equations: Sequence[Equations]
) -> list[Recomputed]:
    """Run the cells one after the other; the h of one is the input of the next.

    With every timestep kept, each is recomputed from the recorded one before it, all at once, as
    if (timesteps x batch) were a batch: an error cannot grow along the sequence, and no loop
    over time is needed. Else the equations run from the initial state, and their bounds with them.
    """
    single = every_timestep_kept(call)
    inputs, errors = in_loop_order(call, evidence.inputs), None
    found: list[Recomputed] = []
    for k, (each, dtype) in enumerate(zip(equations, dtypes_of(part), strict=True)):
        prefix = f"cell{k}/" if "/" in part.states[0] else ""
        states = {name: call.states[prefix + name] for name in each.states}
        values, bounds = unfold_rounded(
            each,
            _as_batch(in_dtype(inputs, dtype), single=single),
            weights={n: _known(w, dtype) for n, w in evidence.weights[k].items()},
            initial={name: _before(state, dtype, single=single) for name, state in states.items()},
            mask=_as_batch(valid_in(call), single=single),
            dropout=_masks(call, evidence, cell=k, kind="dropout_mask", single=single),
            recurrent_dropout=_masks(
                call, evidence, cell=k, kind="recurrent_dropout_mask", single=single
            ),
            precision=PRECISIONS["tf32" if evidence.tf32 and dtype == "float32" else dtype],
            errors=None if errors is None else errors.swapaxes(0, 1),
        )
        if single:
            values, bounds = _over_time(values, call), _over_time(bounds, call)
        found.append(Recomputed(prefix, values, bounds))
        inputs, errors = _output(states["h"], found[-1], single=single)
    return found


def _known(weight: Array | None, dtype: str) -> Array | None:
    return None if weight is None else in_dtype(weight, dtype)


def _output(h: State, cell: Recomputed, *, single: bool) -> tuple[Array, Array | None]:
    """Return what the next cell is given, (timesteps, batch, units): the recorded h if it is there.

    At a masked timestep the h is the held one, and the next cell's result is not used.
    """
    if single and h.timesteps is not None:
        return h.timesteps, None
    return cell.values.states["h"], cell.bounds.states["h"]


def _as_batch(array: Array, *, single: bool) -> Array:
    """Turn (timesteps, batch, …) into (batch, timesteps, …), or into a batch of single steps."""
    return _rows(array)[:, None] if single else array.swapaxes(0, 1)


def _rows(array: Array) -> Array:
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])


def _before(state: State, dtype: str, *, single: bool) -> Array:
    """Return what the equations start from: the initial state, or that before each timestep."""
    start = in_dtype(state.initial, dtype)
    if not single or state.timesteps is None:
        return start
    return _rows(np.concatenate([start[None], in_dtype(state.timesteps[:-1], dtype)]))


def _over_time(trajectory: Trajectory, call: Call) -> Trajectory:
    """Give a single step over (timesteps x batch) its two axes back."""

    def apart(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {n: a[0].reshape(call.timesteps, -1, *a.shape[2:]) for n, a in arrays.items()}

    states = apart(trajectory.states)
    last = {name: array[-1] for name, array in states.items()}
    return Trajectory(states, apart(trajectory.gates), last)


def _masks(call: Call, evidence: Evidence, *, cell: int, kind: str, single: bool) -> Any:
    """Return the masks of a cell as `unfold` takes them, each for every timestep."""
    assert kind in RATES
    names = sorted(name for name in evidence.dropout if name[:2] == (cell, kind))
    found = []
    for name in names:
        mask = wide(evidence.dropout[name])
        own = mask.shape[1:] if mask.ndim < evidence.inputs.ndim else mask.shape[2:]
        spread = np.broadcast_to(mask, (call.timesteps, batch_of(call), *own))
        found.append(_as_batch(spread, single=single))
    return found[0] if len(found) == 1 else tuple(found) or None
