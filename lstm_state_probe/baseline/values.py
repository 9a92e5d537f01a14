"""The values of a baseline: an `.npz` file with one vector for each dtype."""

from __future__ import annotations

import io
import math
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.baseline.digest import Digest, Entry, sha256, stored_dtype
from lstm_state_probe.foreign.arrays import read_all

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member of the zip file: the oldest that its format knows."""


def zipped(arrays: Mapping[str, Array]) -> bytes:
    """Make an `.npz` file of arrays, in their order: for each dtype one vector of all of them.

    A member of its own for each would weigh more than its values.
    """
    vectors: dict[str, list[Array]] = {}
    for array in arrays.values():
        vectors.setdefault(array.dtype.name, []).append(array.ravel())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name in sorted(vectors):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.concatenate(vectors[name]), version=(1, 0))
            info = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            file.writestr(info, member.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return content.getvalue()


def unzipped(path: Path, digest: Digest) -> dict[str, Array]:
    """Read the arrays of a digest, by their hashes.

    Raises:
        ValueError: if they are those of another digest, no arrays of numbers, or broken.
        OSError: if the file cannot be read.
    """
    return dict(_split(read_all(path), digest))


def _split(vectors: Mapping[str, Array], digest: Digest) -> Iterator[tuple[str, Array]]:
    """Cut the vectors into the arrays of a digest, each once, in the order of its entries."""
    cut: Counter[str] = Counter()
    for key, one in _once(digest):
        name, size = stored_dtype(one.dtype), math.prod(one.shape)
        array = vectors.get(name, np.empty(0))[cut[name] : cut[name] + size]
        cut[name] += size
        if array.size != size or sha256(array := array.reshape(one.shape)) != one.sha256:
            raise ValueError(f"it does not belong to the digest beside it: other values of {key}")
        yield one.sha256, array


def _once(digest: Digest) -> Iterator[tuple[str, Entry]]:
    """Yield the entries of a digest without those whose values came before."""
    seen: set[str] = set()
    for key, one in digest.values.items():
        if one.sha256 not in seen:
            seen.add(one.sha256)
            yield key, one
