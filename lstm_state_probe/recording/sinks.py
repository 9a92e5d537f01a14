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
from lstm_state_probe.engines.tap.boundary import Aside

KEPT = "_lstm_state_probe_variables"
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
    aside: Aside = field(default_factory=lambda: Aside(lambda why: None))
    interrupted: bool = False

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        import tensorflow as tf

        if self.numbers is None:
            with tf.init_scope():
                self.numbers = _variable(tf.constant(0, tf.int64), ())

        def take(number: Any, arrays: Any) -> None:
            kept = [np.array(array) if copy else _left(array) for array in arrays]
            with self.lock:
                self.waiting.append((int(number), receive, kept))
                if len(self.waiting) > AT_MOST:
                    self._deliver(whole=False)

        def deliver(number: Any, *arrays: Any) -> None:
            try:  # what a callback raises would end the user's operation
                if not self.deaf:
                    self.aside.run(take, number, arrays)
            except KeyboardInterrupt:  # TensorFlow would make another error of it
                self.interrupted = True

        number = tf.identity(self.numbers.assign_add(1, read_value=True))
        stopped = [tf.stop_gradient(tensor) for tensor in tensors]
        if any(tensor.dtype == tf.variant for tensor in tensors):
            tf.py_function(deliver, [number, *tensors], [])  # NumPy knows no lists of tensors
        else:
            tf.numpy_function(deliver, [number, *stopped], [], stateful=True)

    def collect(self) -> int:
        with self.lock:
            self._deliver(whole=True)
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
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
                self.aside.run(receive, arrays, 0)
            else:
                self.waiting.append((number, receive, arrays))


@dataclass
class VariableSink:
    """Variables that the graph assigns: XLA takes them, but only the last run can be read."""

    slots: list[tuple[Any, list[Any], Receive]] = field(default_factory=list)
    deaf: bool = False
    aside: Aside = field(default_factory=lambda: Aside(lambda why: None))

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        import tensorflow as tf

        if tf.executing_eagerly():
            if self.deaf:
                return
            receive([to_numpy(tensor) for tensor in tensors], 0)
            return
        graph = tf.compat.v1.get_default_graph()
        with tf.init_scope():
            runs = _variable(tf.constant(0, tf.int64), ())
            kept = [_uninitialised(tensor) for tensor in tensors]
        for variable, tensor in zip(kept, tensors, strict=True):
            variable.assign(tf.stop_gradient(tensor))
        runs.assign_add(1)
        self.slots.append((runs, kept, receive))
        # a graph of the user's own goes on to assign them when the recorder is gone
        if not hasattr(graph, KEPT):
            setattr(graph, KEPT, [])
        getattr(graph, KEPT).append((runs, kept))

    def collect(self) -> int:
        import tensorflow as tf

        lost = 0
        with tf.init_scope():  # a reset may collect while a function is traced
            for runs, kept, receive in self.slots:
                count = int(runs.numpy())
                if count:
                    lost += count - 1
                    arrays = [to_numpy(variable) for variable in kept]
                    runs.assign(0)
                    self.aside.run(receive, arrays, count - 1)
        return lost

    def mute(self, muted: bool) -> None:
        self.deaf = muted
        for runs, _, _ in self.slots:
            runs.assign(0)

    def close(self) -> None:
        self.slots, self.deaf = [], True


@dataclass
class Sinks:
    """Both ways out: through variables of a graph that XLA compiles, else through a callback.

    Which it is belongs to the graph that is traced, and not to the model: a model may be compiled
    anew while it is recorded, and be called eagerly besides.
    """

    aside: Aside
    callbacks: CallbackSink = field(default_factory=CallbackSink)
    variables: VariableSink = field(default_factory=VariableSink)

    def __post_init__(self) -> None:
        self.callbacks.aside = self.variables.aside = self.aside

    @property
    def lock(self) -> Any:
        """Held while something is delivered, on whichever thread."""
        return self.callbacks.lock

    def emit(self, tensors: Sequence[Any], receive: Receive, *, copy: bool = True) -> None:
        sink: Sink = self.variables if compiled_by_xla() else self.callbacks
        sink.emit(tensors, receive, copy=copy)

    def collect(self) -> int:
        with self.lock:
            self.callbacks.collect()
            return self.variables.collect()

    def mute(self, muted: bool) -> None:
        self.callbacks.mute(muted)
        self.variables.mute(muted)

    def close(self) -> None:
        self.callbacks.close()
        self.variables.close()


def compiled_by_xla() -> bool:
    """Tell whether a function is being traced that XLA will compile, or that is called in one."""
    import tensorflow as tf
    from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

    if tf.executing_eagerly():
        return False
    return bool(GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()))


def is_saved() -> bool:
    """Tell whether a SavedModel is being written on this thread, and functions traced for it."""
    from tensorflow.python.saved_model import save_context

    return bool(save_context.in_save_context())


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
