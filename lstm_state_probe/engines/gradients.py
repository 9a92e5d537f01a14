"""Gradients that TensorFlow keeps for ever, and with them the graph that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_OF_A_TRACE = "CustomGradient-"


@contextmanager
def gradients_released() -> Iterator[None]:
    """Take out of TensorFlow's registry what is registered while the body runs.

    Each trace of a `tf.custom_gradient`, of which both Kerases have some, registers a function
    under a name of its own; nobody takes it out again, and it holds the whole graph (seen in
    TensorFlow 2.16 to 2.21: 5 MiB for a small scenario). Once its model is gone nobody asks for it.
    """
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry
    before = set(registered)
    try:
        yield
    finally:
        for name in [name for name in registered if name not in before]:
            if name.startswith(_OF_A_TRACE):
                del registered[name]
