"""The loop over time, the same for every cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from lstm_state_probe.equations.base import Array, Equations, Trajectory
from lstm_state_probe.equations.rounding import Precision, Rounded, lifted
from lstm_state_probe.equations.run import History, begun, walked
from lstm_state_probe.equations.weights import Masks


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
    run = begun(
        equations,
        inputs,
        weights=weights,
        initial=initial,
        valid=(mask, go_backwards),
        masks=(dropout, recurrent_dropout),
        dtype=dtype,
    )
    history = History(equations, run, run.states)
    for t, (states, gates) in enumerate(walked(run, equations, run.x, run.states)):
        history.write(t, states, gates)
    return history.trajectory()


def unfold_rounded(
    equations: Equations,
    inputs: Array,
    *,
    weights: Mapping[str, ArrayLike | None],
    initial: Mapping[str, Array],
    mask: NDArray[np.bool_],
    dropout: Masks,
    recurrent_dropout: Masks,
    precision: Precision,
    errors: Array | None = None,
) -> tuple[Trajectory, Trajectory]:
    """Run the equations as `unfold` does; return what it does and how far another may be off it.

    The other computes in a dtype of this `precision`, from the very same weights, states and
    inputs, of which `errors` may bound how far they are off in their turn.
    """
    run = begun(
        equations,
        inputs,
        weights=weights,
        initial=initial,
        valid=(mask, False),
        masks=(dropout, recurrent_dropout),
        dtype=np.float64,
    )
    nothing = {name: np.zeros_like(array) for name, array in run.states.items()}
    values, bounds = History(equations, run, run.states), History(equations, run, nothing)
    off = [None] * len(run.x) if errors is None else errors.swapaxes(0, 1)
    x = [Rounded(array, error, precision) for array, error in zip(run.x, off, strict=True)]
    start = {name: Rounded(array, None, precision) for name, array in run.states.items()}
    with np.errstate(all="ignore"):  # NaN and infinities go in where Keras met them
        for t, found in enumerate(walked(run, lifted(equations), x, start)):
            values.write(t, *({n: a.value for n, a in each.items()} for each in found))
            bounds.write(t, *({n: a.bound for n, a in each.items()} for each in found))
    return values.trajectory(), bounds.trajectory()
