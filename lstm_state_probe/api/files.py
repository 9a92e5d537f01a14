"""States in a file, since no format of Keras keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field

from lstm_state_probe.api.states import Snapshot, fitting, snapshot
from lstm_state_probe.api.subject import Subject
from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import CannotRead, Mismatch, NoSuchFile
from lstm_state_probe.foreign.arrays import Unreadable, read_all
from lstm_state_probe.version import __version__
from lstm_state_probe.whole import replacing

ABOUT = "about.json"
FORMAT, VERSION = "lstm-state-probe states", 1
_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32}
"""What stands in the file for a dtype that NumPy's format does not know, such as bfloat16."""


def save_states(model: Any, path: str | os.PathLike[str]) -> None:
    """Write what the stateful layers of a model hold, or a `Snapshot`, to a `.npz` file.

    The keys are the addresses, so that `numpy.load` reads it too. The file appears whole or not
    at all: it is written beside its place and moved there.

    Raises:
        ValueError: if there is nothing to save, because no layer is stateful and built.
        OSError: if the file cannot be written.
    """
    states = model if isinstance(model, Snapshot) else snapshot(model)
    if not states:
        raise Mismatch("there are no states to save: no layer is stateful and built")
    arrays = {address: _plain(value) for address, value in states.items()}
    arrays[ABOUT] = np.array(json.dumps(_about(states)))
    _write(Path(path), arrays)


def load_states(model: Any, path: str | os.PathLike[str], *, strict: bool = True) -> Snapshot:
    """Read states from a file, put them into the model as `restore` does, and return them.

    Raises:
        ValueError: if the file is none of `save_states`, or does not fit the model; then nothing
            was assigned.
        NoSuchFile: if the file is missing; also a FileNotFoundError.
        CannotRead: if it cannot be read; also an OSError.
    """
    subject = Subject.of(model)
    states = _read(Path(path))
    subject.put(fitting(subject, states, strict=strict), doing="load_states")
    return states


def _about(states: Snapshot) -> dict[str, Any]:
    dtypes = {address: value.dtype.name for address, value in states.items()}
    versions = {"format": FORMAT, "version": VERSION, "lstm_state_probe": __version__}
    return {**versions, "engine": states.engine, "dtypes": dtypes}


def _plain(array: Array) -> Array:
    return array if array.dtype.kind != "V" else array.view(_BITS[array.dtype.itemsize])


def _write(path: Path, arrays: Mapping[str, Array]) -> None:
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


class _About(BaseModel):
    """What `save_states` says of the arrays beside it."""

    format: Literal["lstm-state-probe states"]
    version: Annotated[int, Field(strict=True, ge=1)]
    engine: str = ""
    dtypes: dict[str, str] = Field(default_factory=dict)


def _read(path: Path) -> Snapshot:
    try:
        arrays = read_all(path)
        about = _About.model_validate_json(str(arrays.pop(ABOUT)))
        if about.version > VERSION:
            message = f"it has version {about.version} of the format, known is {VERSION}"
            raise Mismatch(f"{str(path)!r} was written by a later lstm-state-probe: {message}")
        if not about.engine:
            raise ValueError("it names no engine")
        states = {a: _typed(value, about.dtypes[a]) for a, value in arrays.items()}
    except Mismatch:
        raise
    except FileNotFoundError as error:
        raise NoSuchFile(f"there is no such file: {str(path)!r}") from error
    except OSError as error:
        raise CannotRead(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except (KeyError, ValueError) as error:
        told = f" ({error})" if isinstance(error, Unreadable) else ""
        raise Mismatch(f"{str(path)!r} is not a file of save_states{told}") from error
    return Snapshot(states, about.engine)


def _typed(array: Array, name: str) -> Array:
    """Return an array in the dtype that it was saved from.

    Raises:
        ValueError: if there is no such dtype, or its values are of another size.
    """
    if array.dtype.name == name:
        return array
    import ml_dtypes

    kind = getattr(ml_dtypes, name, None)
    if not isinstance(kind, type) or array.dtype != _BITS.get(np.dtype(kind).itemsize):
        raise ValueError(f"there is no dtype {name!r}")
    return array.view(kind)
