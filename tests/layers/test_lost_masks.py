"""Masks that are made and lost on the way to a recurrent layer, as the graph of a model tells."""

from __future__ import annotations

from typing import Any

import pytest

from lstm_state_probe.layers.lost_masks import lost_masks


def chain(engine: Any, *layers: Any) -> Any:
    keras = engine.keras
    return keras.Sequential([keras.Input(batch_shape=(2, 4, 3)), *layers])


def test_the_layer_that_destroys_a_mask_and_the_one_that_made_it_are_named(engine: Any) -> None:
    layers = engine.keras.layers
    model = chain(
        engine,
        layers.Masking(name="masking"),
        layers.LSTM(2, name="before", return_sequences=True),
        layers.MaxPooling1D(2, name="pool"),
        layers.Dense(3),
        layers.GRU(2, name="after", return_sequences=True),
        layers.Bidirectional(layers.LSTM(2), name="both"),
    )
    words = "the mask that masking makes is destroyed by pool (MaxPooling1D)"
    addresses = ("after", "both/forward", "both/backward")
    assert lost_masks(model) == dict.fromkeys(addresses, words)


KEPT = {
    "no layer makes one": ("MaxPooling1D", "LSTM"),
    "every layer hands it on": ("Masking", "Dense", "LSTM"),
    "an LSTM uses it and ends it": ("Masking", "LSTM", "RepeatVector", "LSTM"),
    "it is made after the other": ("MaxPooling1D", "Masking", "LSTM"),
}


@pytest.mark.parametrize("what", KEPT)
def test_nothing_is_told_where(engine: Any, what: str) -> None:
    takes_none = ("Masking",)
    layers = engine.keras.layers
    made = [getattr(layers, name)(*(() if name in takes_none else (2,))) for name in KEPT[what]]
    assert lost_masks(chain(engine, *made)) == {}


def test_a_branch_of_a_graph_that_loses_it_is_told_and_the_other_is_not(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers
    x = keras.Input(batch_shape=(2, 4), dtype="int32")
    found = layers.Embedding(9, 3, mask_zero=True, name="words")(x)
    good = layers.LSTM(2, name="good")(found)
    bad = layers.LSTM(2, name="bad")(layers.Conv1D(2, 2, name="conv")(found))
    model = keras.Model(x, layers.Concatenate()([good, bad]))
    words = "the mask that words makes is destroyed by conv (Conv1D)"
    assert lost_masks(model) == {"bad": words}


def test_a_nested_model_that_takes_no_mask_is_told(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers
    inner = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 4, 3)),
            layers.Masking(name="inner"),
            layers.Conv1D(2, 2, name="conv"),
            layers.LSTM(2, name="lstm"),
        ],
        name="nested",
    )
    (words,) = lost_masks(chain(engine, inner)).values()
    assert words == "the mask that inner makes is destroyed by conv (Conv1D)"


def test_a_model_without_a_graph_tells_nothing(engine: Any) -> None:
    class Own(engine.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = engine.keras.layers.LSTM(2)

        def call(self, x: Any) -> Any:
            return self.lstm(x)

    assert lost_masks(Own()) == {}
