"""Layers and cells that are wrong on purpose; `keras` is the Keras of the engine that runs."""

import tensorflow as tf


class Mixing(keras.layers.Layer):  # noqa: F821
    """Adds the mean of the batch to every row: the rows influence each other."""

    def call(self, x):
        return x + tf.reduce_mean(x, axis=0, keepdims=True)

    def compute_output_shape(self, shape):
        return shape


class Counting(keras.layers.Layer):  # noqa: F821
    """Adds how often it was called: no reset knows of that."""

    def build(self, shape):
        self.count = self.add_weight(name="count", shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.count.assign_add(1.0)
        return x + tf.convert_to_tensor(self.count)

    def compute_output_shape(self, shape):
        return shape


class Unmasking(keras.layers.Layer):  # noqa: F821
    """Loses the mask, as every layer does that does not say that it supports one."""

    def call(self, x):
        return x + 0.0  # x itself would carry its mask on

    def compute_output_shape(self, shape):
        return shape


class Strict(keras.layers.Layer):  # noqa: F821
    """Takes batches of two alone."""

    def call(self, x):
        tf.debugging.assert_equal(tf.shape(x)[0], 2, message="a batch of two, please")
        return x

    def compute_output_shape(self, shape):
        return shape


class Started(keras.layers.SimpleRNNCell):  # noqa: F821
    """Starts from ones, to which Keras's own reset never goes back."""

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        rows = tf.shape(inputs)[0] if batch_size is None else batch_size
        return [tf.ones((rows, self.units))]


class Hiding(keras.layers.Layer):  # noqa: F821
    """Holds a recurrent layer of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = keras.layers.LSTM(3, stateful=True, name="inner")  # noqa: F821

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x)

    def compute_output_shape(self, shape):
        return (shape[0], 3)
