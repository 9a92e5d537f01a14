"""The witness: recomputes what was recorded of a call from the papers' equations, in float64.

The weights, the inputs, the mask and the dropout masks are those of the call itself, taken inside
the operation before any update.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.engines.dropout import RATES
from lstm_state_probe.engines.loop import cells_of
from lstm_state_probe.equations import Equations, NoEquations, Trajectory, equations_for, unfold
from lstm_state_probe.layers.families import is_keras
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, State, Verified

TOLERANCES = {"float16": 1e-2, "bfloat16": 6e-2, "float32": 1e-5, "float64": 1e-9, "tf32": 5e-3}
"""How far a value v may be from the witness: tolerance x (1 + |v|), by the dtype of the states.

A GPU multiplies float32 as TensorFloat-32, of 10 bits, unless TensorFlow is told not to.
"""

WEIGHTS = ("kernel", "recurrent_kernel", "bias")
_FAMILIES = {
    "LSTMCell": "LSTM",
    "GRUCell": "GRU",
    "SimpleRNNCell": "SimpleRNN",
    "ConvLSTMCell": "ConvLSTM",
}


@dataclass(frozen=True)
class Evidence:
    """What a call computed with; `inputs` is (batch, timesteps, …).

    `weights` has one entry a cell; `dropout` holds masks by (cell, kind, number): (batch, n) of the
    whole call, or (timesteps, batch, n) in the order of the loop. `tf32` says that products of
    float32 were computed as TensorFloat-32.
    """

    inputs: Array
    weights: Sequence[Mapping[str, Array | None]]
    dropout: Mapping[tuple[int, str, int], Array]
    tf32: bool = False


def equations_of(part: Recurrent, engine: str) -> list[Equations]:
    """Return the equations of each cell.

    Raises:
        NoEquations: for a custom cell, or an activation that the witness lacks.
    """
    found = []
    for cell in cells_of(part.layer):
        family = _family(cell)
        if family is None:
            raise NoEquations(f"no equations for {type(cell).__name__}")
        found.append(equations_for(family, cell.get_config(), engine=engine))
    return found


def _family(cell: Any) -> str | None:
    """Name the family of a cell; None for one that computes in its own way, or inherits such."""
    for kind in type(cell).__mro__:
        if "call" in vars(kind):
            stock = is_keras(kind) and "call" not in vars(cell)
            return _FAMILIES.get(kind.__name__) if stock else None
    return None


def cost(inputs: Sequence[int], weights: Sequence[Sequence[int]]) -> float:
    """Estimate the seconds for a call from shapes: products with the weights, in float64.

    The first weight is a kernel (…, features, units), which a convolution lays on many places.
    """
    batch, timesteps, *features = inputs
    places = math.prod(features) // max(weights[0][-2], 1)
    return 1e-3 + timesteps * batch * places * sum(map(math.prod, weights)) / 2e9


def verify(part: Recurrent, call: Call, evidence: Evidence, *, engine: str) -> Verified:
    """Compare a call with the witness; what cannot be compared is told, not passed."""
    try:
        equations = equations_of(part, engine)
    except NoEquations as error:
        return Verified(None, None, str(error))
    batch = len(next(iter(call.states.values())).final)
    if evidence.inputs.shape[0] not in (1, batch):
        return Verified(None, None, "the inputs have another batch than the states")
    trajectories = unfolded(part, call, evidence, equations)
    dtype = next(iter(call.states.values())).final.dtype.name
    tolerance = TOLERANCES["tf32" if evidence.tf32 and dtype == "float32" else dtype]
    worst, where, fits = 0.0, "", True
    for name, found, expected in _pairs(part, call, trajectories):
        deviation, near = _compare(found, expected, tolerance)
        if deviation > worst or not near:
            worst, where = max(worst, deviation), name
        fits = fits and near
    if _every_timestep_kept(call):
        for name, state in call.states.items():
            last = None if state.timesteps is None else state.timesteps[-1]
            if last is not None and not np.array_equal(last, state.final, equal_nan=True):
                return Verified(False, worst, f"the last timestep of {name} is not its final state")
    if not fits:
        return Verified(False, worst, f"{where} is off the equations by {worst:.3g}")
    return Verified(True, worst, "")


def unfolded(
    part: Recurrent, call: Call, evidence: Evidence, equations: Sequence[Equations]
) -> list[Trajectory]:
    """Run the cells one after the other; the h of one is the input of the next.

    With every timestep kept, each is recomputed from the recorded one before it, all at once, as
    if (timesteps x batch) were a batch: an error cannot grow along the sequence, and no loop
    over time is needed. Else the equations run from the initial state.
    """
    single = _every_timestep_kept(call)
    inputs, mask = in_loop_order(call, evidence.inputs), _valid(call)
    if single:
        inputs, mask = _rows(inputs)[:, None], _rows(mask)[:, None]
    else:
        inputs, mask = inputs.swapaxes(0, 1), mask.T
    found: list[Trajectory] = []
    for k, each in enumerate(equations):
        prefix = f"cell{k}/" if "/" in part.states[0] else ""
        states = {name: call.states[prefix + name] for name in each.states}
        masks = [_masks(call, evidence, cell=k, kind=kind, single=single) for kind in RATES]
        trajectory = unfold(
            each,
            inputs,
            weights={n: None if w is None else _wide(w) for n, w in evidence.weights[k].items()},
            initial={name: _before(state, single=single) for name, state in states.items()},
            mask=mask,
            dropout=masks[0],
            recurrent_dropout=masks[1],
        )
        inputs = trajectory.states["h"].swapaxes(0, 1)
        found.append(_over_time(trajectory, call) if single else trajectory)
    return found


def _every_timestep_kept(call: Call) -> bool:
    recorded = all(state.timesteps is not None for state in call.states.values())
    return recorded and call.timesteps > 0 and len(call.kept) == call.timesteps


def in_loop_order(call: Call, inputs: Array) -> Array:
    """Return (timesteps, batch, features) in the order of the loop; one sample may stand for all.

    Keras broadcasts a last batch of one to the batch of a stateful layer (seen in 3.14, 3.15).
    """
    batch = len(next(iter(call.states.values())).final)
    spread = np.broadcast_to(_wide(inputs), (batch, *inputs.shape[1:])).swapaxes(0, 1)
    return spread[::-1] if call.backwards else spread


def _rows(array: Array) -> Array:
    return array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])


def _before(state: State, *, single: bool) -> Array:
    """Return what the equations start from: the initial state, or that before each timestep."""
    if not single or state.timesteps is None:
        return _wide(state.initial)
    return _rows(np.concatenate([_wide(state.initial)[None], _wide(state.timesteps)[:-1]]))


def _over_time(trajectory: Trajectory, call: Call) -> Trajectory:
    """Give a single step over (timesteps x batch) its two axes back."""
    shape = (call.timesteps, -1)
    states = {n: a[0].reshape(*shape, *a.shape[2:]) for n, a in trajectory.states.items()}
    gates = {n: a[0].reshape(*shape, *a.shape[2:]) for n, a in trajectory.gates.items()}
    return Trajectory(states, gates, {name: array[-1] for name, array in states.items()})


def _masks(call: Call, evidence: Evidence, *, cell: int, kind: str, single: bool) -> Any:
    """Return the masks of a cell as `unfold` takes them, each for every timestep."""
    names = sorted(name for name in evidence.dropout if name[:2] == (cell, kind))
    batch = len(next(iter(call.states.values())).final)
    wide = []
    for name in names:
        mask = _wide(evidence.dropout[name])
        own = mask.shape[1:] if mask.ndim < evidence.inputs.ndim else mask.shape[2:]
        spread = np.broadcast_to(mask, (call.timesteps, batch, *own))
        wide.append(_rows(spread)[:, None] if single else spread.swapaxes(0, 1))
    return wide[0] if len(wide) == 1 else tuple(wide) or None


def _pairs(
    part: Recurrent, call: Call, trajectories: Sequence[Trajectory]
) -> list[tuple[str, Array, Array]]:
    """List (name, recorded, witness) of all that was recorded."""
    stacked = "/" in part.states[0]
    kept = list(call.kept)
    valid = _valid(call)
    found: list[tuple[str, Array, Array]] = []
    for k, trajectory in enumerate(trajectories):
        prefix = f"cell{k}/" if stacked else ""
        for name, expected in trajectory.states.items():
            state = call.states[prefix + name]
            found.append((prefix + name, state.final, trajectory.final[name]))
            if state.timesteps is not None:
                found.append((prefix + name, state.timesteps, expected[kept]))
        for name, expected in trajectory.gates.items():
            gate = call.gates.get(prefix + name)
            if gate is not None:  # at a masked timestep a gate is computed and not used
                found.append((prefix + name, gate[valid[kept]], expected[kept][valid[kept]]))
    return found


def _valid(call: Call) -> Array:
    """Return (timesteps, batch), true where the input counts, in the order of the loop."""
    batch = len(next(iter(call.states.values())).final)
    if call.mask is None:
        return np.ones((call.timesteps, batch), bool)
    mask = call.mask[:, ::-1] if call.backwards else call.mask
    return np.broadcast_to(mask.astype(bool), (batch, call.timesteps)).T


def _compare(found: Array, expected: Array, tolerance: float) -> tuple[float, bool]:
    recorded = _wide(found)
    if not recorded.size:
        return 0.0, True
    near = np.isclose(recorded, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    with np.errstate(invalid="ignore"):
        deviation = np.where(recorded == expected, 0.0, np.abs(recorded - expected))
    finite = deviation[np.isfinite(deviation)]
    return float(finite.max()) if finite.size else 0.0, bool(near.all())


def _wide(array: Array) -> Array:
    return widened(array).astype(np.float64)
