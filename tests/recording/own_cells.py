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
            self.count = tf.Variable(0.0, trainable=False)

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
                "a weight and noise": lambda: start * (1 + tf.random.uniform((2,))),
                "a counter": lambda: tf.repeat(self.count.assign_add(1.0, read_value=True), 2),
                "a counter at zero": lambda: tf.repeat(tf.identity(self.count), 2),
                "the number of rows": lambda: tf.fill((2,), 1.0 / tf.cast(batch_size, tf.float32)),
            }[how]()
            made = tf.reshape(tf.cast(made, tf.float32), (2,))
            states = tf.repeat(made[None], batch_size, axis=0)
            return [states] if keras.__name__ == "keras" else states

    return Cell(2)
