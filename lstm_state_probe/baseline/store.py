"""The files of baselines: two for each scenario and engine, a digest and the values."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from lstm_state_probe.arrays import Array
from lstm_state_probe.baseline.digest import Digest, text
from lstm_state_probe.baseline.values import unzipped, zipped
from lstm_state_probe.errors import BaselineError
from lstm_state_probe.whole import read_regular, write_whole

DIGEST, VALUES = ".json", ".npz"
NEXT = ".next.npz"
"""Where new values wait until their digest is there."""
_BROKEN = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)
_LONGEST = 80


@dataclass(frozen=True)
class Stored:
    """A baseline: its digest, and each array by the hash of it, in the order of the digest."""

    digest: Digest
    arrays: Mapping[str, Array]

    def array(self, key: str) -> Array:
        """Return the values of an entry of the digest."""
        return self.arrays[self.digest.values[key].sha256]


def path_of(folder: Path, scenario: str, engine: str) -> Path:
    """Return where the digest of a scenario is: a name that can be read, and tells it from others.

    The values are beside it.
    """
    slug = re.sub(r"[^a-z0-9_.=-]+", "-", scenario.lower()).strip("-.")[:_LONGEST].rstrip("-.")
    mark = hashlib.sha256(scenario.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return folder / f"{slug}-{mark}.{engine}{DIGEST}"


def read(path: Path, scenario: str, engine: str) -> Stored | None:
    """Read a baseline; None if none is stored.

    Raises:
        BaselineError: if it cannot be read, or is that of another scenario.
    """
    try:
        digest = read_digest(path)
    except FileNotFoundError:
        return None
    if (digest.scenario, digest.engine) != (scenario, engine):
        what = f"{digest.scenario} ({digest.engine})"
        raise BaselineError(f"the baseline {path} is that of {what}")
    values, coming = path.with_suffix(VALUES), path.with_suffix(NEXT)
    try:
        return Stored(digest, unzipped(values, digest))
    except _BROKEN as error:
        with suppress(*_BROKEN):  # a writer was killed before it could move them
            return Stored(digest, unzipped(coming, digest))
        raise BaselineError(f"the baseline {values} cannot be read: {error}") from error


def read_digest(path: Path) -> Digest:
    """Read the digest alone.

    Raises:
        FileNotFoundError: if there is none.
        BaselineError: if it is no digest.
    """
    try:
        return Digest.model_validate_json(read_regular(path))
    except FileNotFoundError:
        raise
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason = f"{place}: {first['msg']}" if place else first["msg"]
        raise BaselineError(f"the baseline {path} cannot be read: {reason}") from error
    except OSError as error:
        reason = str(error.strerror or error)
        raise BaselineError(f"the baseline {path} cannot be read: {reason}") from error


def write(path: Path, stored: Stored) -> None:
    """Write both files, or neither; the same baseline gives the same bytes.

    The values wait beside until the digest is there, so that one of the two belongs to it always.

    Raises:
        BaselineError: if they cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, coming = text(stored.digest).encode(), path.with_suffix(NEXT)
        try:
            write_whole(coming, zipped(stored.arrays))
            write_whole(path, digest)
        finally:
            # an interrupt may come before the values are there, over a digest of the same bytes
            if coming.exists() and path.exists() and read_regular(path) == digest:
                coming.replace(path.with_suffix(VALUES))
            else:
                coming.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise BaselineError(f"the baseline {path} cannot be written: {reason}") from error


def digests(folder: Path) -> Iterator[tuple[Path, Digest]]:
    """Yield the digests in a folder; what is none is somebody else's file."""
    for path in sorted(folder.glob(f"*{DIGEST}")):
        try:
            digest = read_digest(path)
        except (BaselineError, FileNotFoundError):
            continue
        if path == path_of(folder, digest.scenario, digest.engine):
            yield path, digest


def remove(path: Path) -> None:
    """Remove both files.

    Raises:
        BaselineError: if they cannot be removed.
    """
    try:
        for file in (path, path.with_suffix(VALUES), path.with_suffix(NEXT)):
            file.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise BaselineError(f"the baseline {path} cannot be removed: {reason}") from error
