"""Models written by hand for the tests of the Python API, and all that a call could change."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

BATCH, TIMESTEPS, FEATURES = 2, 4, 3
X = np.random.default_rng(1).normal(size=(8, TIMESTEPS, FEATURES)).astype("float32")
Y = X[:, 0, :1]


def built(engine: Any, layers: list[Any] | None = None, **compile_: Any) -> Any:
    """Seed, build and compile: a stateful LSTM `lstm`, a stateless GRU `gru`, a Dense."""
    keras = engine.keras
    engine.clear()
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.layers.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES)),
            *(default_layers(keras.layers) if layers is None else layers),
        ]
    )
    model.compile(optimizer="adam", loss="mse", **compile_)
    return model


def default_layers(K: Any) -> list[Any]:
    return [
        K.LSTM(3, stateful=True, return_sequences=True, name="lstm"),
        K.GRU(2, name="gru"),
        K.Dense(1),
    ]


def loops(model: Any) -> list[Any]:
    return [layer for layer in model._flatten_layers() if hasattr(layer, "cell")]


def bits(model: Any) -> list[Any]:
    """Copy weights, seed generators, optimizer and held states, and draw from every stream."""
    import tensorflow as tf

    optimizer = model.optimizer.variables
    variables = [*model.variables, *(optimizer() if callable(optimizer) else optimizer)]
    for layer in loops(model):
        if layer.stateful:
            variables += tf.nest.flatten(layer.states)
    drawn = [random.random(), np.random.rand(), tf.random.uniform([2]).numpy()]
    return [np.array(v.numpy()) for v in variables] + [np.asarray(value) for value in drawn]


def assert_same_bits(left: list[Any], right: list[Any]) -> None:
    assert len(left) == len(right)
    for k, (a, b) in enumerate(zip(left, right, strict=True)):
        assert a.dtype == b.dtype, k
        assert np.array_equal(a, b), (k, a, b)
