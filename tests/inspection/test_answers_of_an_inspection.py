"""What `probe inspect` closes with: whether the state is kept, and what was tried and works."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_state_probe.engines import Engine
from lstm_state_probe.inspection.inspect import inspect_model
from lstm_state_probe.inspection.report.answers import INSPECTED, inspected


def told(engine: Engine, *layers: Any) -> dict[str, str]:
    keras = engine.keras
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 3)), *layers])
    return {answer.word: answer.sentence for answer in inspected(inspect_model(engine, model))}


def test_a_stateful_layer_is_told_to_carry_and_how_to_reset_it(engine: Engine) -> None:
    answers = told(engine, engine.keras.layers.LSTM(3, stateful=True, name="lstm"))
    assert answers["keeps"].startswith("lstm carries its state from call to call: the second call")
    assert "ends elsewhere (by " in answers["keeps"]
    by_layer = 'model.get_layer("lstm").reset_state(), before each sequence.'
    by_model = "To start afresh: model.reset_states(), before each sequence."
    expected = {"keras3": by_layer, "tf_keras": by_model}[engine.name]
    assert answers["remedy"].endswith(expected)


def test_the_remedy_that_is_told_brings_the_first_result_back(engine: Engine) -> None:
    keras = engine.keras
    model = keras.Sequential(
        [keras.Input(batch_shape=(2, 5, 3)), keras.layers.GRU(3, stateful=True, name="gru")]
    )
    x = np.ones((2, 5, 3), np.float32)
    first = np.asarray(model(x))
    (remedy,) = [a.sentence for a in inspected(inspect_model(engine, model)) if a.word == "remedy"]
    call = remedy.partition("To start afresh: ")[2].partition(",")[0]
    assert not np.array_equal(first, np.asarray(model(x)))
    eval(call, {"model": model})
    assert np.array_equal(first, np.asarray(model(x)))


def test_a_stateless_layer_keeps_nothing_and_needs_no_remedy(engine: Engine) -> None:
    answers = told(engine, engine.keras.layers.SimpleRNN(3, name="rnn"))
    assert answers["keeps"] == "rnn starts every call anew (zeros): it keeps nothing."
    assert "remedy" not in answers


def test_a_mask_is_told_with_its_maker(engine: Engine) -> None:
    layers = engine.keras.layers
    answers = told(engine, layers.Masking(name="masking"), layers.LSTM(3, name="lstm"))
    assert answers["masked"].startswith("A mask made by masking reaches lstm")


@pytest.mark.parametrize("word", INSPECTED)
def test_every_kind_of_sentence_is_explained(word: str) -> None:
    from lstm_state_probe.explained import explanations

    assert word in {one.word for one in explanations()}
