"""The digest of a baseline: what a person reviews, and the index of the values beside it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.baseline.parts import Part
from lstm_state_probe.report.values import values
from lstm_state_probe.safe import within_json

_HASH = 16
"""Digits of a hash that are written: against slips and mix-ups, not against forgers."""
_DIGITS = 4
"""Significant digits of the summary; they are for the eye, nothing is compared by them."""


class _Written(BaseModel):
    """What the probe wrote; anything else is no baseline."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(_Written):
    """One array: its summary, and by `sha256` which values are its.

    `timesteps` are those of its first axis, such as '0-9'; None where it has no such axis.
    """

    dtype: str
    shape: tuple[int, ...]
    min: float | str | None = None
    mean: float | str | None = None
    max: float | str | None = None
    timesteps: str | None = None
    sha256: str

    def __str__(self) -> str:
        """Write it in short, for a review."""
        reach = "" if self.min is None else f", {self.min} to {self.max}"
        return f"{self.dtype} {list(self.shape)}{reach}"


class Digest(_Written):
    """A scenario on an engine: with which versions and seed its arrays were made, and each."""

    format: Literal[1] = 1
    scenario: str
    engine: str
    seed: int | None = None
    made_with: Mapping[str, str]
    values: Mapping[str, Entry]

    @property
    def file(self) -> str:
        """The file of the scenario."""
        return self.scenario.partition("::")[0]


def stored_form(array: Array) -> Array:
    """Return the array as it is stored: little-endian and contiguous; bfloat16 as float32."""
    whole = np.ascontiguousarray(widened(array)).reshape(array.shape)
    return whole.astype(whole.dtype.newbyteorder("<"), copy=False)


def stored_dtype(name: str) -> str:
    """Return the dtype in which arrays of a dtype are stored, by its name."""
    return "float32" if name == "bfloat16" else name


def sha256(array: Array) -> str:
    """Hash dtype, shape and values of an array in its stored form; return the first digits."""
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()[:_HASH]


def entry(part: Part, array: Array) -> Entry:
    """Sum up a part whose values are `array`, in its stored form."""
    low, mean, high = _summary(array)
    return Entry(
        dtype=part.dtype,
        shape=array.shape,
        min=low,
        mean=mean,
        max=high,
        timesteps=spans(part.kept) if part.optional else None,
        sha256=sha256(array),
    )


def _summary(array: Array) -> tuple[Any, Any, Any]:
    if not array.size:
        return None, None, None
    wide = array.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        low, mean, high = (_rounded(float(f(wide))) for f in (np.min, np.mean, np.max))
    return low, mean, high


def _rounded(value: float) -> Any:
    rounded = float(f"{value:.{_DIGITS}g}") + 0.0  # no -0.0
    return values(rounded if math.isfinite(rounded) else value)  # the largest rounds to infinity


def spans(timesteps: Iterable[int]) -> str:
    """Write timesteps in short: '0-9', '0,5,9'."""
    runs: list[list[int]] = []
    for timestep in timesteps:
        if runs and runs[-1][-1] == timestep - 1:
            runs[-1][1:] = [timestep]
        else:
            runs.append([timestep])
    return ",".join("-".join(map(str, run)) for run in runs)


def text(digest: Digest) -> str:
    """Write a digest with a line for each array, so that a diff shows those that changed."""
    plain = digest.model_dump(exclude_none=True)
    lines = [f" {_json(key)}: {_json(plain[key])}," for key in sorted(plain) if key != "values"]
    entries = [f"  {_json(key)}: {_json(value)}" for key, value in plain["values"].items()]
    body = ",\n".join(entries)
    return "\n".join(["{", *lines, ' "values": {', *([body] if body else []), " }", "}", ""])


def _json(value: Any) -> str:
    return within_json(json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False))
