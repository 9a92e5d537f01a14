"""How tensors leave a graph: through a callback, or through variables where XLA compiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from threading import RLock
from typing import Any, Protocol

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import to_numpy

AT_MOST = 16
"""Deliveries that may wait: those of a batch, where nobody asks for them in between."""
Receive = Callable[[list[Array], int], None]
"""Takes the values of one run, and how many runs before it were overwritten unread."""


class Sink(Protocol):
    """Takes the tensors of one call out of the graph that is being traced, or of eager code."""

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        """Arrange that `receive` gets the values, each time that the graph runs.

        Without `copy` the arrays may be views of memory that TensorFlow allotted and that nobody
        writes to as long as they live: what a graph has stacked for nobody else.
        """
        ...

    def collect(self) -> int:
        """Deliver what waits since the last call; return how many runs were overwritten."""
        ...

    def mute(self, muted: bool) -> None:
        """Let what comes go unread for a while."""
        ...

    def close(self) -> None:
        """Take nothing more, also from a graph that goes on to run."""
        ...


@dataclass
class CallbackSink:
    """One `numpy_function` a call: every run arrives. XLA refuses it.

    Callbacks that depend on each other by no data run in any order, so that each takes a number
    in the graph, where a variable keeps the order of the program. What has arrived without a gap
    is delivered in that order once `AT_MOST` wait; `collect` delivers all.
    """

    waiting: list[tuple[int, Receive, list[Array]]] = field(default_factory=list)
    numbers: Any = None
    due: int = 1
    deaf: bool = False
    lock: Any = field(default_factory=RLock)

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        import tensorflow as tf

        if self.numbers is None:
            with tf.init_scope():
                self.numbers = _variable(tf.constant(0, tf.int64), ())

        def deliver(number: Any, *arrays: Any) -> None:
            if self.deaf:
                return
            kept = [np.array(array) if copy else _left(array) for array in arrays]
            with self.lock:
                self.waiting.append((int(number), receive, kept))
                if len(self.waiting) > AT_MOST:
                    self._deliver(whole=False)

        number = tf.identity(self.numbers.assign_add(1, read_value=True))
        stopped = [tf.stop_gradient(tensor) for tensor in tensors]
        if any(tensor.dtype == tf.variant for tensor in tensors):
            tf.py_function(deliver, [number, *tensors], [])  # NumPy knows no lists of tensors
        else:
            tf.numpy_function(deliver, [number, *stopped], [], stateful=True)

    def collect(self) -> int:
        with self.lock:
            self._deliver(whole=True)
        return 0

    def mute(self, muted: bool) -> None:
        self.deaf = muted

    def close(self) -> None:
        self.deaf = True

    def _deliver(self, *, whole: bool) -> None:
        arrived, self.waiting = sorted(self.waiting, key=itemgetter(0)), []
        for number, receive, arrays in arrived:
            if whole or number == self.due:
                self.due = number + 1
                receive(arrays, 0)
            else:
                self.waiting.append((number, receive, arrays))


@dataclass
class VariableSink:
    """Variables that the graph assigns: XLA takes them, but only the last run can be read."""

    slots: list[tuple[Any, list[Any], Receive]] = field(default_factory=list)
    deaf: bool = False

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        import tensorflow as tf

        if tf.executing_eagerly():
            if self.deaf:
                return
            receive([to_numpy(tensor) for tensor in tensors], 0)
            return
        with tf.init_scope():
            runs = _variable(tf.constant(0, tf.int64), ())
            kept = [_uninitialised(tensor) for tensor in tensors]
        for variable, tensor in zip(kept, tensors, strict=True):
            variable.assign(tf.stop_gradient(tensor))
        runs.assign_add(1)
        self.slots.append((runs, kept, receive))

    def collect(self) -> int:
        import tensorflow as tf

        lost = 0
        with tf.init_scope():  # a reset may collect while a function is traced
            for runs, kept, receive in self.slots:
                count = int(runs.numpy())
                if count:
                    lost += count - 1
                    receive([to_numpy(variable) for variable in kept], count - 1)
                    runs.assign(0)
        return lost

    def mute(self, muted: bool) -> None:
        self.deaf = muted
        for runs, _, _ in self.slots:
            runs.assign(0)

    def close(self) -> None:
        self.slots, self.deaf = [], True


def _left(value: Any) -> Any:
    """Return what left the graph as NumPy; a list of tensors (a variant) stays as it is."""
    if isinstance(value, np.ndarray) or value.dtype.name == "variant":
        return value
    return value.numpy()


def _uninitialised(tensor: Any) -> Any:
    """Make a variable without a value: XLA lets no assignment change a shape that is there."""
    from tensorflow.python.ops.resource_variable_ops import UninitializedVariable

    return UninitializedVariable(trainable=False, dtype=tensor.dtype, shape=tensor.shape)


def _variable(value: Any, shape: Any) -> Any:
    """Make a variable that a `tf.function` may meet on any trace, not on its first alone.

    `tf.Variable` asks the function that is being traced for leave, and is refused (TensorFlow
    2.16 to 2.21); the class that it would make asks nobody.
    """
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    return ResourceVariable(value, shape=shape, trainable=False)
