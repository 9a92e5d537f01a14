"""Keeps recorded timesteps: in memory up to a budget, on disk past it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import finalize

import numpy as np

from lstm_state_probe.arrays import Array

Later = Callable[[], Array]
_ALIGNED = 64


class Pending:
    """An array that is made when it is first wanted, read-only and once."""

    def __init__(self, load: Later) -> None:
        self._array: Array | None = None
        self._load: Later | None = load

    @property
    def array(self) -> Array:
        """The array; what it was made from is let go."""
        if self._array is None:
            assert self._load is not None
            made = self._load().view()
            made.flags.writeable = False
            self._array, self._load = made, None
        return self._array


class OnDisk:
    """An array in the store's file, mapped anew each time it is wanted, so that no page stays."""

    def __init__(self, file: Any, offset: int, array: Array) -> None:
        self._file, self._offset = file, offset
        self._shape, self._dtype = array.shape, array.dtype

    @property
    def array(self) -> Array:
        """The array, as a read-only memory map."""
        plain = self._dtype if self._dtype.kind != "V" else np.dtype(np.uint16)
        if 0 in self._shape:
            return np.empty(self._shape, self._dtype)
        mapped = np.memmap(self._file, plain, "r", self._offset, self._shape)
        return mapped.view(self._dtype)


@dataclass
class Store:
    """Keeps arrays; `budget` bytes of them stay in memory at a time.

    The others go, as they come, to the end of one temporary file, which has no name and vanishes
    with the last array that is in it. `on_disk` is where it ends, `written` what was put there.
    """

    budget: int
    in_memory: int = 0
    on_disk: int = 0
    written: int = 0
    _file: Any = None

    def keep(self, load: Later, size: int) -> Pending | OnDisk:
        """Keep what `load` gives, of `size` bytes: until it is wanted, or at once on disk."""
        if self.in_memory + size > self.budget:
            return self._write(np.ascontiguousarray(load()))
        self.in_memory += size
        pending = Pending(load)
        finalize(pending, self._released, size).atexit = False
        return pending

    def _released(self, size: int) -> None:
        self.in_memory -= size

    def _write(self, array: Array) -> OnDisk:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="probe-")  # noqa: SIM115 - lives with its arrays
        offset = self.on_disk
        self._file.seek(offset)
        self._file.write(array.view(np.uint8).data if array.size else b"")
        self._file.flush()
        self.written += array.nbytes
        self.on_disk = -(-(offset + array.nbytes) // _ALIGNED) * _ALIGNED
        return OnDisk(self._file, offset, array)
