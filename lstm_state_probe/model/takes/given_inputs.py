"""Inputs that a user gives, compared with what the model takes before Keras sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError, nearest
from lstm_state_probe.model.takes.inputs import InputSpec, input_specs


def checked(model: Any, given: Mapping[str, Array] | Array) -> Mapping[str, Array]:
    """Return the inputs by name, in the model's order and dtypes.

    Raises:
        UsageError: for a name, a shape or an index that the model does not take; where it does
            not say what it takes, its own error is left to Keras.
    """
    try:
        specs = input_specs(model)
    except UsageError:
        found = given if isinstance(given, Mapping) else {"": given}
        return {name or "inputs": np.asarray(array) for name, array in found.items()}
    arrays = _named(specs, given)
    _same_batch(arrays)
    return {spec.name: _fitting(spec, arrays[spec.name]) for spec in specs}


def _named(specs: tuple[InputSpec, ...], given: Mapping[str, Array] | Array) -> Mapping[str, Array]:
    expected = "; ".join(map(str, specs))
    if not isinstance(given, Mapping) or list(given) == [""]:
        if len(specs) > 1:
            raise UsageError(f"the model takes {len(specs)} inputs, by name: {expected}")
        array = given[""] if isinstance(given, Mapping) else given
        return {specs[0].name: np.asarray(array)}
    names = [spec.name for spec in specs]
    for name in given:
        if name not in names:
            near = nearest(name, names)
            raise UsageError(f"the model takes no input {name!r}; it takes {expected}{near}")
    missing = [name for name in names if name not in given]
    if missing:
        raise UsageError(f"the input {missing[0]!r} is missing; the model takes {expected}")
    return {name: np.asarray(array) for name, array in given.items()}


def _same_batch(arrays: Mapping[str, Array]) -> None:
    batches = {array.shape[:1] for array in arrays.values()}
    if len(batches) > 1:
        told = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise UsageError(f"the inputs have different numbers of samples: {told}")


def _fitting(spec: InputSpec, array: Array) -> Array:
    fits = len(array.shape) == len(spec.shape) and all(
        want in (None, size) for want, size in zip(spec.shape, array.shape, strict=True)
    )
    if not fits:
        raise UsageError(
            f"the input for {spec.name!r} has the shape {array.shape}; the model takes {spec}"
        )
    if array.dtype.kind not in "bifu":
        raise UsageError(f"the input for {spec.name!r} holds {array.dtype}, not numbers")
    if not array.size:
        raise UsageError(f"the input for {spec.name!r} is empty: {array.shape}")
    if spec.high is not None and spec.indices:
        _known_indices(spec, array)
    return array.astype("float32" if spec.dtype == "bfloat16" else spec.dtype)


def _known_indices(spec: InputSpec, array: Array) -> None:
    assert spec.high is not None
    unknown = array[(array < 0) | (array >= spec.high) | (array != np.floor(array))]
    if unknown.size:
        raise UsageError(
            f"the input for {spec.name!r} holds {unknown[0]}; what looks it up knows the integers"
            f" 0 to {spec.high - 1}"
        )
