"""Pointers of Git LFS: small texts that stand where a large file was not fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lstm_state_probe.amounts import say_bytes
from lstm_state_probe.errors import ModelError

_START = b"version https://git-lfs"
_LARGEST, _DIGITS = 1024, 19


def refuse_pointer(path: Path) -> None:
    """Refuse a file, or a folder with a file, that Git LFS has not fetched.

    Raises:
        ModelError: with the size of the real file, and how to fetch it.
    """
    for file in files_below(path):
        size = _pointed_at(file)
        if size is not None:
            where = f"{file.name!r} in {path.name!r}" if path.is_dir() else repr(path.name)
            raise ModelError(
                f"{where} is a pointer of Git LFS, not the file itself{size}; fetch it with"
                " 'git lfs pull'"
            )


def files_below(path: Path) -> Iterator[Path]:
    """Yield a file, or the files of a folder.

    Raises:
        OSError: for a folder below that cannot be read, which `Path.rglob` would leave out.
    """
    if not path.is_dir():
        yield path
    for part in sorted(path.iterdir()) if path.is_dir() else ():
        yield from files_below(part)


def _pointed_at(file: Path) -> str | None:
    """Return ' (its size)', '' where the pointer does not say; None if the file is no pointer."""
    if not file.is_file():
        return None
    with file.open("rb") as opened:  # large ones too: what may not be read is told here
        text = opened.read(_LARGEST)
    if not text.startswith(_START):
        return None
    sizes = [line[5:] for line in text.split(b"\n") if line.startswith(b"size ")]
    known = sizes and sizes[0].strip().isdigit() and len(sizes[0]) < _DIGITS
    return f" ({say_bytes(int(sizes[0]))})" if known else ""
