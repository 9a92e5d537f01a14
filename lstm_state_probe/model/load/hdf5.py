"""An HDF5 file, looked at before its datasets are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.errors import ModelError
from lstm_state_probe.foreign import hdf5 as foreign
from lstm_state_probe.scenario.saved.saved_json import MOST_BYTES, SUSPECT_RATIO, SUSPECT_SIZE

MOST_OBJECTS = 200_000
RAISED = (OSError, ValueError, KeyError, TypeError, RuntimeError, MemoryError)
"""What h5py makes of the errors of HDF5, on a file that is broken (h5py 3.14)."""


@contextmanager
def opened(source: Path | BinaryIO, name: str) -> Iterator[Any]:
    """Open an HDF5 file for reading; one that lies on the disk is gone through apart first.

    Raises:
        ModelError: if it is none, or is broken.
    """
    import h5py

    if isinstance(source, Path):
        foreign.look(source, name)
    try:
        file = h5py.File(source, "r")
    except RAISED as error:
        raise ModelError(f"{name} is not an HDF5 file, or is cut off ({error})") from error
    with file:
        yield file


def examine_datasets(file: Any, name: str) -> None:
    """Refuse a file whose parts lie elsewhere, or would not fit into the memory.

    Raises:
        ModelError: with the part and the reason.
    """
    try:
        _examine_parts(file, name)
    except RAISED as error:
        raise ModelError(f"{name} is broken ({error})") from error


def _examine_parts(file: Any, name: str) -> None:
    total = 0
    for count, (path, part) in enumerate(_parts(file, name)):
        if count > MOST_OBJECTS:
            raise ModelError(f"{name} has more than {MOST_OBJECTS:,} parts")
        total += _bytes(part, path, name)
        if total > memory_limit():
            limit = say_bytes(memory_limit())
            raise ModelError(
                f"{name}: the datasets up to {path!r} would take {say_bytes(total)}; this machine"
                f" has {limit} of memory"
            )
        if getattr(part, "shape", None) is not None:
            _not_blown_up(part, path, name)


def _not_blown_up(part: Any, path: str, name: str) -> None:
    """Refuse a dataset that takes far more memory than it takes in the file."""
    size = int(part.size) * int(part.dtype.itemsize)
    if size > SUSPECT_SIZE and size > SUSPECT_RATIO * part.id.get_storage_size():
        raise ModelError(
            f"{name}: {path!r} would take {say_bytes(size)}, more than {SUSPECT_RATIO} times its"
            " size in the file; those are not weights"
        )


def _parts(file: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield (path, group or dataset), each once; a link out of the file is refused."""
    import h5py

    waiting, seen = [("", file)], set()
    while waiting:
        path, group = waiting.pop()
        for key in group:
            below = f"{path}/{key}"
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                raise ModelError(f"{name}: {below!r} is a link to another place or another file")
            part = _opened_part(group, key, name)
            place = h5py.h5o.get_info(part.id).addr
            if place in seen:
                continue
            seen.add(place)
            yield below, part
            if isinstance(part, h5py.Group):
                waiting.append((below, part))


def _opened_part(group: Any, key: str, name: str) -> Any:
    try:
        return group[key]
    except RAISED as error:
        raise ModelError(f"{name}: {key!r} cannot be read ({error})") from error


def _bytes(part: Any, path: str, name: str) -> int:
    """Return what a dataset would take in memory."""
    if not hasattr(part, "shape") or part.shape is None:
        return 0
    if part.is_virtual or part.external:
        raise ModelError(f"{name}: the values of {path!r} lie in another file")
    return int(part.size) * int(part.dtype.itemsize)


def text_of(file: Any, attribute: str, name: str) -> bytes | None:
    """Read a text that is kept as an attribute; None if there is none.

    Raises:
        ModelError: if it is too large, or no text.
    """
    try:
        if attribute not in file.attrs:
            return None
        size = file.attrs.get_id(attribute).get_storage_size()
        found = file.attrs[attribute] if size <= MOST_BYTES else None
    except RAISED as error:
        raise ModelError(f"{name}: {attribute!r} cannot be read ({error})") from error
    text = found.encode("utf-8", "surrogatepass") if isinstance(found, str) else found
    if not isinstance(text, bytes):
        raise ModelError(f"{name}: {attribute!r} is not a text, or is too large")
    return bytes(text)
