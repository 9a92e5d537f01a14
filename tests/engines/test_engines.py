"""The verbs of an engine, each against Keras itself."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.engines import ENGINES
from lstm_state_probe.engines.wrapping import override


def stateful(engine: Any, kind: str = "LSTM") -> Any:
    engine.clear()
    layer = getattr(engine.keras.layers, kind)(2, stateful=True)
    model = engine.keras.Sequential([engine.keras.Input(batch_shape=(2, 3, 2)), layer])
    return model, layer


def test_an_engine_says_what_it_is(engine: Any) -> None:
    assert engine.name in ENGINES
    assert engine.version() == engine.keras.__version__
    assert engine.version().startswith("3" if engine.name == "keras3" else "2")


def test_both_engines_live_in_one_process(engine_named: Any) -> None:
    keras3, tf_keras = engine_named("keras3"), engine_named("tf_keras")
    assert keras3.keras is not tf_keras.keras
    assert not issubclass(keras3.keras.layers.LSTM, tf_keras.keras.layers.LSTM)


def test_a_seed_seeds_python_numpy_and_the_framework(engine: Any) -> None:
    import tensorflow as tf

    drawn = []
    for _ in range(2):
        engine.seed(3)
        weights = engine.keras.layers.Dense(2)
        weights.build((None, 2))
        drawn.append(
            [random.random(), np.random.rand(), tf.random.uniform([]), *weights.get_weights()]
        )
    for left, right in zip(*drawn, strict=True):
        np.testing.assert_array_equal(left, right)


def test_held_is_a_copy_of_the_states_and_nothing_of_a_stateless_layer(engine: Any) -> None:
    model, layer = stateful(engine)
    before = engine.held(layer)
    model(np.ones((2, 3, 2), "float32"))
    after = engine.held(layer)
    assert [value.shape for value in before] == [(2, 2), (2, 2)]
    assert not any(np.any(value) for value in before)
    assert all(np.any(value) for value in after)
    assert engine.held(engine.keras.layers.LSTM(2)) == []


def test_assign_sets_states_by_their_place_and_refuses_what_does_not_fit(engine: Any) -> None:
    _, layer = stateful(engine)
    engine.assign(layer, {1: np.ones((2, 2))})
    h, c = engine.held(layer)
    np.testing.assert_array_equal(h, 0)
    np.testing.assert_array_equal(c, 1)
    with pytest.raises(ValueError, match="shape"):
        engine.assign(layer, {0: np.ones((3, 2))})
    with pytest.raises(ValueError, match="not stateful"):
        engine.assign(engine.keras.layers.LSTM(2), {0: np.ones((2, 2))})


def test_reset_of_a_model_resets_every_stateful_layer_and_leaves_the_others(engine: Any) -> None:
    keras = engine.keras
    engine.clear()
    layers = [
        keras.layers.GRU(2, stateful=True, return_sequences=True),
        keras.layers.LSTM(2, return_sequences=True),
        keras.layers.SimpleRNN(2, stateful=True),
    ]
    model = keras.Sequential([keras.Input(batch_shape=(2, 3, 2)), *layers])
    model(np.ones((2, 3, 2), "float32"))
    assert np.any(engine.held(layers[0])[0])
    engine.reset_states(model, layers)
    assert not np.any(engine.held(layers[0])[0])
    assert not np.any(engine.held(layers[2])[0])


def test_the_reset_methods_it_names_are_there(engine: Any) -> None:
    apis = engine.reset_apis()
    for label, owner in (("layer", engine.keras.layers.LSTM), ("model", engine.keras.Model)):
        named = [] if apis[label] == "none" else apis[label].replace("()", "").split(", ")
        for name in ("reset_state", "reset_states"):
            assert hasattr(owner, name) == (name in named)
    assert (apis["model"] == "none") == (engine.name == "keras3")


def test_build_optimizer_makes_the_variables_and_may_be_called_again(engine: Any) -> None:
    model, _ = stateful(engine)
    engine.build_optimizer(model)  # not compiled: nothing to do
    model.compile(optimizer="adam", loss="mse")
    engine.build_optimizer(model)
    found = model.optimizer.variables
    count = len(found() if callable(found) else found)
    assert count >= 2 * len(model.trainable_variables)
    engine.build_optimizer(model)
    found = model.optimizer.variables
    assert len(found() if callable(found) else found) == count


def test_compile_settings_are_read_from_the_model(engine: Any) -> None:
    model, _ = stateful(engine)
    assert (engine.jit_compiled(model), engine.steps_per_execution(model)) == (False, 1)
    model.compile(loss="mse")
    assert (engine.jit_compiled(model), engine.steps_per_execution(model)) == (False, 1)
    model.compile(loss="mse", jit_compile=True, steps_per_execution=4)
    assert (engine.jit_compiled(model), engine.steps_per_execution(model)) == (True, 4)


class Thing:
    def act(self) -> str:
        return "own"


def test_overrides_may_be_stacked_and_are_taken_away_again() -> None:
    thing = Thing()
    inner = override(thing, {"act": lambda: "first"})
    outer = override(thing, {"act": lambda: "second"})
    assert thing.act() == "second"
    outer()
    assert thing.act() == "first"
    inner()
    assert thing.act() == "own"
    assert vars(thing) == {}
