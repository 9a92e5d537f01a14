"""LSTM cells that make their own initial state, for Keras 3 and for tf_keras.

The probe binds `keras` to the Keras of the engine before it runs this file. A `custom_objects`
file runs only with `--allow-code`.
"""

import tensorflow as tf


class LearnedStart(keras.layers.LSTMCell):  # noqa: F821 - bound by the probe
    """Starts every sample from two trainable weights, one for `h` and one for `c`."""

    def build(self, shape):
        super().build(shape)
        ones = keras.initializers.Constant(0.5)  # noqa: F821
        self.start_h = self.add_weight(name="start_h", shape=(self.units,), initializer=ones)
        self.start_c = self.add_weight(name="start_c", shape=(self.units,), initializer=ones)

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [rows(self.start_h, batch_size), rows(self.start_c, batch_size)]


class RandomStart(keras.layers.LSTMCell):  # noqa: F821
    """Draws a new start for every call: what some expect of Keras, and what it does not do."""

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [tf.random.normal((batch_size, self.units)) for _ in range(2)]


class ConstantStart(keras.layers.LSTMCell):  # noqa: F821
    """Starts from a constant that is not zero."""

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        return [tf.fill((batch_size, self.units), 0.25) for _ in range(2)]


def rows(weight, batch_size):
    """Repeat a weight (units) for every sample: (batch, units)."""
    return tf.repeat(tf.convert_to_tensor(weight)[None], batch_size, axis=0)
