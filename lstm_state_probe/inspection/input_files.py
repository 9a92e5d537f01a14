"""Inputs from files, as the command line names them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError, nearest
from lstm_state_probe.model.arrays import READERS


def read_inputs(written: Sequence[str]) -> Mapping[str, Array] | None:
    """Read `x.npy`, `name=x.npy`, `name=all.npz:key`; the only one may go without a name: ''.

    A .npz file of several arrays, without a name, gives each of them under its own name.

    Raises:
        UsageError: for a file that is not there or holds no numbers, or a name given twice.
    """
    found: dict[str, Array] = {}
    for text in written:
        for name, array in _arrays(text).items():
            if name in found or (found and "" in (name, *found)):
                told = f"{name!r} is given twice" if name else "there are others"
                raise UsageError(f"--input {text}: {told}; name each: --input name=x.npy")
            found[name] = array
    return found or None


def must_exist(path: Path, what: str) -> None:
    """Refuse a path that is not there.

    Raises:
        UsageError: with the nearest name in its folder.
    """
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"no such {what}: {str(path)!r}{nearest(path.name, names)}")


def _arrays(text: str) -> Mapping[str, Array]:
    name, _, place = ("", "", text) if Path(text).exists() else text.rpartition("=")
    head, colon, key = place.rpartition(".npz:")
    path = Path(f"{head}.npz" if colon else place)
    must_exist(path, "input")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise UsageError(f"--input {text}: no reader for it; allowed: {', '.join(READERS)}")
    try:
        if suffix == ".npz" and not colon and not name:
            found = _every(path)
        else:
            found = {name: READERS[suffix](path, key if colon else None)}
    except OSError as error:
        raise UsageError(f"--input {text}: {error.strerror or error}") from error
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UsageError(f"--input {text}: it cannot be read: {error}") from error
    for array in found.values():
        if array.dtype.kind not in "bifu":
            raise UsageError(f"--input {text}: it holds {array.dtype}, not numbers")
    return found


def _every(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        names = archive.files
        return {"" if len(names) == 1 else name: archive[name] for name in names}
