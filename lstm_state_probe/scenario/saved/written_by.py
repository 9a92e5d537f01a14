"""Which Keras wrote a saved model, as the file says; told without TensorFlow."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import ModelError
from lstm_state_probe.foreign.hdf5 import look
from lstm_state_probe.scenario.saved.old_keras import old_version, what_to_do
from lstm_state_probe.scenario.saved.saved_graph import read_graph
from lstm_state_probe.scenario.saved.saved_json import MOST_BYTES, mappings, read_json

_SMALL = 1 << 16
UNREADABLE = (
    *(ModelError, OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a file that is not what its name says raises; `load` explains it."""


@dataclass(frozen=True)
class WrittenBy:
    """The engine that wrote a file, and its version where the file tells.

    `engine` is None for a Keras that is older than both; `advice` says what can be done then.
    `tensorflow` is its version, where the file tells that too.
    """

    engine: str | None
    version: str | None = None
    advice: str = ""
    tensorflow: str | None = None

    def __str__(self) -> str:
        """Name it as users do: 'Keras 2.15.0', or 'Keras 3' where the version is not told."""
        beside = f" (TensorFlow {self.tensorflow})" if self.tensorflow else ""
        return f"Keras {self.version or ('3' if self.engine == 'keras3' else '2')}{beside}"


def detect_engine(path: Path, weights: Path | None = None) -> str | None:
    """Return 'keras3' or 'tf_keras', or None if neither file says."""
    found = written_by(path) or (written_by(weights) if weights is not None else None)
    return found.engine if found else None


def written_by(path: Path) -> WrittenBy | None:
    """Read who wrote a file; None if it does not say, or cannot be read."""
    try:
        if path.is_dir():
            return _folder(path)
        reader = _READERS.get(path.suffix.lower())
        return reader(path) if reader is not None and path.is_file() else None
    except UNREADABLE:
        return None


def _folder(path: Path) -> WrittenBy | None:
    """Tell a SavedModel: Keras 3 writes graphs without layers, which tell nothing."""
    told = read_graph(path)
    return WrittenBy("tf_keras", told.keras, tensorflow=told.tensorflow) if told.layers else None


def _of_version(version: Any, config: Any = None) -> WrittenBy | None:
    text = version.decode("ascii", "replace") if isinstance(version, bytes) else str(version)
    major, _, _ = text.partition(".")
    if not major.isdecimal():
        return None
    if int(major) < 2:
        return WrittenBy(None, text, what_to_do(config or {"class_name": None}, text))
    return WrittenBy("keras3" if int(major) >= 3 else "tf_keras", text)


def _of_config(config: dict[str, Any]) -> WrittenBy | None:
    """Tell by the words of an architecture that names no version."""
    old = old_version(config)
    if old is not None:
        return WrittenBy(None, old, what_to_do(config, old))
    fused = any(str(part.get("class_name")).startswith("CuDNN") for part in mappings(config))
    if "module" in config or fused:  # Keras 3 has no layer for cuDNN alone
        return WrittenBy("tf_keras" if fused else "keras3")
    return None


def _archive(path: Path) -> WrittenBy | None:
    with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as entry:
        return _of_version(read_json(entry.read(_SMALL), path.name).get("keras_version"))


def _architecture(path: Path) -> WrittenBy | None:
    with path.open("rb") as file:
        data = read_json(file.read(MOST_BYTES + 1), path.name)
    if "keras_version" in data:
        return _of_version(data["keras_version"], data)
    return _of_config(data)


def _hdf5(path: Path) -> WrittenBy | None:
    import h5py

    look(path, path.name)
    with h5py.File(path, "r") as file:
        version = file.attrs.get("keras_version")
        found = None if version is None else _of_version(version)
        if found is not None and found.engine is not None:
            return found
        text = file.attrs.get("model_config", "")  # Keras 1.0 wrote no version beside it
    config = read_json(text if isinstance(text, bytes) else str(text).encode(), path.name)
    return _of_config(config) if found is None else _of_version(found.version, config)


_READERS: dict[str, Callable[[Path], WrittenBy | None]] = {
    ".keras": _archive,
    ".json": _architecture,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
