"""One run of the equations: what it starts from, the walk over time, what it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from lstm_state_probe.equations.base import Array, Before, Equations, Parameters, Trajectory
from lstm_state_probe.equations.rounding import held
from lstm_state_probe.equations.weights import Masks, cut, dropped, shaped, spread


class Run(NamedTuple):
    """What a run starts from; x is (timesteps, batch, features) in the order of processing."""

    parameters: Parameters
    x: Array
    states: Mapping[str, Array]
    valid: NDArray[np.bool_]
    x_masks: tuple[Array | None, ...]
    h_masks: tuple[Array | None, ...]
    dtype: DTypeLike


def begun(
    equations: Equations,
    inputs: ArrayLike,
    *,
    weights: Mapping[str, ArrayLike | None],
    initial: Mapping[str, ArrayLike] | None,
    valid: tuple[ArrayLike | None, bool],
    masks: tuple[Masks, Masks],
    dtype: DTypeLike,
) -> Run:
    """Check the shapes, and lay everything in the order of processing; see `unfold`."""
    mask, go_backwards = valid
    blocks = equations.blocks
    parameters = cut(weights, blocks, dtype=dtype)
    x = _in_order(np.asarray(inputs, dtype), go_backwards, axes=parameters.W[0].ndim + 1)
    if parameters.W[0].ndim == 2:
        shaped("inputs", x, (*x.shape[:2], len(parameters.W[0])))
    timesteps, batch, *features = x.shape
    units = equations.state_shape(tuple(features), parameters)
    states = _initial(initial, equations, shape=(batch, *units), dtype=dtype)
    valid_ = _valid(mask, go_backwards, shape=(timesteps, batch))
    valid_ = valid_.reshape(timesteps, batch, *[1] * len(units))
    x_masks = spread(masks[0], x.shape, blocks=blocks, dtype=dtype)
    h_masks = spread(masks[1], (timesteps, batch, *units), blocks=blocks, dtype=dtype)
    return Run(parameters, x, states, valid_, x_masks, h_masks, dtype)


def walked(
    run: Run, equations: Equations, inputs: Iterable[Any], start: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield states and gates after each timestep: arrays, or `Rounded` where the inputs are."""
    states = start
    for t, x in enumerate(inputs):
        now = dropped(x, run.x_masks, t=t), dropped(states["h"], run.h_masks, t=t)
        after = equations.step(Before(*now, states), run.parameters)
        states = {name: held(run.valid[t], after.states[name], states[name]) for name in states}
        yield states, after.gates


class History:
    """States and gates as they come, each (timesteps, batch, units)."""

    def __init__(self, equations: Equations, run: Run, start: Mapping[str, Array]) -> None:
        shape = (len(run.x), *next(iter(start.values())).shape)
        self.states = {name: np.empty(shape, run.dtype) for name in equations.states}
        self.gates = {name: np.empty(shape, run.dtype) for name in equations.gates}
        self.final = start

    def write(self, t: int, states: Mapping[str, Array], gates: Mapping[str, Array]) -> None:
        """Note what a timestep left."""
        for history, values in ((self.states, states), (self.gates, gates)):
            for name, array in history.items():
                array[t] = values[name]
        self.final = states

    def trajectory(self) -> Trajectory:
        """Return all that was written."""
        return Trajectory(self.states, self.gates, self.final)


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
