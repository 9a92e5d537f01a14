"""The files of a model that a scenario loads: whether they are broken, told without TensorFlow.

What they hold is looked at when the model is loaded. A file that is not there may be elsewhere when
the scenario runs, and is left alone.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lstm_state_probe.errors import ModelError
from lstm_state_probe.foreign.hdf5 import look
from lstm_state_probe.scenario.saved.saved_json import (
    MOST_BYTES,
    SUSPECT_RATIO,
    SUSPECT_SIZE,
    read_json,
)
from lstm_state_probe.scenario.saved.written_by import UNREADABLE
from lstm_state_probe.scenario.written.model import Model

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def check(model: Model, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (key, why) for each file of a model that is broken."""
    for key, written in (("load", model.load), ("weights", model.weights)):
        told = None if written is None else broken(folder / written)
        if told is not None:
            yield key, told


def broken(path: Path) -> str | None:
    """Say why a saved model, or a file of weights, cannot be read; None if it may be."""
    reader = _READERS.get(path.suffix)
    try:
        if reader is not None and path.is_file():
            reader(path, repr(path.name))
    except ModelError as error:
        return str(error)
    except UNREADABLE as error:
        return f"{path.name!r} cannot be read: {_reason(error)}"
    return None


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _archive(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        with archive.open(_CONFIG) as entry:
            read_json(entry.read(MOST_BYTES + 1), f"{_CONFIG!r} in {name}")
        weights = archive.getinfo(_WEIGHTS)
    size, packed = weights.file_size, max(weights.compress_size, 1)
    if size <= SUSPECT_SIZE or size <= packed * SUSPECT_RATIO:  # else it is refused when loaded
        look(path, f"{_WEIGHTS!r} in {name}", _WEIGHTS, size)


def _architecture(path: Path, name: str) -> None:
    with path.open("rb") as file:
        read_json(file.read(MOST_BYTES + 1), name)


_READERS: dict[str, Callable[[Path, str], None]] = {
    ".keras": _archive,
    ".json": _architecture,
    ".h5": look,
    ".hdf5": look,
}
