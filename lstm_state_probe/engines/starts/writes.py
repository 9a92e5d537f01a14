"""Who else writes to the states of a layer: each `assign` from outside the layer's own call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from lstm_state_probe.engines.wrapping import Release, override, plain

METHODS = ("assign", "assign_add", "assign_sub")


class Writes:
    """Tells `written` of every eager assignment to a state, by its flat index.

    The values alone do not show it: zeros that a callback assigns to what is zero already are
    no longer those that the layer was built with. What a graph assigns is not seen here.
    """

    def __init__(self, states: Callable[[], Sequence[Any]], written: Callable[[int], None]) -> None:
        self._states, self._written = states, written
        self._known: dict[int, Release] = {}
        self._own = threading.local()

    def follow(self) -> Release:
        """Follow the states that there are; a layer may get them with its first call."""
        for index, state in enumerate(self._states()):
            variable = getattr(state, "_value", state)  # Keras 3 has a variable of its own around
            if id(variable) not in self._known and _is_plain(variable):
                methods = {name: self._noting(getattr(variable, name), index) for name in METHODS}
                self._known[id(variable)] = override(variable, methods)
        return self.release

    @contextmanager
    def own(self) -> Iterator[None]:
        """Take what is written in the body on this thread for the layer's own doing."""
        depth = getattr(self._own, "depth", 0)
        self._own.depth = depth + 1
        try:
            yield
        finally:
            self._own.depth = depth
            if not depth:
                self.follow()

    def release(self) -> None:
        """Leave the states alone again."""
        while self._known:
            self._known.popitem()[1]()

    def _noting(self, original: Callable[..., Any], index: int) -> Callable[..., Any]:
        import tensorflow as tf

        @wraps(original)
        def assign(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if tf.executing_eagerly() and not getattr(self._own, "depth", 0):
                self._written(index)
            return result

        return plain(assign)


def _is_plain(variable: Any) -> bool:
    """Tell whether it is TensorFlow's one variable, not one of a strategy over several."""
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    return type(variable) is ResourceVariable
