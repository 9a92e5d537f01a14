"""The arrays of a scenario as they are written: generators, files, nested lists."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from lstm_state_probe.scenario.base import Dim, Numbers, Shape, Written, list_shape, wrong

DType = Literal[
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"
]
_BYTES = {"float16": 2, "float64": 8, "int64": 8, "int8": 1, "uint8": 1, "int16": 2, "bool": 1}


class Generator(Written):
    """An array that is made; `shape` includes the batch axis."""

    shape: Shape
    dtype: DType = "float32"


class Normal(Generator):
    """Drawn from a normal distribution."""

    mean: float = 0.0
    stddev: Annotated[float, Field(ge=0)] = 1.0


class Uniform(Generator):
    """Drawn from [low, high)."""

    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.low <= self.high:
            raise wrong(f"low must not exceed high, found low: {self.low}, high: {self.high}")
        return self


class Integers(Generator):
    """Drawn from low, …, high - 1."""

    low: int = 0
    high: int
    dtype: DType = "int32"

    @model_validator(mode="after")
    def _ordered(self) -> Integers:
        if not self.low < self.high:
            raise wrong(f"low must be less than high, found low: {self.low}, high: {self.high}")
        return self


class Arange(Generator):
    """Counts start, start + step, … through the shape, the last axis fastest."""

    start: float = 0.0
    step: float = 1.0


class Constant(Generator):
    """One value everywhere."""

    value: float | bool


class Data(Written):
    """One named array: exactly one way to make it, or a file."""

    normal: Normal | None = None
    uniform: Uniform | None = None
    integers: Integers | None = None
    arange: Arange | None = None
    constant: Constant | None = None
    zeros: Generator | None = None
    ones: Generator | None = None
    file: str | None = None
    key: str | None = None
    values: Numbers | None = None

    @model_validator(mode="after")
    def _one(self) -> Data:
        ways = [name for name in WAYS if getattr(self, name) is not None]
        if len(ways) != 1:
            found = f"found {' and '.join(ways)}" if ways else "found none"
            raise wrong(f"an array is made in exactly one way, {found}; allowed: {', '.join(WAYS)}")
        if self.key is not None and not (self.file or "").endswith(".npz"):
            raise wrong("'key' goes with a 'file' that ends in .npz")
        return self

    @property
    def way(self) -> str:
        """The name of the generator, or 'file', or 'values'."""
        return next(name for name in WAYS if getattr(self, name) is not None)

    def static_shape(self) -> list[int] | None:
        """Return the shape as far as it is written; None for a file."""
        if self.way == "file":
            return None
        if self.way == "values":
            return list_shape(self.values)
        return list(getattr(self, self.way).shape)

    def static_bytes(self) -> int:
        """Return the size in memory that the written shape asks for; 0 for a file."""
        shape = self.static_shape()
        dtype = getattr(getattr(self, self.way), "dtype", "float32")
        return math.prod(shape) * _BYTES.get(dtype, 4) if shape is not None else 0


WAYS = tuple(name for name in Data.model_fields if name != "key")


def _list_form(value: Any) -> Any:
    return {"values": value} if isinstance(value, list) else value


DataField = Annotated[
    Data,
    BeforeValidator(_list_form),
    Field(description="a generator, a file, or a nested list of numbers"),
]
__all__ = ["WAYS", "Arange", "Constant", "Data", "DataField", "Dim", "Generator", "Integers"]
