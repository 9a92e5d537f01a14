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
from lstm_state_probe.scenario.saved_json import MOST_BYTES, read_json

_SMALL = 1 << 16
UNREADABLE = (
    *(ModelError, OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading a file that is not what its name says raises; `load` explains it."""


@dataclass(frozen=True)
class WrittenBy:
    """The engine that wrote a file, and its version where the file tells."""

    engine: str
    version: str | None = None

    def __str__(self) -> str:
        """Name it as users do: 'Keras 2.15.0', or 'Keras 3' where the version is not told."""
        return f"Keras {self.version or ('3' if self.engine == 'keras3' else '2')}"


def detect_engine(path: Path) -> str | None:
    """Return 'keras3' or 'tf_keras', or None if the file does not say."""
    found = written_by(path)
    return found.engine if found else None


def written_by(path: Path) -> WrittenBy | None:
    """Read who wrote a file; None if it does not say, or cannot be read."""
    if path.is_dir():
        metadata = (path / "keras_metadata.pb").is_file()
        return WrittenBy("tf_keras") if metadata else None
    reader = _READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        return None
    try:
        return reader(path)
    except UNREADABLE:
        return None


def _of_version(version: Any) -> WrittenBy | None:
    text = version.decode("ascii", "replace") if isinstance(version, bytes) else str(version)
    major, _, _ = text.partition(".")
    if not major.isdecimal():
        return None
    return WrittenBy("keras3" if int(major) >= 3 else "tf_keras", text)


def _archive(path: Path) -> WrittenBy | None:
    with zipfile.ZipFile(path) as archive, archive.open("metadata.json") as entry:
        return _of_version(read_json(entry.read(_SMALL), path.name).get("keras_version"))


def _architecture(path: Path) -> WrittenBy | None:
    with path.open("rb") as file:
        data = read_json(file.read(MOST_BYTES + 1), path.name)
    if "keras_version" in data:
        return _of_version(data["keras_version"])
    return WrittenBy("keras3") if "module" in data else None


def _hdf5(path: Path) -> WrittenBy | None:
    import h5py

    look(path, path.name)
    with h5py.File(path, "r") as file:
        return _of_version(file.attrs.get("keras_version"))


_READERS: dict[str, Callable[[Path], WrittenBy | None]] = {
    ".keras": _archive,
    ".json": _architecture,
    ".h5": _hdf5,
    ".hdf5": _hdf5,
}
