"""The mask of a layer is told to be made by the layers that made it, and by no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lstm_state_probe.inspection.mask_makers import makers_of
from lstm_state_probe.layers.find import find_recurrent


def made_by(model: Any) -> Mapping[str, tuple[str, ...]]:
    return {part.address: makers_of(part, model) for part in find_recurrent(model)}


def words(keras: Any, name: str, *, mask: bool = True) -> tuple[Any, Any]:
    """Make an input of words, and look them up."""
    entry = keras.Input((6,), name=f"{name}_in")
    return entry, keras.layers.Embedding(9, 3, mask_zero=mask, name=name)(entry)


def test_each_of_two_layers_has_the_embedding_that_it_follows(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers
    a, masked = words(keras, "a")
    b, other = words(keras, "b")
    first = layers.SimpleRNN(2, return_sequences=True, name="first")(layers.Dropout(0.1)(masked))
    both = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True), name="both")(other)
    end = layers.SimpleRNN(2, name="end")(layers.Concatenate()([first, both]))
    found = made_by(keras.Model([a, b], end))
    assert found == {
        "first": ("a",),
        "both/forward": ("b",),
        "both/backward": ("b",),
        "end": ("a", "b"),
    }


def test_of_two_embeddings_the_one_that_masks_is_told_also_where_both_are_joined(
    engine: Any,
) -> None:
    keras, layers = engine.keras, engine.keras.layers
    a, masked = words(keras, "a")
    b, plain = words(keras, "b", mask=False)
    end = layers.SimpleRNN(2, name="end")(layers.Concatenate()([plain, masked]))
    assert made_by(keras.Model([a, b], end)) == {"end": ("a",)}


@pytest.mark.filterwarnings("ignore:Layer 'inner'")
def test_masks_are_followed_into_a_nested_model_and_out_of_it(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers
    entry = keras.Input((6, 3))
    rnn = layers.SimpleRNN(2, return_sequences=True, name="deep")
    inner = keras.Model(entry, rnn(layers.Dropout(0.1)(entry)), name="inner")
    entry, found = words(keras, "c")
    makes = keras.Model(entry, found, name="makes")
    a, masked = words(keras, "a")
    b = keras.Input((6,))
    outputs = [inner(masked), layers.SimpleRNN(2, name="end")(makes(b))]
    assert made_by(keras.Model([a, b], outputs)) == {"inner/deep": ("a",), "end": ("c",)}


def test_a_mask_that_is_given_is_told_by_the_input_that_gives_it(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers
    x, mask = keras.Input((6, 3), name="x"), keras.Input((6,), dtype="bool", name="given")
    rnn = layers.SimpleRNN(2, name="rnn")(layers.Masking(name="own")(x), mask=mask)
    assert made_by(keras.Model([x, mask], rnn)) == {"rnn": ("given",)}


def test_a_model_without_a_graph_tells_its_only_maker_and_none_of_several(engine: Any) -> None:
    keras, layers = engine.keras, engine.keras.layers

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self, count: int) -> None:
            super().__init__()
            self.tables = [
                layers.Embedding(9, 3, mask_zero=True, name=f"e{k}") for k in range(count)
            ]
            self.rnn = layers.SimpleRNN(2, name="rnn")

    assert made_by(Own(1)) == {"rnn": ("e0",)}
    assert made_by(Own(2)) == {"rnn": ()}
