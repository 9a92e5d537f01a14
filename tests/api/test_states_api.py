"""snapshot, restore, reset, preserved: every layer kind, both engines, nothing by halves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from api_models import BATCH, FEATURES, TIMESTEPS, X, Y, assert_same_bits, bits, built

from lstm_state_probe import Snapshot, preserved, reset, restore, snapshot
from lstm_state_probe.errors import Mismatch, NoSuchState

ON = {"stateful": True}
SEQ = {"return_sequences": True}


def _nested(keras: Any) -> list[Any]:
    K = keras.layers
    inner = keras.Sequential([K.LSTM(2, name="lower", **ON, **SEQ), K.GRU(2, **ON)], name="inner")
    return [inner]


def _holding(keras: Any) -> list[Any]:
    class Holding(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__(name="holding")
            self.lstm = keras.layers.LSTM(2, name="held", stateful=True)

        def build(self, shape: Any) -> None:
            self.lstm.build(shape)
            self.built = True

        def call(self, x: Any) -> Any:
            return self.lstm(x)

    return [Holding()]


def _own_start(keras: Any) -> list[Any]:
    import tensorflow as tf

    class Started(keras.layers.SimpleRNNCell):  # type: ignore[misc,name-defined]
        def get_initial_state(
            self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
        ) -> Any:
            return [tf.ones((BATCH, 2))]

    return [keras.layers.RNN(Started(2), name="own", **ON)]


KINDS: dict[str, Callable[[Any], list[Any]]] = {
    "LSTM": lambda keras: [keras.layers.LSTM(2, **ON)],
    "GRU": lambda keras: [keras.layers.GRU(2, **ON)],
    "SimpleRNN": lambda keras: [keras.layers.SimpleRNN(2, **ON)],
    "RNN of a cell": lambda keras: [keras.layers.RNN(keras.layers.GRUCell(2), **ON)],
    "RNN of cells": lambda keras: [
        keras.layers.RNN([keras.layers.LSTMCell(2), keras.layers.GRUCell(3)], **ON)
    ],
    "Bidirectional": lambda keras: [keras.layers.Bidirectional(keras.layers.LSTM(2, **ON))],
    "ConvLSTM1D": lambda keras: [
        keras.layers.Reshape((TIMESTEPS, FEATURES, 1)),
        keras.layers.ConvLSTM1D(2, 2, **ON),
        keras.layers.Flatten(),
    ],
    "TimeDistributed": lambda keras: [
        keras.layers.Reshape((2, 2, FEATURES)),
        keras.layers.TimeDistributed(keras.layers.LSTM(2, **ON)),
        keras.layers.Flatten(),
    ],
    "nested": _nested,
    "a layer of one's own that holds an LSTM": _holding,
    "a cell with get_initial_state": _own_start,
}


def made(engine: Any, kind: str) -> Any:
    return built(engine, [*KINDS[kind](engine.keras), engine.keras.layers.Dense(1)])


def predicted(model: Any) -> Any:
    return np.array(model.predict_on_batch(X[:BATCH]))


@pytest.mark.parametrize("kind", KINDS)
def test_states_of_every_layer_kind_are_kept_put_back_and_reset(engine: Any, kind: str) -> None:
    model = made(engine, kind)
    fresh = snapshot(model)
    first = predicted(model)  # traced here, so that an assignment must reach the traced function
    moved = snapshot(model)
    second = predicted(model)
    assert list(fresh) == list(moved) != []
    assert all(not np.array_equal(fresh[address], moved[address]) for address in moved)

    restore(model, moved)
    assert_same_bits(list(snapshot(model).values()), list(moved.values()))
    assert np.array_equal(predicted(model), second)
    restore(model, fresh)
    assert np.array_equal(predicted(model), first)

    reset(model)
    assert not any(np.any(value) for value in snapshot(model).values())
    if "get_initial_state" not in kind:  # which begins with ones, while a reset gives zeros
        assert np.array_equal(predicted(model), first)


def test_a_snapshot_is_frozen_and_holds_copies(engine: Any) -> None:
    model = built(engine)
    kept = snapshot(model)
    predicted(model)
    assert not np.any(kept["lstm/h"])
    with pytest.raises(ValueError, match="read-only"):
        kept["lstm/h"][0, 0] = 1
    with pytest.raises(TypeError):
        kept["lstm/h"] = np.zeros(1)  # type: ignore[index]
    assert kept == kept
    assert kept != snapshot(model)
    assert repr(kept) == (
        f"<Snapshot {engine.name}: lstm/h: (2, 3) float32, lstm/c: (2, 3) float32>"
    )


def test_one_layer_is_reset_by_address_or_glob_and_the_others_stay(engine: Any) -> None:
    model = made(engine, "nested")
    predicted(model)
    before = snapshot(model)
    reset(model, layers="inner/lower")
    after = snapshot(model)
    assert not np.any(after["inner/lower/h"])
    assert np.array_equal(after["inner/gru/h"], before["inner/gru/h"])
    reset(model, layers=["inner"])
    assert not np.any(snapshot(model)["inner/gru/h"])
    restore(model, before)
    reset(model, layers="*/gru")
    assert np.any(snapshot(model)["inner/lower/h"])
    assert not np.any(snapshot(model)["inner/gru/h"])


def test_a_layer_that_is_not_there_is_a_key_error_with_the_nearest_name(engine: Any) -> None:
    with pytest.raises(NoSuchState, match="'lsmt'; known: lstm, gru; did you mean 'lstm'"):
        reset(built(engine), layers="lsmt")


def test_reset_works_on_a_layer_alone(engine: Any) -> None:
    model = built(engine)
    predicted(model)
    reset(model.get_layer("lstm"))
    assert not np.any(snapshot(model)["lstm/c"])


def test_stateless_layers_hold_nothing_and_nothing_is_done(engine: Any) -> None:
    model = built(engine, [engine.keras.layers.LSTM(2), engine.keras.layers.Dense(1)])
    predicted(model)
    reset(model)
    assert dict(snapshot(model)) == {}


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ({"lstm/h": 0.0}, "'lstm/c' has no value; strict=False"),
        ({"lstm/h": 0.0, "lstm/c": 0.0, "lstm/d": 0.0}, "'lstm/d' is held by no layer; known: l"),
        ({"lstm/h": 0.0, "lstm/c": np.zeros((3, 3), "float32")}, "found the shape (3, 3), allowed"),
        ({"lstm/h": 0.0, "lstm/c": np.zeros((2, 3))}, "found float64, allowed is float32"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_assigned(
    engine: Any, states: dict[str, Any], told: str
) -> None:
    model = built(engine)
    predicted(model)
    before = snapshot(model)
    with pytest.raises(ValueError, match="nothing was assigned") as caught:
        restore(model, states)
    assert told in str(caught.value)
    assert_same_bits(list(snapshot(model).values()), list(before.values()))


def test_everything_that_does_not_fit_is_told_at_once(engine: Any) -> None:
    with pytest.raises(Mismatch) as caught:
        restore(built(engine), {"lstm/h": np.zeros((9, 9), "float32"), "x/h": 0.0})
    assert len(str(caught.value).splitlines()) == 4


def test_without_strict_what_both_have_is_put(engine: Any) -> None:
    model = built(engine)
    restore(model, {"lstm/h": 0.5, "other/h": 1.0}, strict=False)
    after = snapshot(model)
    assert np.all(after["lstm/h"] == 0.5)
    assert not np.any(after["lstm/c"])


def test_lists_and_numbers_take_the_dtype_that_is_held(engine: Any) -> None:
    model = built(engine)
    restore(model, {"lstm/h": [[0.1, 0.2, 0.3]] * 2, "lstm/c": 1})
    assert snapshot(model)["lstm/h"].dtype == np.float32
    assert np.all(snapshot(model)["lstm/c"] == 1)


def test_preserved_leaves_no_trace_of_predictions_though_there_is_dropout(engine: Any) -> None:
    def model() -> Any:
        K = engine.keras.layers
        engine.keras.utils.set_random_seed(5)  # before a layer is made: it draws its seeds
        return built(engine, [K.LSTM(3, dropout=0.4, recurrent_dropout=0.3, **ON), K.Dense(1)])

    plain, observed = model(), model()
    before = bits(observed)
    with preserved(observed) as kept:
        observed.predict(X, batch_size=BATCH, verbose=0)
        observed(X[:BATCH])
        observed.layers[0].reset_states()
        assert isinstance(kept, Snapshot)
    after = bits(observed)
    assert_same_bits(before[:-3], after[:-3])  # but for what `bits` drew itself

    engine.keras.utils.set_random_seed(5)
    left = [plain.train_on_batch(X[:BATCH], Y[:BATCH]), *bits(plain)]
    engine.keras.utils.set_random_seed(5)
    right = [observed.train_on_batch(X[:BATCH], Y[:BATCH]), *bits(observed)]
    if engine.name == "keras3":  # tf_keras draws masks from no state that anybody could see
        assert_same_bits(list(map(np.asarray, left)), list(map(np.asarray, right)))


def test_preserved_puts_back_when_the_block_raises(engine: Any) -> None:
    model = built(engine)
    predicted(model)
    before = snapshot(model)
    with pytest.raises(RuntimeError, match="mine"), preserved(model):  # noqa: PT012
        predicted(model)
        raise RuntimeError("mine")
    assert_same_bits(list(snapshot(model).values()), list(before.values()))


def test_states_that_are_built_in_a_preserved_block_become_zeros(engine: Any) -> None:
    keras = engine.keras
    model = keras.Sequential([keras.layers.GRU(2, stateful=True, name="gru")])
    with preserved(model) as kept:
        model(X[:BATCH])
        assert np.any(snapshot(model)["gru/h"])
    assert dict(kept) == {}
    assert not np.any(snapshot(model)["gru/h"])
