"""What a model takes, and generated inputs of that kind."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError
from lstm_state_probe.model.takes.consumers import every_lookup, lookups, size_of

BATCH = 2
TIMESTEPS = 6
SPACE = 8
"""What an unknown axis becomes: samples, timesteps, and any other (the height of an image)."""
_BELOW = 2
_WIDE = 32  # bytes of a number on its way: drawn, converted, copied, given to Keras
"""Integers of which no layer says how many there are: 0 or 1."""


@dataclass(frozen=True)
class InputSpec:
    """One input: `shape` with None where any size will do.

    Integers are drawn from low, …, high - 1; `high` is None for numbers of other kinds. What an
    Embedding looks up are integers, also where the input is declared as floats; `indices` marks it.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    high: int | None = None
    low: int = 0
    indices: bool = False

    def __str__(self) -> str:
        shape = ", ".join("any" if dim is None else str(dim) for dim in self.shape)
        indices = "" if self.high is None else f", integers {self.low} to {self.high - 1}"
        return f"{self.name}: ({shape}) {self.dtype}{indices}"


def input_specs(model: Any) -> tuple[InputSpec, ...]:
    """Describe the inputs of a built model, in the order in which it takes them.

    Raises:
        UsageError: if the model does not say what it takes, as a subclassed one that was not
            called yet, or takes text.
    """
    specs = _symbolic(model) or _remembered(model)
    if not specs:
        raise UsageError(
            f"the model {model.name!r} does not say what it takes (it is not built, or its class"
            " is your own): give an input (--input x.npy)"
        )
    for spec in specs:
        if spec.dtype == "string":
            raise UsageError(f"the input {spec.name!r} is text, which cannot be generated")
    return specs


def example_inputs(
    model: Any, *, batch: int | None = None, timesteps: int | None = None, seed: int = 0
) -> dict[str, Array]:
    """Generate inputs for a built model, by name, in its order.

    Unknown axes are filled: `batch` samples, `timesteps` timesteps, and 8 of anything else. Each
    input has a stream of its own, so that the numbers depend on the seed and its name alone.

    Raises:
        UsageError: if the model does not say what it takes, or was built for another size.
    """
    specs = input_specs(model)
    fixed = next((spec.shape[0] for spec in specs if spec.shape and spec.shape[0]), None)
    samples = batch or fixed or BATCH
    return {
        spec.name: _draw(spec, _filled(spec, batch=samples, timesteps=timesteps), seed=seed)
        for spec in specs
    }


def structured(model: Any, arrays: Mapping[str, Array]) -> Any:
    """Put arrays into the structure in which a model takes them: one, a list, or a mapping."""
    if isinstance(_declared(model), dict):
        return dict(arrays)
    values = list(arrays.values())
    return values[0] if len(values) == 1 else values


def _declared(model: Any) -> Any:
    """Return the structure of the inputs with which a functional model was made."""
    own = getattr(model, "_functional", None) or model  # a Sequential of Keras 3 has one inside
    structure = getattr(own, "_inputs_struct", None)
    return structure if structure is not None else getattr(own, "_nested_inputs", None)


def _symbolic(model: Any) -> tuple[InputSpec, ...]:
    tensors = list(getattr(model, "inputs", None) or ())
    return tuple(
        _spec(name, tensor.shape, tensor.dtype, lookups(model, tensor))
        for name, tensor in zip(_names(model, tensors), tensors, strict=True)
    )


def _names(model: Any, tensors: Sequence[Any]) -> list[str]:
    """Name the inputs as a mapping of arrays must: by their keys, or by the tensors.

    Keras 3 calls the tensor of an input without a name `keras_tensor`; where it is the only one,
    the name of its layer says more.
    """
    structure = _declared(model)
    if isinstance(structure, dict) and len(structure) == len(tensors):
        return sorted(structure)
    if len(tensors) == 1:
        return [str(tensors[0]._keras_history[0].name)]
    return [str(tensor.name) for tensor in tensors]


def _remembered(model: Any) -> tuple[InputSpec, ...]:
    """Describe a subclassed model that was called once, by what it remembers of that."""
    found = _one_named(getattr(model, "_saved_model_inputs_spec", None))  # tf_keras
    if found:
        kinds = [(name, spec.shape, spec.dtype) for name, spec in found.items()]
    else:  # Keras 3 keeps the shapes alone
        shapes = getattr(model, "_build_shapes_dict", None) or {}
        kinds = [(name, shape, "float32") for name, shape in shapes.items() if _is_shape(shape)]
    tables = every_lookup(model)
    bound = any(getattr(layer, "stateful", False) is True for layer in model._flatten_layers())
    return tuple(
        _spec(
            name.removesuffix("_shape"),
            shape if bound else (None, *shape[1:]),  # one batch was seen, any will do
            dtype,
            tables if len(shape) == 2 else [],
        )
        for name, shape, dtype in kinds
    )


def _one_named(spec: Any) -> Mapping[str, Any]:
    if isinstance(spec, Mapping):
        return {str(name): item for name, item in spec.items() if hasattr(item, "dtype")}
    return {"inputs": spec} if hasattr(spec, "dtype") else {}


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, (tuple, list)) and all(
        dim is None or isinstance(dim, int) for dim in shape
    )


def _spec(name: str, shape: Any, dtype: Any, tables: Sequence[Any]) -> InputSpec:
    word = str(getattr(dtype, "name", dtype))
    sizes = [size for table in tables if (size := size_of(table)) is not None]
    whole = word.startswith(("int", "uint", "bool"))
    high = min(sizes) if sizes else _BELOW if whole else None
    masks = any(getattr(table, "mask_zero", False) for table in tables)
    low = 1 if masks and high is not None and high > 1 else 0  # 0 would be padding
    axes = tuple(None if dim is None else int(dim) for dim in shape)
    return InputSpec(name, axes, word, high, low, indices=bool(sizes))


def _filled(spec: InputSpec, *, batch: int, timesteps: int | None) -> tuple[int, ...]:
    wanted = [batch, timesteps or TIMESTEPS] + [SPACE] * len(spec.shape)
    filled = tuple(
        want if dim is None else dim for dim, want in zip(spec.shape, wanted, strict=False)
    )
    if filled and filled[0] != batch:
        raise UsageError(f"the model was built for a batch of {filled[0]}, not {batch}: {spec}")
    size = math.prod(filled) * _WIDE
    if size > memory_limit():
        raise UsageError(
            f"the input {spec.name!r} {filled} would take {say_bytes(size)} to make; this machine"
            f" has {say_bytes(memory_limit())} of memory"
        )
    return filled


def _draw(spec: InputSpec, shape: tuple[int, ...], *, seed: int) -> Array:
    stream = np.random.SeedSequence([seed, zlib.crc32(spec.name.encode())])
    rng = np.random.default_rng(stream)
    if spec.high is not None:
        return rng.integers(spec.low, spec.high, shape).astype(_numpy_dtype(spec.dtype))
    return rng.normal(size=shape).astype(_numpy_dtype(spec.dtype))


def _numpy_dtype(word: str) -> Any:
    return np.dtype("float32") if word == "bfloat16" else np.dtype(word)
