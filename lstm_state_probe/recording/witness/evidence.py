"""What a call computed with, and which equations and dtypes say what it should have come to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.engines.tap.loop import cells_of
from lstm_state_probe.equations import Equations, NoEquations, equations_for
from lstm_state_probe.layers.families import is_keras
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call

WEIGHTS = ("kernel", "recurrent_kernel", "bias")
_FAMILIES = {
    "LSTMCell": "LSTM",
    "GRUCell": "GRU",
    "SimpleRNNCell": "SimpleRNN",
    "ConvLSTMCell": "ConvLSTM",
}
_WORK = 3.0
"""How many times the products of a cell are computed: as they are, squared, and in parts."""


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


def dtypes_of(part: Recurrent) -> list[str]:
    """Name the dtype in which each cell computes: a cell may have a policy of its own."""
    return [str(getattr(cell, "compute_dtype", None) or "float32") for cell in cells_of(part.layer)]


def in_dtype(array: Array, dtype: str) -> Array:
    """Return the numbers, in float64, that are left once Keras has cast them to a cell's dtype."""
    with np.errstate(over="ignore"):  # what float16 cannot hold is infinite, as in Keras
        return wide(array.astype(dtype))


def wide(array: Array) -> Array:
    """Return it in float64, in which the witness computes."""
    return widened(array).astype(np.float64)


def in_loop_order(call: Call, inputs: Array) -> Array:
    """Return (timesteps, batch, features) in the order of the loop; one sample may stand for all.

    Keras broadcasts a last batch of one to the batch of a stateful layer (seen in 3.14, 3.15).
    """
    spread = np.broadcast_to(inputs, (batch_of(call), *inputs.shape[1:])).swapaxes(0, 1)
    return spread[::-1] if call.backwards else spread


def valid_in(call: Call) -> Array:
    """Return (timesteps, batch), true where the input counts, in the order of the loop."""
    batch = batch_of(call)
    if call.mask is None:
        return np.ones((call.timesteps, batch), bool)
    mask = call.mask[:, ::-1] if call.backwards else call.mask
    return np.broadcast_to(mask.astype(bool), (batch, call.timesteps)).T


def batch_of(call: Call) -> int:
    """Return how many samples the states of a call have."""
    return len(next(iter(call.states.values())).final)


def every_timestep_kept(call: Call) -> bool:
    """Tell whether the states of all timesteps were recorded."""
    recorded = all(state.recorded for state in call.states.values())
    return recorded and call.timesteps > 0 and len(call.kept) == call.timesteps


def cost(inputs: Sequence[int], weights: Sequence[Sequence[int]]) -> float:
    """Estimate the seconds for a call from shapes: products with the weights, in float64.

    The first weight is a kernel (…, features, units), which a convolution lays on many places.
    """
    batch, timesteps, *features = inputs
    places = math.prod(features) // max(weights[0][-2], 1)
    return 1e-3 + _WORK * timesteps * batch * places * sum(map(math.prod, weights)) / 2e9
