"""Arrays and numbers as JSON has them, and back: NaN and infinities are strings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.errors import brief

SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def values(value: Any) -> Any:
    """Return nested lists of numbers; what JSON cannot write becomes a string."""
    if isinstance(value, np.ndarray):
        return _listed(value)
    if isinstance(value, dict):
        return {key: values(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return _special(value)
    return value


def _listed(array: Array) -> Any:
    array = widened(array)
    plain = array.tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return plain
    return values(plain)


def _special(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def dtypes(named: Mapping[str, Array]) -> dict[str, str]:
    """Name the dtype of each array, which a nested list does not tell."""
    return {name: array.dtype.name for name, array in named.items()}


def arrays(value: Any, name: str = "result") -> dict[str, Array]:
    """Name the arrays in a result: 'result', 'result/0', 'result/loss'."""
    if isinstance(value, np.ndarray):
        return {name: value}
    if not isinstance(value, (dict, list, tuple)):
        return {}
    parts = value if isinstance(value, dict) else dict(enumerate(value))
    return {k: v for key, item in parts.items() for k, v in arrays(item, f"{name}/{key}").items()}


def result(value: Any, known: Mapping[str, str], name: str = "result") -> Any:
    """Read what an operation returned; `known` are the dtypes of its arrays."""
    if name in known:
        return array(value, known[name])
    if isinstance(value, dict):
        return {key: result(item, known, f"{name}/{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [result(item, known, f"{name}/{k}") for k, item in enumerate(value)]
    return SPECIAL.get(value, value) if isinstance(value, str) else value


def array(value: Any, dtype: str) -> Array:
    """Read an array of that dtype.

    Raises:
        ValueError: if the dtype is none of numbers, or the values are none of it.
    """
    try:
        return np.array(_numbers(value), _dtype(dtype))
    except (TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"no array of {brief(dtype)}: {error}") from error


def _dtype(name: str) -> Any:
    if name != "bfloat16":
        dtype = np.dtype(name)
        if dtype.kind not in "bifuc":  # others have no numbers, or as many bytes as a report says
            raise TypeError("it is not a dtype of numbers")
        return dtype
    from ml_dtypes import bfloat16  # comes with TensorFlow

    return np.dtype(bfloat16)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return SPECIAL[value] if isinstance(value, str) else value


def number(value: float | str) -> float:
    """Read one number."""
    return SPECIAL[value] if isinstance(value, str) else float(value)
