"""Cells with a `get_initial_state` of their own, for either Keras."""

from __future__ import annotations

from typing import Any

START = [0.3, -0.4]


def cell(keras: Any, how: str) -> Any:
    """Make a SimpleRNNCell of two units that starts in one way; see `starts`."""
    import tensorflow as tf

    class Cell(keras.layers.SimpleRNNCell):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            super().build(shape)
            value = [0.0, 0.0] if how == "a weight of zeros" else START
            self.start = self.add_weight(
                name="start", shape=(2,), initializer=keras.initializers.Constant(value)
            )

        def get_initial_state(
            self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
        ) -> Any:
            start = tf.convert_to_tensor(self.start)
            made = {
                "a weight": lambda: start,
                "a weight of zeros": lambda: start,
                "computed from a weight": lambda: tf.tanh(start * 2),
                "a weight that is cut off": lambda: tf.stop_gradient(start),
                "a constant": lambda: tf.constant([0.25, 0.75]),
                "zeros": lambda: tf.zeros(2),
                "random": lambda: tf.random.normal((2,)),
            }[how]()
            states = tf.repeat(made[None], batch_size, axis=0)
            return [states] if keras.__name__ == "keras" else states

    return Cell(2)
