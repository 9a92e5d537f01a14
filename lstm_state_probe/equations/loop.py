"""The loop over time, the same for every cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from lstm_state_probe.equations.base import Array, Before, Equations, Trajectory
from lstm_state_probe.equations.weights import Masks, cut, dropped, shaped, spread


def unfold(
    equations: Equations,
    inputs: ArrayLike,
    *,
    weights: Mapping[str, ArrayLike | None],
    initial: Mapping[str, ArrayLike] | None = None,
    mask: ArrayLike | None = None,
    go_backwards: bool = False,
    dropout: Masks = None,
    recurrent_dropout: Masks = None,
    dtype: DTypeLike = np.float64,
) -> Trajectory:
    """Run the equations over `inputs` (batch, timesteps, features); features may be several axes.

    `weights` are `kernel` (features, blocks x units), `recurrent_kernel` (units, blocks x units)
    and `bias`, (blocks x units,), (2, blocks x units) for a GRU that resets after, or None.
    `initial` holds each state by its name, (batch, units); zeros if None. `mask` (batch, timesteps)
    is true where the input counts, and goes in the order of the inputs, also with `go_backwards`.

    `dropout` masks the inputs, `recurrent_dropout` the previous h: each is already scaled, one for
    all blocks or a tuple with one for each; (batch, n) to stay or (batch, timesteps, n) to change,
    there in the order of processing.

    Raises ValueError for whatever has another shape, and for states by other names.
    """
    blocks = equations.blocks
    parameters = cut(weights, blocks, dtype=dtype)
    x = _in_order(np.asarray(inputs, dtype), go_backwards, axes=parameters.W[0].ndim + 1)
    if parameters.W[0].ndim == 2:
        shaped("inputs", x, (*x.shape[:2], len(parameters.W[0])))
    timesteps, batch, *features = x.shape
    units = equations.state_shape(tuple(features), parameters)
    states = _initial(initial, equations, shape=(batch, *units), dtype=dtype)
    valid = _valid(mask, go_backwards, shape=(timesteps, batch))
    valid = valid.reshape(timesteps, batch, *[1] * len(units))
    x_masks = spread(dropout, x.shape, blocks=blocks, dtype=dtype)
    h_masks = spread(recurrent_dropout, (timesteps, batch, *units), blocks=blocks, dtype=dtype)

    seen = {name: np.empty((timesteps, batch, *units), dtype) for name in equations.states}
    gates = {name: np.empty((timesteps, batch, *units), dtype) for name in equations.gates}
    for t in range(timesteps):
        before = Before(dropped(x[t], x_masks, t=t), dropped(states["h"], h_masks, t=t), states)
        after = equations.step(before, parameters)
        states = {name: np.where(valid[t], after.states[name], states[name]) for name in states}
        _write(seen, states, t=t)
        _write(gates, after.gates, t=t)
    return Trajectory(seen, gates, states)


def _in_order(inputs: Array, go_backwards: bool, *, axes: int) -> Array:
    """Turn (batch, timesteps, …) into (timesteps, batch, …) in the order of processing."""
    if inputs.ndim != axes:
        needed = "features" if axes == 3 else f"{axes - 2} axes of features"
        raise ValueError(f"inputs: (batch, timesteps, {needed}) is needed, found {inputs.shape}")
    x = inputs.swapaxes(0, 1)
    return x[::-1] if go_backwards else x


def _valid(
    mask: ArrayLike | None, go_backwards: bool, *, shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return (timesteps, batch) in the order of processing, true where the state moves."""
    if mask is None:
        return np.ones(shape, np.bool_)
    valid = shaped("mask", np.asarray(mask, np.bool_), shape[::-1]).T
    return valid[::-1] if go_backwards else valid


def _initial(
    given: Mapping[str, ArrayLike] | None,
    equations: Equations,
    *,
    shape: tuple[int, ...],
    dtype: DTypeLike,
) -> dict[str, Array]:
    if given is None:
        return {name: np.zeros(shape, dtype) for name in equations.states}
    if set(given) != set(equations.states):
        raise ValueError(f"initial: the states {equations.states} are needed, found {[*given]}")
    return {
        name: shaped(f"initial {name}", np.asarray(given[name], dtype), shape)
        for name in equations.states
    }


def _write(history: Mapping[str, Array], values: Mapping[str, Array], *, t: int) -> None:
    for name, array in history.items():
        array[t] = values[name]
