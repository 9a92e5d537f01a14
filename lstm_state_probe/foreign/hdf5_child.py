"""Goes through an HDF5 file in a process of its own, which can be ended; run as a script.

A request is a line of JSON (`path`, `entry` of a zip archive or null, `seconds`), the answer is
another: `{"broken": null}`, or why the file cannot be read. Nothing of the probe is imported, so
that the process starts as fast as h5py does.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

MOST_BYTES = 1 << 30
"""Of memory, for the process: HDF5 believes the sizes that a file names."""
MOST_OBJECTS = 200_000
_ATTRIBUTE = 1 << 26
_SUSPECT_SIZE, _SUSPECT_RATIO = 1 << 26, 100


def main() -> None:
    """Answer requests until there are no more; what libraries print goes to stderr."""
    sys.path[:] = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked ends this process
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    import h5py

    for line in sys.stdin:
        request = json.loads(line)
        _bound(request["seconds"], request["entry_bytes"])
        try:
            broken = _look(h5py, request["path"], request["entry"])
        except Exception as error:  # noqa: BLE001 - a foreign file: h5py may raise anything on it
            broken = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        answers.write(json.dumps({"broken": broken}) + "\n")
        answers.flush()


def _bound(seconds: int, more: int) -> None:
    """Have the system end this process, even if nobody waits for it any more."""
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        ends = int(time.process_time()) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (ends, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES + more, resource.RLIM_INFINITY))


def _look(h5py: Any, path: str, entry: str | None) -> str | None:
    source: str | IO[bytes] = path
    if entry is not None:
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read(entry))
    with h5py.File(source, "r") as file:
        for part in _parts(h5py, file):
            _read_attributes(part)
            if isinstance(part, h5py.Dataset):
                _read(part)
    return None


def _parts(h5py: Any, file: Any) -> Iterator[Any]:
    """Yield groups and datasets, each once; no link is followed to another place or file."""
    seen: set[int] = set()
    waiting = [file]
    while waiting and len(seen) <= MOST_OBJECTS:
        group = waiting.pop()
        yield group
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            part = group[key]
            place = h5py.h5o.get_info(part.id).addr
            if place in seen:
                continue
            seen.add(place)
            if isinstance(part, h5py.Group):
                waiting.append(part)
            else:
                yield part


def _read_attributes(part: Any) -> None:
    for name in part.attrs:
        with suppress(TypeError):  # of a type that NumPy does not have; Keras writes none
            # not `get_storage_size`: h5py 3.14 raises where it is 0, as in a layer without weights
            found = part.attrs.get_id(name)
            if math.prod(found.shape) * found.dtype.itemsize <= _ATTRIBUTE:
                part.attrs[name]


def _read(part: Any) -> None:
    """Read what Keras would; sizes that are refused later are left alone."""
    if part.shape is None or part.is_virtual or part.external or not part.size:
        return
    if part.chunks is None and part.dtype.kind != "O":
        part[(0,) * part.ndim], part[tuple(n - 1 for n in part.shape)]  # it lies in one piece
        return
    size = int(part.size) * int(part.dtype.itemsize)
    if size > _SUSPECT_SIZE and size > _SUSPECT_RATIO * part.id.get_storage_size():
        return
    for chunk in part.iter_chunks() if part.chunks else [()]:
        part[chunk]


if __name__ == "__main__":
    main()
