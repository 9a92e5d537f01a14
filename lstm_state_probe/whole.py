"""Files that are there whole or not at all, and those that are read by their name.

What is written goes to a file beside its place, which then takes that place: a full disk, a kill
or Ctrl-C leaves what was there before. The file beside is locked while its writer lives, so that
the next writer knows one that was left by a kill, and removes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from lstm_state_probe.errors import UsageError

MARK = ".probe-part"
"""How the name of a file beside ends."""


def read_regular(path: Path) -> bytes:
    """Read a file that is found by its name; a pipe or a device would never end.

    Raises:
        OSError: if it cannot be read, or is no regular file.
    """
    # a look at the path first could be overtaken; with O_NONBLOCK a pipe without a writer opens too
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(path))
        return file.read()


def write_whole(path: Path, content: str | bytes, *, sync: bool = True) -> None:
    """Write a file as `replacing` does; text is UTF-8.

    Raises:
        OSError: if it cannot be written; what was there before is there still.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with replacing(path, sync=sync) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Give a file that takes the place of `path` when the block ends, and vanishes if it fails.

    A link stays one: what it leads to is replaced. A pipe or a device is written to as it is.
    Without `sync` a file may be lost, never half written, where the machine itself fails.

    Raises:
        OSError: if it cannot be written.
    """
    place = Path(os.path.realpath(path))
    before = _mode(place)
    if before is not None and not stat.S_ISREG(before):
        with place.open("wb") as file:
            yield file
        return
    if before is not None and not os.access(place, os.W_OK):
        raise PermissionError(13, "Permission denied", str(path))
    _sweep(place.parent)
    beside = place.parent / f".{secrets.token_hex(8)}{MARK}"
    try:
        with _made(beside) as file:
            if before is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(before))
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
            beside.replace(place)  # while it is locked: no one else takes it for a stray one
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if sync:
        _sync(place.parent)


def not_inputs(outputs: Iterable[str | Path], inputs: Iterable[str | Path]) -> None:
    """Refuse to write over what the same call reads, by whatever name.

    Raises:
        UsageError: naming the first.
    """
    written = [(path, _keys(Path(path))) for path in outputs]
    if not written:
        return
    read = {key for path in inputs for key in _keys(Path(path))}
    for path, keys in written:
        if keys & read:
            raise UsageError(f"{str(path)!r} would be written, and is an input of the same call")


def _keys(path: Path) -> set[object]:
    """Return what tells a file from others: where it is, and its inode, for hard links."""
    found: set[object] = {os.path.realpath(path)}
    with suppress(OSError, ValueError):
        known = path.stat()
        if stat.S_ISREG(known.st_mode):
            found.add((known.st_dev, known.st_ino))
    return found


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _made(beside: Path) -> BinaryIO:
    """Make the file beside, locked; again, where another writer took it for a stray one."""
    while True:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return os.fdopen(handle, "wb")
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what writers left that were killed: what nobody holds a lock on."""
    with suppress(OSError):
        for stray in folder.glob(f".*{MARK}"):
            with suppress(OSError):
                _sweep_one(stray)


def _sweep_one(stray: Path) -> None:
    handle = os.open(stray, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stray.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    """Make the new name last; not every file system lets a folder be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
