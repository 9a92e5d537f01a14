"""Pointers of Git LFS: small texts that stand where a large file was not fetched."""

from __future__ import annotations

from pathlib import Path

from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.sizes import human

_START = b"version https://git-lfs"
_LARGEST, _DIGITS = 1024, 19


def refuse_pointer(path: Path) -> None:
    """Refuse a file, or a folder with a file, that Git LFS has not fetched.

    Raises:
        ModelError: with the size of the real file, and how to fetch it.
    """
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        size = _pointed_at(file)
        if size is not None:
            where = f"{file.name!r} in {path.name!r}" if path.is_dir() else repr(path.name)
            raise ModelError(
                f"{where} is a pointer of Git LFS, not the file itself{size}; fetch it with"
                " 'git lfs pull'"
            )


def _pointed_at(file: Path) -> str | None:
    """Return ' (its size)', '' where the pointer does not say; None if the file is no pointer."""
    if not file.is_file() or file.stat().st_size > _LARGEST:
        return None
    text = file.read_bytes()
    if not text.startswith(_START):
        return None
    sizes = [line[5:] for line in text.split(b"\n") if line.startswith(b"size ")]
    known = sizes and sizes[0].strip().isdigit() and len(sizes[0]) < _DIGITS
    return f" ({human(int(sizes[0]))})" if known else ""
