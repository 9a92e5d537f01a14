"""Keras as a user writes it by hand: models, operations, and everything that could change."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 3, 2, 2
Layers = Callable[[Any], list[Any]]


@dataclass(frozen=True)
class Case:
    """A model written by hand, and how it is compiled."""

    name: str
    layers: Layers
    shape: tuple[int, ...] = (TIMESTEPS, FEATURES)
    compile: Mapping[str, Any] = field(default_factory=dict)
    policy: str = "float32"
    masked: bool = False
    methods: tuple[str, ...] = ("batches", "loops")

    def data(self, samples: int = 2 * BATCH) -> tuple[Any, Any]:
        """Draw inputs and targets; with a mask the first and the last timestep are left out."""
        rng = np.random.default_rng(5)
        x = rng.normal(size=(samples, *self.shape)).astype("float32")
        if self.masked:
            x[0, 0], x[1, -1], x[2, :] = 0.0, 0.0, 0.0
        return x, rng.normal(size=(samples, 1)).astype("float32")

    def build(self, keras: Any) -> Any:
        """Seed, build and compile."""
        keras.backend.clear_session()
        keras.utils.set_random_seed(11)
        before = _policy(keras)
        _set_policy(keras, self.policy)
        try:
            model = keras.Sequential(
                [keras.Input(batch_shape=(BATCH, *self.shape)), *self.layers(keras.layers)]
            )
        finally:
            _set_policy(keras, before)
        model.compile(optimizer="adam", loss="mse", **self.compile)
        model.optimizer.build(model.trainable_variables)
        return model


def _policy(keras: Any) -> Any:
    getter = "dtype_policy" if _is_3(keras) else "global_policy"
    return getattr(keras.mixed_precision, getter)()


def _set_policy(keras: Any, policy: Any) -> None:
    setter = "set_dtype_policy" if _is_3(keras) else "set_global_policy"
    getattr(keras.mixed_precision, setter)(policy)


def _is_3(keras: Any) -> bool:
    return str(keras.__version__).startswith("3")


def batches(model: Any, x: Any, y: Any) -> Iterator[tuple[str, Any]]:
    """Do the operations on one batch; yield what each returned."""
    for k in range(3):
        yield f"train_on_batch {k}", model.train_on_batch(x[:BATCH], y[:BATCH])
    yield "test_on_batch", model.test_on_batch(x[BATCH:], y[BATCH:])
    yield "predict_on_batch", model.predict_on_batch(x[:BATCH])
    yield "call", model(x[:BATCH])
    yield "call, training", model(x[BATCH:], training=True)


def over_batches(model: Any, x: Any, y: Any) -> Iterator[tuple[str, Any]]:
    """Do the operations that loop over batches; yield what each returned."""
    fitted = model.fit(
        x, y, batch_size=BATCH, epochs=2, verbose=0, validation_data=(x[:BATCH], y[:BATCH])
    )
    yield "fit", [fitted.history[name] for name in sorted(fitted.history)]
    yield "evaluate", model.evaluate(x, y, batch_size=BATCH, verbose=0)
    yield "predict", model.predict(x, batch_size=BATCH, verbose=0)


def few(model: Any, x: Any, y: Any) -> Iterator[tuple[str, Any]]:
    """Train on two batches and predict, where compiling takes long."""
    for k in range(2):
        yield f"train_on_batch {k}", model.train_on_batch(x[:BATCH], y[:BATCH])
    yield "predict_on_batch", model.predict_on_batch(x[:BATCH])


METHODS = {"batches": batches, "loops": over_batches, "few": few}


def loops(model: Any) -> Iterator[Any]:
    """Find every layer that runs a loop over time, without the probe's own search."""
    for layer in model._flatten_layers():
        if hasattr(layer, "cell") and hasattr(layer, "stateful"):
            yield layer


def held(model: Any) -> list[Any]:
    """Read what every stateful layer holds, as its own variables say."""
    import tensorflow as tf

    found = []
    for layer in loops(model):
        if layer.stateful:
            found += [state.numpy() for state in tf.nest.flatten(layer.states)]
    return found


def everything(model: Any) -> dict[str, list[Any]]:
    """Copy all that an operation could change; on Keras 3 `variables` has the seed generators."""
    return {
        "variables": [np.array(v.numpy()) for v in model.variables],
        "optimizer": [np.array(v.numpy()) for v in _optimizer(model)],
        "held": held(model),
    }


def _optimizer(model: Any) -> list[Any]:
    found = model.optimizer.variables
    return list(found() if callable(found) else found)


def streams() -> dict[str, list[Any]]:
    """Draw the next numbers of every global random stream."""
    import tensorflow as tf

    drawn = [random.random(), np.random.rand(), tf.random.uniform([2]).numpy()]
    return {"streams": [np.asarray(value) for value in drawn]}


def story(case: Case, model: Any) -> list[tuple[str, dict[str, list[Any]]]]:
    """Do the operations of a case, and copy everything after each."""
    x, y = case.data()
    told = []
    for methods in case.methods:
        for name, result in METHODS[methods](model, x, y):
            parts = {"result": [np.array(part) for part in _parts(result)]}
            told.append((name, {**parts, **everything(model)}))
    return [*told, ("streams", streams())]


def _parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]
