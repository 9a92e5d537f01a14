"""Keeps recorded timesteps: in memory up to a budget, on disk past it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from weakref import finalize

import numpy as np
from numpy.lib.format import open_memmap

from lstm_state_probe.arrays import Array


@dataclass
class Store:
    """Hands arrays back read-only; `budget` bytes of them stay in memory at a time.

    An array on disk is a NumPy memory map of a file that has no name any more, so that its
    space is free again when the last reference to the array goes.
    """

    budget: int
    in_memory: int = 0
    on_disk: int = 0
    folder: str = field(default_factory=tempfile.gettempdir)

    def keep(self, array: Array) -> Array:
        """Keep an array that is the caller's own."""
        if self.in_memory + array.nbytes > self.budget:
            self.on_disk += array.nbytes
            return self._to_disk(array)
        self.in_memory += array.nbytes
        kept = array.view()
        kept.flags.writeable = False
        finalize(array, self._released, array.nbytes).atexit = False
        return kept

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
