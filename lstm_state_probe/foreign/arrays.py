"""NumPy's own files, `.npy` and `.npz`: a header is believed after a look at the file's size.

`numpy.load` makes whatever array a header asks for: 236 bytes can ask for 32 TiB (NumPy 2.4).
"""

from __future__ import annotations

import ast
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from lstm_state_probe.arrays import Array

_MAGIC = b"\x93NUMPY"
_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}
"""How each version of the format writes the length of its header."""
_LONGEST = 10_000
_DTYPE = re.compile(r"[<>|=]?[?bBhHiIlLqQefdgFDcuSUVmM]\d{0,6}(\[\w+\])?", re.ASCII)
_PYTHON_2 = re.compile(r"(?<=\d)L\b")
MOST_ENTRIES = 10_000
_DEFLATED = 1032
"""No more than that many bytes come out of one that was deflated."""
_SUSPECT_SIZE, _SUSPECT_RATIO = 1 << 30, 100
_HEADER_RAISES = (ValueError, SyntaxError, TypeError, MemoryError, RecursionError)
_ZIP_RAISES = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError),
    *(KeyError, IndexError, OverflowError, UnicodeError),
)
"""What `zipfile` raises on an archive that is broken, encrypted or packed otherwise (3.10-3.13)."""


class Unreadable(ValueError):
    """A file is not what its name says; the words follow 'cannot be read:'."""


@dataclass(frozen=True)
class _Header:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool

    @property
    def bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_npy(path: Path) -> Array:
    """Read the array of a `.npy` file.

    Raises:
        Unreadable: if it is none, is cut off, or holds Python objects.
        OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        return _array(file, os.fstat(file.fileno()).st_size)


def npz_names(path: Path) -> list[str]:
    """Return the names of the arrays in a `.npz` file, as `read_npy` raises."""
    with _opened(path) as archive:
        return [entry.filename.removesuffix(".npy") for entry in _entries(archive)]


def read_npz(path: Path, name: str) -> Array:
    """Read one array of a `.npz` file, as `read_npy` raises."""
    with _opened(path) as archive:
        return _member(archive, next(e for e in _entries(archive) if e.filename == f"{name}.npy"))


def read_all(path: Path) -> dict[str, Array]:
    """Read every array of a `.npz` file by its name, as `read_npy` raises."""
    with _opened(path) as archive:
        return {e.filename.removesuffix(".npy"): _member(archive, e) for e in _entries(archive)}


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except Unreadable:
        raise
    except _ZIP_RAISES as error:
        told = str(error) or type(error).__name__
        raise Unreadable(f"it is not an .npz file, or is broken ({told})") from error


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise Unreadable(f"it has {len(entries):,} entries, more than {MOST_ENTRIES:,}")
    return [entry for entry in entries if entry.filename.endswith(".npy")]


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    name, size, packed = repr(entry.filename)[:80], entry.file_size, max(entry.compress_size, 1)
    most = packed * (_DEFLATED if entry.compress_type == zipfile.ZIP_DEFLATED else 1)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable(f"{name} is compressed in a way that NumPy does not use")
    if size > most or (size > _SUSPECT_SIZE and size > packed * _SUSPECT_RATIO):
        raise Unreadable(f"{name} would unpack to {size:,} bytes, from {packed:,}")
    with archive.open(entry) as file:
        return _array(file, size)


def _array(file: IO[bytes], size: int) -> Array:
    """Read a header, see whether the bytes are there that it asks for, then read them."""
    header = _header(file)
    there = size - file.tell()
    if header.bytes > there:
        wanted = f"{header.dtype} {list(header.shape)}, {header.bytes:,} bytes"
        raise Unreadable(f"its header asks for {wanted}; there are {max(there, 0):,}")
    flat = np.empty(header.bytes, np.uint8)
    filled = flat.data
    while filled:
        count = file.readinto(filled)  # type: ignore[attr-defined]
        if not count:
            raise Unreadable("it is cut off")
        filled = filled[count:]
    try:
        typed = flat.view(header.dtype) if flat.size else np.empty(0, header.dtype)
        return typed.reshape(header.shape, order="F" if header.fortran else "C")
    except (ValueError, TypeError) as error:  # more axes than NumPy has, or longer ones
        raise Unreadable(f"its header asks for an array that cannot be made ({error})") from error


def _header(file: IO[bytes]) -> _Header:
    start = file.read(8)
    if start[:6] != _MAGIC or len(start) < 8:
        raise Unreadable("it is not an .npy file")
    width = _LENGTHS.get(start[6])
    if width is None:
        raise Unreadable(f"its format has version {start[6]}.{start[7]}")
    length_bytes = file.read(struct.calcsize(width))
    length = struct.unpack(width, length_bytes)[0] if len(length_bytes) > 1 else 0
    text = file.read(length) if length <= _LONGEST else b""
    try:
        written = ast.literal_eval(_PYTHON_2.sub("", text.decode("latin-1")).strip())
        return _understood(written)
    except Unreadable:
        raise
    except _HEADER_RAISES as error:
        raise Unreadable("its header cannot be understood") from error


def _understood(written: Any) -> _Header:
    if not isinstance(written, dict) or set(written) != {"descr", "fortran_order", "shape"}:
        raise Unreadable("its header cannot be understood")
    descr, shape = written["descr"], written["shape"]
    if isinstance(descr, str) and descr.lstrip("<>|=") == "O":
        raise Unreadable("it holds pickled Python objects, which are code")
    if not isinstance(descr, str) or not _DTYPE.fullmatch(descr):
        raise Unreadable("it holds records, or a dtype that cannot be understood")
    axes = shape if isinstance(shape, tuple) else ()
    if axes != shape or any(type(axis) is not int or axis < 0 for axis in axes):
        raise Unreadable("the shape in its header is none")
    return _Header(np.dtype(descr), axes, written["fortran_order"] is True)
