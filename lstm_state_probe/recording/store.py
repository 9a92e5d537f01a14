"""Keeps recorded timesteps: in memory up to a budget, on disk past it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from weakref import finalize

import numpy as np
from numpy.lib.format import open_memmap

from lstm_state_probe.arrays import Array

Later = Callable[[], Array]


class Pending:
    """An array that is made when it is first wanted, read-only and once."""

    def __init__(self, array: Array | None = None, *, load: Later | None = None) -> None:
        self._array, self._load = array, load

    @property
    def array(self) -> Array:
        """The array; what it was made from is let go."""
        if self._array is None:
            assert self._load is not None
            made = self._load().view()
            made.flags.writeable = False
            self._array, self._load = made, None
        return self._array


@dataclass
class Store:
    """Keeps arrays; `budget` bytes of them stay in memory at a time.

    An array on disk is a NumPy memory map of a file that has no name any more, so that its
    space is free again when the last reference to the array goes.
    """

    budget: int
    in_memory: int = 0
    on_disk: int = 0
    folder: str = field(default_factory=tempfile.gettempdir)

    def keep(self, load: Later, size: int) -> Pending:
        """Keep what `load` gives, of `size` bytes: until it is wanted, or at once on disk."""
        if self.in_memory + size > self.budget:
            self.on_disk += size
            return Pending(self._to_disk(load()))
        self.in_memory += size
        pending = Pending(load=load)
        finalize(pending, self._released, size).atexit = False
        return pending

    def _released(self, size: int) -> None:
        self.in_memory -= size

    def _to_disk(self, array: Array) -> Array:
        handle, name = tempfile.mkstemp(suffix=".npy", prefix="probe-", dir=self.folder)
        os.close(handle)
        try:
            plain = array.dtype if array.dtype.kind != "V" else np.dtype(np.uint16)
            kept = open_memmap(name, mode="w+", dtype=plain, shape=array.shape)
            kept[...] = array.view(plain)
            kept.flush()
        finally:
            Path(name).unlink()
        result = kept.view(array.dtype)
        result.flags.writeable = False
        return result
