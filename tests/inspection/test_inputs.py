"""What a model takes, and generated inputs: Keras itself is the judge of whether they fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import UsageError
from lstm_state_probe.model.takes.inputs import InputSpec, example_inputs, input_specs, structured


def stateful(keras: Any) -> Any:
    layers = [keras.Input(batch_shape=(3, 5, 4)), keras.layers.LSTM(2, stateful=True)]
    return keras.Sequential(layers)


def embedding(keras: Any) -> Any:
    table = keras.layers.Embedding(7, 4, mask_zero=True)
    return keras.Sequential([keras.Input((None,), name="ids"), table, keras.layers.GRU(2)])


def several(keras: Any) -> Any:
    x, h = keras.Input((None, 3), name="x"), keras.Input((4,), name="h")
    ids = keras.Input((None,), name="ids", dtype="int32")
    table = keras.Sequential([keras.layers.Embedding(9, 3)], name="table")
    outputs = [keras.layers.LSTM(4)(x, initial_state=[h, h]), keras.layers.GRU(2)(table(ids))]
    return keras.Model([h, ids, x], outputs)


def mapping(keras: Any) -> Any:
    x, h = keras.Input((None, 3), name="x"), keras.Input((4,), name="h")
    return keras.Model({"x": x, "h": h}, keras.layers.LSTM(4)(x, initial_state=[h, h]))


def film(keras: Any) -> Any:
    frames = keras.Input((None, 7, 6, 1))
    return keras.Model(frames, keras.layers.ConvLSTM2D(2, 3)(frames))


def sentences(keras: Any) -> Any:
    words, layers = keras.Input((3, 6), dtype="int32"), keras.layers
    looked_up = layers.TimeDistributed(layers.Embedding(5, 2))(words)
    return keras.Model(words, layers.TimeDistributed(layers.LSTM(3))(looked_up))


MODELS = [stateful, embedding, several, mapping, film, sentences]


@pytest.mark.parametrize("make", MODELS)
def test_keras_takes_what_is_generated(engine: Engine, make: Any) -> None:
    model = make(engine.keras)
    arrays = example_inputs(model)
    first = model.predict(structured(model, arrays), verbose=0)
    assert all(
        np.isfinite(array).all() for array in (first if isinstance(first, list) else [first])
    )


def test_a_mapping_by_name_is_what_keras_takes_for_several_inputs(engine: Engine) -> None:
    model = several(engine.keras)
    arrays = example_inputs(model)
    by_order = model.predict(structured(model, arrays), verbose=0)
    by_name = model.predict({name: arrays[name] for name in sorted(arrays)}, verbose=0)
    assert list(arrays) == ["h", "ids", "x"]
    for a, b in zip(by_order, by_name, strict=True):
        np.testing.assert_array_equal(a, b)


def test_indices_stay_below_the_size_of_the_table_that_looks_them_up(engine: Engine) -> None:
    for make, high in ((embedding, 7), (several, 9), (sentences, 5)):
        model = make(engine.keras)
        spec = next(s for s in input_specs(model) if s.high is not None)
        many = example_inputs(model, batch=200, timesteps=9)[spec.name]
        assert (many.min(), many.max(), spec.high) == (spec.low, high - 1, high)


def test_padding_is_not_generated_where_zero_is_masked(engine: Engine) -> None:
    assert example_inputs(embedding(engine.keras), batch=500)["ids"].min() == 1


def test_unknown_axes_are_filled_as_asked_and_known_ones_kept(engine: Engine) -> None:
    (frames,) = example_inputs(film(engine.keras), batch=5, timesteps=9).values()
    assert frames.shape == (5, 9, 7, 6, 1)
    (fixed,) = example_inputs(stateful(engine.keras), timesteps=9).values()
    assert fixed.shape == (3, 5, 4)


def test_another_batch_than_the_model_was_built_for_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match=r"built for a batch of 3, not 2: .*\(3, 5, 4\)"):
        example_inputs(stateful(engine.keras), batch=2)


def test_the_numbers_depend_on_the_seed_and_the_name_alone(engine: Engine) -> None:
    one, two = several(engine.keras), mapping(engine.keras)
    for name in ("x", "h"):
        np.testing.assert_array_equal(example_inputs(one)[name], example_inputs(two)[name])
    assert (example_inputs(one, seed=1)["x"] != example_inputs(one)["x"]).all()


def own_model(keras: Any) -> Any:
    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = keras.layers.LSTM(3)

        def call(self, inputs: Any) -> Any:
            return self.lstm(inputs)

    return Own()


def test_a_model_of_a_class_of_ones_own_says_what_it_takes_once_it_was_called(
    engine: Engine,
) -> None:
    model = own_model(engine.keras)
    with pytest.raises(UsageError, match="--input"):
        input_specs(model)
    model(np.zeros((2, 4, 3), np.float32))
    (spec,) = input_specs(model)
    assert spec.shape == (None, 4, 3)
    model.predict(structured(model, example_inputs(model, batch=3)), verbose=0)


def test_a_spec_reads_as_a_sentence() -> None:
    spec = InputSpec("ids", (None, 5), "int32", 7, 1)
    assert str(spec) == "ids: (any, 5) int32, integers 1 to 6"
