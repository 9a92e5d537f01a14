"""Cuts what Keras keeps in one array into one block for each gate, and checks its shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from lstm_state_probe.equations.base import Array, Blocks, Parameters

Masks: TypeAlias = ArrayLike | tuple[ArrayLike, ...] | None
"""Dropout masks: one for all blocks, a tuple with one for each, or none."""

_A = TypeVar("_A", bound=NDArray[Any])


def cut(
    weights: Mapping[str, ArrayLike | None], blocks: int, *, dtype: DTypeLike = np.float64
) -> Parameters:
    """Cut kernel, recurrent_kernel and bias, in Keras's layout, into blocks of units (filters)."""
    W = np.asarray(weights["kernel"], dtype)
    U = np.asarray(weights["recurrent_kernel"], dtype)
    units = U.shape[-2]
    shaped("recurrent_kernel", U, (*U.shape[:-2], units, blocks * units))
    shaped("kernel", W, (*W.shape[:-1], blocks * units))
    b, d = _biases(weights.get("bias"), blocks * units, dtype=dtype)
    return Parameters(*(tuple(np.split(part, blocks, axis=-1)) for part in (W, U, b, d)))


def _biases(bias: ArrayLike | None, size: int, *, dtype: DTypeLike) -> tuple[Array, Array]:
    """Return the bias on the side of the input and the one on the recurrent side."""
    none = np.zeros(size, dtype)
    if bias is None:
        return none, none
    found = np.asarray(bias, dtype)
    if found.ndim == 2:
        b, d = shaped("bias", found, (2, size))
        return b, d
    return shaped("bias", found, (size,)), none


def spread(
    masks: Masks, shape: tuple[int, ...], *, blocks: int, dtype: DTypeLike
) -> tuple[Array | None, ...]:
    """Return one mask for each block, of the given shape (timesteps, batch, …); None is none."""
    if masks is None:
        return (None,) * blocks
    each = masks if isinstance(masks, tuple) else (masks,) * blocks
    if len(each) != blocks:
        raise ValueError(f"dropout: one mask or {blocks} are needed, found {len(each)}")
    return tuple(_over_time(np.asarray(mask, dtype), shape) for mask in each)


def _over_time(mask: Array, shape: tuple[int, ...]) -> Array:
    timesteps, batch, *n = shape
    if mask.ndim < len(shape):
        return np.broadcast_to(shaped("dropout", mask, (batch, *n)), shape)
    return shaped("dropout", mask, (batch, timesteps, *n)).swapaxes(0, 1)


def dropped(value: Any, masks: tuple[Array | None, ...], *, t: int) -> Blocks:
    """Return `value` (batch, …) once for each block, through that block's mask at timestep t.

    It may be a `Rounded` in the place of an array, and so are the blocks then.
    """
    return tuple(value if mask is None else value * mask[t] for mask in masks)


def shaped(name: str, array: _A, shape: tuple[int, ...]) -> _A:
    """Return the array, or raise ValueError if it has another shape: nothing is broadcast."""
    if array.shape != shape:
        raise ValueError(f"{name}: the shape {shape} is needed, found {array.shape}")
    return array
