"""Which batch a recorded call belongs to, and which use of its layer it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary


@dataclass
class Step:
    """The model at work on one batch: the `number`-th of its graph, or of its execution."""

    number: int
    uses: dict[str, int] = field(default_factory=dict)

    def use(self, address: str) -> tuple[int, int]:
        """Count a further use of a layer; return the number of the step and of the use."""
        self.uses[address] = self.uses.get(address, -1) + 1
        return self.number, self.uses[address]


@dataclass
class Places:
    """Where the model is: a phase, an epoch, a batch, which the batch marker begins.

    With `steps_per_execution` one execution runs several batches, and no marker tells them apart.
    They are a loop in the graph, or stand in it one after the other (`predict` of Keras 3), so
    each call of the model is counted as a `Step`.
    """

    phase: str = "predict"
    epoch: int = -1
    batch: int = 0
    _local: threading.local = field(default_factory=threading.local)
    _eager: int = 0
    _traced: WeakKeyDictionary[Any, int] = field(default_factory=WeakKeyDictionary)
    _seen: dict[tuple[str, int, int], int] = field(default_factory=dict)

    def begin(self, phase: str, epoch: int, batch: int) -> None:
        """Begin an execution at a batch."""
        self.phase, self.epoch, self.batch = phase, epoch, batch
        self._seen.clear()
        self._eager = 0

    @property
    def _step(self) -> Step | None:
        found: Step | None = getattr(self._local, "step", None)
        return found

    def stepping(self, call: Callable[..., Any], several: Callable[[], bool]) -> Callable[..., Any]:
        """Wrap the model's `call`, so that every step is told from the next.

        `several` tells whether an execution runs several batches; the model may be compiled anew.
        """

        @wraps(call)
        def step(*args: Any, **kwargs: Any) -> Any:
            if not several():
                return call(*args, **kwargs)
            outer, self._local.step = self._step, Step(self._number())
            try:
                return call(*args, **kwargs)
            finally:
                self._local.step = outer

        return step

    def _number(self) -> int:
        import tensorflow as tf

        if tf.executing_eagerly():
            self._eager += 1
            return self._eager - 1
        graph = tf.compat.v1.get_default_graph()
        self._traced[graph] = self._traced.get(graph, -1) + 1
        return self._traced[graph]

    def use(self, address: str) -> tuple[int, int] | None:
        """Note that a layer is called or traced; None where a batch is an execution."""
        return self._step.use(address) if self._step else None

    def place(
        self, address: str, used: tuple[int, int] | None, skipped: int = 0
    ) -> tuple[str, int, int, int]:
        """Tell the phase, epoch, batch and use of a call that just arrived.

        `skipped` counts the calls before it that were overwritten.
        """
        step, use = used or (-1, -1)
        seen = self._seen.get((address, step, use), 0) + skipped
        self._seen[address, step, use] = seen + 1
        if used is None:  # one batch at a time: a further call is a further use
            return self.phase, self.epoch, self.batch, seen
        return self.phase, self.epoch, self.batch + step + seen, use
