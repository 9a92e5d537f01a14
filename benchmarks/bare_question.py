"""The script that a person writes by hand to answer the question of this project's origin.

It does what `scenarios/stateful_lstm.yaml` does, with the same seed, data and layers, and prints
the states at each stage.
"""

import zlib

import numpy as np
import tensorflow as tf
from tensorflow import keras


def draw(name: str) -> np.random.Generator:
    """Return the stream of one array, as the probe makes it."""
    return np.random.default_rng(np.random.SeedSequence([7, zlib.crc32(name.encode())]))


def show(when: str, layer: keras.layers.Layer) -> None:
    """Print what the layer holds."""
    h, c = layer.states
    print(when)
    print("h", h.numpy())
    print("c", c.numpy())


keras.utils.set_random_seed(7)
x = draw("x").normal(0.0, 1.0, (2, 10, 4)).astype("float32")
y = draw("y").integers(0, 2, (2, 1)).astype("int32")
model = keras.Sequential(
    [
        keras.Input(batch_shape=(2, 10, 4)),
        keras.layers.LSTM(4, stateful=True, activation="relu", name="lstm"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy")
lstm = model.get_layer("lstm")
show("initialised", lstm)
print("loss", model.train_on_batch(x, y))
show("after train_on_batch", lstm)
lstm.reset_states()
show("after reset_states", lstm)
print("prediction", model.predict(x, verbose=0))
show("after predict", lstm)
print(tf.__version__)
