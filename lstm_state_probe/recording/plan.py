"""What is recorded of which layer, and which timesteps and calls are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

MEBIBYTE = 2**20
UNASKED = 0.1
"""Seconds an operation that the witness may take where nobody asked for it."""
LEVELS = ("final", "states", "gates")


@dataclass(frozen=True)
class Plan:
    """`timesteps` is 'all', 'final', indices, or a stride; `budget` is in bytes of memory.

    What goes past the budget is kept on disk. `witness` is how many seconds the witness may take
    to verify the calls of one operation. `kernel` is 'generic' to keep a fused kernel away, or
    'replay' to let it run and to compute its timesteps from the equations.
    """

    timesteps: str | tuple[int, ...] | int = "all"
    gates: bool = False
    layers: tuple[str, ...] = ("*",)
    calls: str = "all"
    witness: float = 0.0
    budget: int = 256 * MEBIBYTE
    kernel: str = "replay"

    def level(self, address: str) -> str:
        """Return what is recorded of a layer: `final`, `states` (every timestep), or `gates`."""
        if self.timesteps == "final" or not any(fnmatchcase(address, p) for p in self.layers):
            return "final"
        return "gates" if self.gates else "states"

    def keep(self, count: int) -> Sequence[int]:
        """Return which of `count` timesteps are kept, in order; an index past them is none."""
        if self.timesteps == "all":
            return range(count)
        if isinstance(self.timesteps, int):
            return sorted({*range(0, count, self.timesteps), count - 1} if count else set())
        if isinstance(self.timesteps, str):
            return ()
        return sorted(
            {t % count for t in self.timesteps if -count <= t < count} if count else set()
        )


ENDS = Plan(timesteps="final")
"""The initial and final states alone."""
