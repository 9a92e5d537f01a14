"""The arrays of a scenario as they are written: generators, files, nested lists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from lstm_state_probe.errors import brief
from lstm_state_probe.scenario.written.base import (
    NUMBERS_REF,
    AlsoWritten,
    Dim,
    Finite,
    Name,
    Numbers,
    Shape,
    Written,
    is_number,
    list_shape,
    wrong,
)

DType = Literal["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
_BYTES = {"float16": 2, "float64": 8, "int64": 8, "int8": 1, "uint8": 1, "int16": 2, "bool": 1}
_DRAWN_BYTES = 8
_LARGEST = {"float16": 65504.0, "float32": 3.4028235e38}
_WHOLE = {f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
_WHOLE["uint8"] = (0, 255)


def _must_hold(dtype: str, *values: float) -> None:
    """Refuse finite numbers that a dtype would wrap around or make infinite."""
    low, high = _WHOLE.get(dtype, (-_LARGEST.get(dtype, math.inf), _LARGEST.get(dtype, math.inf)))
    for value in values:
        if dtype in _WHOLE and not math.isfinite(value):
            raise wrong(f"{dtype} has no {brief(value)}")
        if math.isfinite(value) and not low <= value <= high:
            raise wrong(f"{brief(value)} does not fit into {dtype}; allowed: {low} to {high}")


class Generator(Written):
    """An array that is made; `shape` includes the batch axis."""

    shape: Shape = Field(description="the whole shape, the batch axis first")
    dtype: DType = "float32"

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


class Normal(Generator):
    """Drawn from a normal distribution."""

    mean: Finite = 0.0
    stddev: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0


class Uniform(Generator):
    """Drawn from [low, high)."""

    low: Finite = 0.0
    high: Finite = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.low <= self.high:
            raise wrong(f"low must not exceed high, found low: {self.low}, high: {self.high}")
        if math.isinf(self.high - self.low):
            raise wrong("low and high are further apart than a float can hold")
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
        for dtype in ("int64", self.dtype):
            _must_hold(dtype, self.low, self.high - 1)
        return self


class Arange(Generator):
    """Counts start, start + step, … through the shape, the last axis fastest."""

    start: Finite = 0.0
    step: Finite = 1.0

    @model_validator(mode="after")
    def _fits(self) -> Arange:
        last = self.start + self.step * min(max(self.size - 1, 0), 2**63)
        if math.isinf(last):
            raise wrong("the last number is larger than a float can hold")
        _must_hold(self.dtype, self.start, last)
        return self


def _number_or_bool(value: Any) -> Any:
    if not isinstance(value, bool) and not is_number(value):
        raise wrong(f"expected a number, true or false, found {brief(value)}")
    return value


class Constant(Generator):
    """One value everywhere."""

    value: Annotated[Any, BeforeValidator(_number_or_bool)] = Field(
        json_schema_extra={"type": ["number", "boolean"]}
    )

    @model_validator(mode="after")
    def _fits(self) -> Constant:
        _must_hold(self.dtype, self.value)
        return self


class Steps(Written):
    """The timesteps start, …, stop - 1 of an array, as Python's slices count."""

    start: int = 0
    stop: int | None = None


class Derived(Written):
    """Made of another array: chosen samples, chosen timesteps, and padding after them."""

    of: Name = Field(description="the array that it is made of")
    samples: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = Field(
        None, description="the samples to take, by their index; one may be taken several times"
    )
    timesteps: Steps | None = Field(None, description="the timesteps to take: {start, stop}")
    padding: Annotated[int, Field(ge=1)] | None = Field(
        None, description="how many timesteps of `value` come after them"
    )
    value: Annotated[Any, BeforeValidator(_number_or_bool)] = Field(
        0, json_schema_extra={"type": ["number", "boolean"]}
    )

    @model_validator(mode="after")
    def _something(self) -> Derived:
        if self.samples is None and self.timesteps is None and self.padding is None:
            raise wrong("nothing is derived here; allowed: samples, timesteps, padding")
        return self

    def shape_from(self, shape: list[int]) -> list[int]:
        """Return the shape that it has, of an array of this shape."""
        samples = len(self.samples) if self.samples is not None else shape[0]
        if len(shape) < 2:
            return [samples, *shape[1:]]
        chosen = self.timesteps or Steps()
        count = len(range(shape[1])[chosen.start : chosen.stop]) + (self.padding or 0)
        return [samples, count, *shape[2:]]


def _one_way(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [name]} for name in WAYS]
    schema["dependencies"] = {
        "key": {"required": ["file"], "properties": {"file": {"pattern": r"\.npz$"}}}
    }


class Data(Written):
    """One named array: exactly one way to make it, or a file."""

    model_config = ConfigDict(json_schema_extra=_one_way)

    normal: Normal | None = None
    uniform: Uniform | None = None
    integers: Integers | None = None
    arange: Arange | None = None
    constant: Constant | None = None
    zeros: Generator | None = None
    ones: Generator | None = None
    file: Annotated[str, Field(min_length=1)] | None = Field(
        None, description=".npy, .npz or .csv, relative to the scenario file"
    )
    key: str | None = Field(None, description="which array of a .npz file")
    values: Numbers | None = Field(None, description="a nested list of numbers")
    derived: Derived | None = Field(None, description="made of another array")

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
        """Return the shape as far as it is written; None for a file, and for what is derived."""
        if self.way in ("file", "derived"):
            return None
        if self.way == "values":
            return list_shape(self.values)
        return list(getattr(self, self.way).shape)

    def static_bytes(self) -> int:
        """Return the memory that making the array takes; 0 for a file.

        NumPy draws in 64 bits, and then copies into the dtype.
        """
        shape = self.static_shape()
        dtype = getattr(getattr(self, self.way), "dtype", "float32")
        return math.prod(shape) * (_DRAWN_BYTES + _BYTES.get(dtype, 4)) if shape is not None else 0


def derived_from(data: Mapping[str, Data], name: str) -> list[str]:
    """List an array and those that it is made of, as far as they exist; no name twice."""
    found: dict[str, None] = {}
    while name in data and name not in found:
        found[name] = None
        derived = data[name].derived
        name = derived.of if derived is not None else ""
    return list(found)


def shape_of(data: Mapping[str, Data], name: str) -> list[int] | None:
    """Return the shape of a named array as far as it is written; None where a file decides it."""
    chain = [data[source] for source in derived_from(data, name)]
    shape = chain[-1].static_shape() if chain else None
    for entry in reversed(chain):
        if entry.derived is not None:
            shape = entry.derived.shape_from(shape) if shape else None
    return shape


WAYS = tuple(name for name in Data.model_fields if name != "key")


def _list_form(value: Any) -> Any:
    if isinstance(value, list):
        return {"values": value}
    if not isinstance(value, dict):
        raise wrong(
            f"expected a generator, a file, or a nested list, found {brief(value)};"
            f" allowed: {', '.join(WAYS)}"
        )
    return value


DataField = Annotated[
    Data,
    BeforeValidator(_list_form),
    AlsoWritten(({"type": "array", "items": NUMBERS_REF},)),
    Field(description="a generator, a file, or a nested list of numbers"),
]
__all__ = ["WAYS", "Arange", "Constant", "Data", "DataField", "Dim", "Generator", "Integers"]
