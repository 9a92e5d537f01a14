"""The arrays of a scenario, drawn by NumPy from its seed or read from files."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.scenario.data import Data
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.sizes import human, memory_limit

Draw = Callable[[Any, np.random.Generator], Array]

GENERATORS: dict[str, Draw] = {
    "normal": lambda spec, rng: rng.normal(spec.mean, spec.stddev, spec.shape),
    "uniform": lambda spec, rng: rng.uniform(spec.low, spec.high, spec.shape),
    "integers": lambda spec, rng: rng.integers(spec.low, spec.high, spec.shape),
    "arange": lambda spec, rng: _arange(spec),
    "constant": lambda spec, rng: np.full(spec.shape, spec.value),
    "zeros": lambda spec, rng: np.zeros(spec.shape),
    "ones": lambda spec, rng: np.ones(spec.shape),
}


def _arange(spec: Any) -> Array:
    count = int(np.prod(spec.shape, dtype=np.int64))
    array: Array = spec.start + spec.step * np.arange(count)
    return array.reshape(spec.shape)


def draw_arrays(scenario: ScenarioFile) -> dict[str, Array]:
    """Make every array; each has its own stream, so that adding one leaves the others alone.

    Raises:
        ScenarioError: for a file that is not there, cannot be read, or holds no numbers.
    """
    return {name: _array(scenario, name, data) for name, data in scenario.spec.data.items()}


def _array(scenario: ScenarioFile, name: str, data: Data) -> Array:
    if data.way == "file":
        return _read(scenario, name, data)
    if data.way == "values":
        values = np.array(data.values)
        return values if values.dtype == bool else values.astype(np.float32)
    spec = getattr(data, data.way)
    stream = np.random.SeedSequence([scenario.spec.seed, zlib.crc32(name.encode())])
    drawn = GENERATORS[data.way](spec, np.random.default_rng(stream))
    return drawn.astype(spec.dtype)


def _read(scenario: ScenarioFile, name: str, data: Data) -> Array:
    written = data.file or ""
    path = scenario.beside(written)
    where = ("data", name, "file")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        allowed = ", ".join(READERS)
        raise scenario.error(where, f"no reader for {written!r}; allowed: {allowed}")
    try:
        if path.stat().st_size > memory_limit():
            size = human(path.stat().st_size)
            raise scenario.error(
                where, f"{written!r} holds {size}, more than this machine's memory"
            )
        array = READERS[suffix](path, data.key)
    except OSError as error:
        reason = error.strerror or error
        raise scenario.error(where, f"{written!r} cannot be read: {reason}") from error
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise scenario.error(where, f"{written!r} cannot be read: {error}") from error
    if array.dtype.kind not in "bifu":
        raise scenario.error(where, f"{written!r} holds {array.dtype}, not numbers")
    return array


def _npy(path: Path, key: str | None) -> Array:
    array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    return np.array(array)


def _npz(path: Path, key: str | None) -> Array:
    with np.load(path, allow_pickle=False) as archive:
        names = archive.files
        if key is None and len(names) != 1:
            raise ValueError(f"it holds {', '.join(names)}; choose one with 'key'")
        wanted = key if key is not None else names[0]
        if wanted not in names:
            raise ValueError(f"it holds no {wanted!r}; allowed: {', '.join(names)}")
        array: Array = archive[wanted]
        return array


def _csv(path: Path, key: str | None) -> Array:
    with path.open(encoding="utf-8-sig") as lines:
        first = lines.readline()
        if not first.strip() and not lines.read().strip():
            raise ValueError("it is empty")
    skip = 0 if _numeric(first) else 1
    array = np.loadtxt(
        path, delimiter=",", skiprows=skip, dtype=np.float32, ndmin=2, encoding="utf-8-sig"
    )
    return np.asarray(array)


def _numeric(line: str) -> bool:
    try:
        [float(cell) for cell in line.strip().split(",")]
    except ValueError:
        return False
    return True


READERS: dict[str, Callable[[Path, str | None], Array]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
}
