"""What is known of a call of one layer while it is traced or runs, on the thread that makes it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Frame:
    """One call of a layer; a call of the same layer inside it has a frame of its own.

    `sequences` and `initial` are what the layer settled on, `loop` the states with which its loop
    must begin, `final` what that ended with, `start` what the states that the layer made were made
    from. `given` is a tensor where that is decided as it runs; `inputs` are as they were given.
    `lost` says why it has no timesteps, `no_gates` why it has no gates, `missed` why it is not
    recorded at all; `told` that it is.
    """

    given: Any = False
    inputs: Any = None
    start: Mapping[int, Any] = field(default_factory=dict)
    training: Any = None
    mask: Any = None
    sequences: Any = None
    initial: Sequence[Any] | None = None
    loop: Sequence[Any] | None = None
    final: Sequence[Any] | None = None
    lost: str = ""
    no_gates: str = ""
    missed: str = ""
    told: bool = False

    def lose(self, why: str) -> None:
        """Note why there are no timesteps; the first reason stands."""
        self.lost = self.lost or why

    def miss(self, why: str) -> None:
        """Note why it is not recorded; the first reason stands."""
        self.missed = self.missed or why


@dataclass
class Frames:
    """The calls of a layer that are under way, for each thread its own."""

    _local: threading.local = field(default_factory=threading.local)

    @contextmanager
    def one(self) -> Iterator[Frame]:
        """Begin a call."""
        stack = self._stack()
        stack.append(Frame())
        try:
            yield stack[-1]
        finally:
            stack.pop()

    @property
    def top(self) -> Frame | None:
        """The innermost call on this thread."""
        stack = self._stack()
        return stack[-1] if stack else None

    def _stack(self) -> list[Frame]:
        found: list[Frame] = vars(self._local).setdefault("stack", [])
        return found
