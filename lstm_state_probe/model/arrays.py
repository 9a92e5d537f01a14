"""The arrays of a scenario, drawn by NumPy from its seed or read from files."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import listed
from lstm_state_probe.foreign.arrays import npz_names, read_npy, read_npz
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.written.data import Data, Derived, derived_from

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
    made: dict[str, Array] = {}
    written = scenario.spec.data
    for name in written:
        for source in reversed(derived_from(written, name)):
            if source not in made:
                made[source] = _array(scenario, source, written[source], made)
    return made


def _array(
    scenario: ScenarioFile, name: str, data: Data, made: Mapping[str, Array] | None = None
) -> Array:
    if data.derived is not None:
        return _derived(scenario, name, data.derived, (made or {})[data.derived.of])
    if data.way == "file":
        return _read(scenario, name, data)
    if data.way == "values":
        values = np.array(data.values)
        return values if values.dtype == bool else values.astype(np.float32)
    spec = getattr(data, data.way)
    stream = np.random.SeedSequence([scenario.spec.seed, zlib.crc32(name.encode())])
    drawn = GENERATORS[data.way](spec, np.random.default_rng(stream))
    return drawn.astype(spec.dtype)


def _derived(scenario: ScenarioFile, name: str, written: Derived, source: Array) -> Array:
    """Choose samples and timesteps of another array, and pad them; the dtype stays.

    Raises:
        ScenarioError: if it has no such samples, or no second axis to pad.
    """
    where = ("data", name, "derived")
    if max(written.samples or [0]) >= len(source):
        raise scenario.error((*where, "samples"), f"{written.of!r} has {len(source)} samples")
    array = source if written.samples is None else source[written.samples]
    if (written.timesteps or written.padding) and source.ndim < 2:
        raise scenario.error(where, f"{written.of!r} has no second axis of timesteps")
    if written.timesteps is not None:
        array = array[:, written.timesteps.start : written.timesteps.stop]
    if written.padding is None:
        return array
    shape = (len(array), written.padding, *array.shape[2:])
    return np.concatenate([array, np.full(shape, written.value, source.dtype)], axis=1)


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
            size = say_bytes(path.stat().st_size)
            raise scenario.error(
                where, f"{written!r} holds {size}, more than this machine's memory"
            )
        array = read_array(path, data.key)
    except OSError as error:
        reason = error.strerror or error
        raise scenario.error(where, f"{written!r} cannot be read: {reason}") from error
    except ValueError as error:
        raise scenario.error(where, f"{written!r} cannot be read: {error}") from error
    if array.dtype.kind not in "bifu":
        raise scenario.error(where, f"{written!r} holds {array.dtype}, not numbers")
    return array


def read_array(path: Path, key: str | None) -> Array:
    """Read a file of an array by its suffix, which must be one of `READERS`.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not what its name says.
    """
    if not (path.is_file() or path.is_dir()) and path.exists():
        raise ValueError("it is a device or a pipe")  # which may have no end
    return READERS[path.suffix.lower()](path, key)


def _npy(path: Path, key: str | None) -> Array:
    return read_npy(path)


def _npz(path: Path, key: str | None) -> Array:
    names = npz_names(path)
    if key is None and len(names) != 1:
        raise ValueError(f"it holds {listed(names)}; choose one with 'key'")
    wanted = key if key is not None else names[0]
    if wanted not in names:
        raise ValueError(f"it holds no {wanted!r}; allowed: {listed(names)}")
    return read_npz(path, wanted)


def _csv(path: Path, key: str | None) -> Array:
    with path.open(encoding="utf-8-sig") as lines:
        first = lines.readline()
        if not first.strip() and not lines.read().strip():
            raise ValueError("it is empty")
    skip = 0 if _numeric(first) else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no data, which is said below
        array = np.loadtxt(
            path, delimiter=",", skiprows=skip, dtype=np.float32, ndmin=2, encoding="utf-8-sig"
        )
    if not array.size:
        raise ValueError("it holds no rows")
    return np.asarray(array)


def _numeric(line: str) -> bool:
    try:
        [float(cell) for cell in line.strip().split(",")]
    except ValueError:
        return False
    return True


# each raises OSError, and ValueError for whatever else is wrong with a file
READERS: dict[str, Callable[[Path, str | None], Array]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".csv": _csv,
}
