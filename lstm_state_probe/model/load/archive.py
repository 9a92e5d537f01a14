"""The zip archive of a `.keras` file, looked at before anything is taken out of it."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.saved.saved_json import MOST_BYTES, SUSPECT_RATIO, SUSPECT_SIZE

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MOST_ENTRIES = 10_000
_CODE = (
    *(".pkl", ".pickle", ".npy", ".joblib", ".dill", ".pt", ".py", ".pyc", ".so", ".dll"),
    *(".dylib", ".exe", ".sh"),
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive by its central directory alone.

    Raises:
        ModelError: if it is none, or is cut off.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        raise ModelError(f"{path.name!r} {_no_archive(path)} ({error})") from error
    with archive:
        yield archive


def _no_archive(path: Path) -> str:
    start = path.open("rb").read(8)
    if start.startswith(b"PK"):
        return "is a broken or truncated zip archive"
    if start.startswith(b"\x89HDF"):
        return "is an HDF5 file; name it .h5"
    return "is not a zip archive, as a .keras file is"


def examine_entries(archive: zipfile.ZipFile, name: str, *, allow_code: bool) -> None:
    """Refuse an archive that is too large, leads elsewhere, or holds code.

    Raises:
        ModelError: with the entry and the reason.
    """
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise ModelError(f"{name} has {len(entries):,} entries, more than {MOST_ENTRIES:,}")
    seen: set[str] = set()
    for entry in entries:
        reason = _refused(entry, allow_code=allow_code)
        inner = entry.filename.replace("\\", "/")  # an archiver of Windows may have packed it
        if inner in seen:
            reason = "stands twice"
        if reason:
            raise ModelError(f"{name}: the entry {entry.filename!r:.80} {reason}")
        seen.add(inner)
    for needed in (CONFIG, WEIGHTS):
        if needed not in seen:
            raise ModelError(f"{name} is not a .keras file: it has no {needed!r}")
    _examine_sizes(entries, name)


def _refused(entry: zipfile.ZipInfo, *, allow_code: bool) -> str | None:
    path, windows = PurePosixPath(entry.filename), PureWindowsPath(entry.filename)
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if ".." in path.parts or ".." in windows.parts:
        return "leads out of the archive by '..'"
    if path.is_absolute() or windows.drive or windows.root:
        return "has a path that is absolute"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a symbolic link"
    if entry.compress_type not in _METHODS:
        return "is compressed in a way that Keras does not use"
    if path.suffix.lower() in _CODE and not allow_code:
        return "may hold pickled or other code; if you trust it, give --allow-code"
    return None


def _examine_sizes(entries: list[zipfile.ZipInfo], name: str) -> None:
    total = sum(entry.file_size for entry in entries)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if total > min(memory_limit(), free):
        raise ModelError(
            f"{name} would unpack to {say_bytes(total)}; this machine has"
            f" {say_bytes(memory_limit())} of memory, {say_bytes(free)} of disk"
        )
    for entry in entries:
        small = entry.filename in (CONFIG, METADATA)
        if small and entry.file_size > MOST_BYTES:
            found, most = say_bytes(entry.file_size), say_bytes(MOST_BYTES)
            raise ModelError(f"{name}: {entry.filename!r} has {found}, more than {most}")
        ratio = entry.file_size / max(entry.compress_size, 1)
        if entry.file_size > SUSPECT_SIZE and ratio > SUSPECT_RATIO:
            raise ModelError(
                f"{name}: {entry.filename!r} unpacks to {say_bytes(entry.file_size)}, {ratio:.0f}"
                " times its size; that is not a model"
            )
