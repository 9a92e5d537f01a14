"""`.keras` files with the separators of Windows in their names, put right in a copy.

Entries of the archive have them where an archiver of Windows packed it anew, groups of the weights
where Keras of 2023 saved it there. Keras finds neither under these names elsewhere.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from lstm_state_probe.model.load import archive

_WINDOWS = "\\"


def portable(name: str) -> str:
    """Return the name of an entry or a group with the separators of everywhere."""
    return name.replace(_WINDOWS, "/")


def is_portable(path: Path) -> bool:
    """Tell whether an archive, and the weights in it, can be read as they are."""
    import h5py

    with zipfile.ZipFile(path) as source:
        if any(_WINDOWS in name for name in source.namelist()):
            return False
        with h5py.File(io.BytesIO(source.read(archive.WEIGHTS)), "r") as weights:
            found: list[str] = []
            weights.visit(found.append)
    return not any(_WINDOWS in name for name in found)


def with_portable_names(path: Path, copy: Path) -> Path:
    """Copy an archive that was looked at; the names in it are portable then."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if portable(entry.filename) == archive.WEIGHTS:
                content = _weights(content)
            target.writestr(portable(entry.filename), content)
    return copy


def _weights(content: bytes) -> bytes:
    import h5py

    made = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as source, h5py.File(made, "w") as target:
        target.attrs.update(source.attrs)

        def put(name: str, part: Any) -> None:
            if isinstance(part, h5py.Dataset):
                source.copy(part, target, portable(name))
            else:
                target.require_group(portable(name)).attrs.update(part.attrs)

        source.visititems(put)
    return made.getvalue()
