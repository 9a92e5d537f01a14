"""The nouns: what a layer holds, told by its class, in the order in which Keras keeps it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_state_probe.layers.families import FAMILIES, auto_name, family_of, is_a
from lstm_state_probe.layers.find import cell_names, find_recurrent
from lstm_state_probe.layers.static import static_quantities, written_object

RECURRENT = ["LSTM", "GRU", "SimpleRNN"]


def test_every_family_is_a_class_of_keras_but_for_the_cell_of_convolutions(engine: Any) -> None:
    absent = [name for name in FAMILIES if not hasattr(engine.keras.layers, name)]
    assert absent == ["ConvLSTMCell"]


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_family_has_as_many_states_as_its_cell(engine: Any, kind: str) -> None:
    cell = getattr(engine.keras.layers, f"{kind}Cell")(3)
    size = cell.state_size
    count = len(size) if isinstance(size, (list, tuple)) else 1
    assert len(FAMILIES[kind].states) == count
    assert FAMILIES[kind] == FAMILIES[f"{kind}Cell"] == family_of(cell)


@pytest.mark.parametrize("kind", RECURRENT)
def test_a_kernel_has_a_block_for_each_gate(engine: Any, kind: str) -> None:
    layer = getattr(engine.keras.layers, kind)(3)
    layer.build((2, 4, 5))
    blocks = layer.get_weights()[0].shape[1] // 3
    assert blocks == max(1, len(FAMILIES[kind].gates))


def test_h_is_the_output_and_c_the_other_one(engine: Any) -> None:
    layer = engine.keras.layers.LSTM(3, return_state=True)
    out, first, second = layer(np.ones((2, 4, 5), "float32"))
    states = dict(zip(FAMILIES["LSTM"].states, (first, second), strict=True))
    np.testing.assert_array_equal(states["h"], out)
    assert not np.array_equal(states["c"], out)


def test_a_layer_of_a_derived_class_is_of_the_family(engine: Any) -> None:
    class Mine(engine.keras.layers.GRU):  # type: ignore[misc, name-defined]
        pass

    assert family_of(Mine(2)) == FAMILIES["GRU"]
    assert is_a(Mine(2), "GRU")
    assert family_of(engine.keras.layers.Dense(2)) is None


def test_the_states_of_cells_are_named_by_their_cell(engine: Any) -> None:
    K = engine.keras.layers
    stacked = K.StackedRNNCells([K.LSTMCell(2), K.GRUCell(3), K.SimpleRNNCell(4)])
    states, gates = cell_names(stacked)
    assert states == ("cell0/h", "cell0/c", "cell1/h", "cell2/h")
    assert gates == (
        "cell0/i", "cell0/f", "cell0/g", "cell0/o", "cell1/z", "cell1/r", "cell1/g"
    )  # fmt: skip


def test_the_states_of_a_custom_cell_are_numbered() -> None:
    class Cell:
        state_size = (3, 4, 5)

    class Single:
        state_size = 3

    assert cell_names(Cell()) == (("s0", "s1", "s2"), ())
    assert cell_names(Single()) == (("s0",), ())


def nested(engine: Any) -> Any:
    keras = engine.keras
    K = keras.layers
    engine.clear()
    return keras.Sequential(
        [
            keras.Input(batch_shape=(2, 3, 4, 2)),
            K.TimeDistributed(K.LSTM(2), name="td"),
            keras.Sequential(
                [
                    K.Bidirectional(K.GRU(2, return_sequences=True), name="both"),
                    K.Dense(2),
                    keras.Sequential([K.SimpleRNN(2, name="deep")], name="inner"),
                ],
                name="outer",
            ),
        ]
    )


def test_layers_are_found_in_wrappers_and_in_models_in_their_order(engine: Any) -> None:
    found = find_recurrent(nested(engine))
    assert [part.address for part in found] == [
        "td",
        "outer/both/forward",
        "outer/both/backward",
        "outer/inner/deep",
    ]
    assert [part.kind for part in found] == ["LSTM", "GRU", "GRU", "SimpleRNN"]
    assert [part.top.name for part in found] == ["td", "outer", "outer", "outer"]
    assert not any(part.stateful for part in found)


def test_a_layer_that_is_used_twice_is_found_once(engine: Any) -> None:
    keras = engine.keras
    engine.clear()
    shared = keras.layers.GRU(2, name="shared")
    inputs = [keras.Input(batch_shape=(2, 3, 2)) for _ in range(2)]
    model = keras.Model(inputs, [shared(each) for each in inputs])
    assert [part.address for part in find_recurrent(model)] == ["shared"]


def test_a_custom_layer_that_holds_recurrent_ones_is_searched(engine: Any) -> None:
    keras = engine.keras
    engine.clear()

    class Block(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first = keras.layers.GRU(2, return_sequences=True, name="first")
            self.second = keras.layers.LSTM(2, name="second")

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model = keras.Sequential([keras.Input(batch_shape=(2, 3, 2)), Block(name="block")])
    assert [part.address for part in find_recurrent(model)] == ["block/first", "block/second"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("LSTM", "lstm"),
        ("SimpleRNN", "simple_rnn"),
        ("ConvLSTM2D", "conv_lstm2d"),
        ("TimeDistributed", "time_distributed"),
        ("GRUCell", "gru_cell"),
        ("PReLU", "p_re_lu"),
        ("MaxPooling1D", "max_pooling1d"),
    ],
)
def test_a_class_is_named_as_keras_names_it(kind: str, name: str) -> None:
    assert auto_name(kind) == name


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("LSTM", ("LSTM", {})),
        ({"LSTM": {"units": 2}}, ("LSTM", {"units": 2})),
        ({"LSTM": None}, ("LSTM", {})),
        ("lstm", None),
        ({"LSTM": {}, "GRU": {}}, None),
        ({"LSTM": 3}, None),
        ({1: {}}, None),
        ({}, None),
        (3, None),
        ("", None),
    ],
)
def test_an_object_is_written_with_one_key(value: object, read: Any) -> None:
    assert written_object(value) == read


def test_a_layer_whose_inside_cannot_be_known_makes_the_addresses_incomplete() -> None:
    known = static_quantities([("lstm", "LSTM", {"units": 2}), ("dense", "Dense", {"units": 1})])
    assert known.complete
    assert known.states == ("lstm/h", "lstm/c")
    assert known.gates == ("lstm/i", "lstm/f", "lstm/g", "lstm/o")
    custom = static_quantities([("rnn", "RNN", {"cell": {"MyCell": {"units": 2}}})])
    assert not custom.complete
