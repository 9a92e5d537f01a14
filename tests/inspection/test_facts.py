"""The facts of an inspection, compared with Keras's own objects and with what it does by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import UsageError
from lstm_state_probe.inspection.data import Inspection, LayerInspection
from lstm_state_probe.inspection.inspect import inspect_model
from lstm_state_probe.inspection.kernel import leaving
from lstm_state_probe.inspection.mask import hidden

ON = {"stateful": True}
SEQUENCE = {"return_sequences": True}


def chain(
    keras: Any, *layers: Any, shape: tuple[int | None, ...] = (2, 5, 3), name: str | None = None
) -> Any:
    return keras.Sequential([keras.Input(batch_shape=shape), *layers], name=name)


def zoo(keras: Any) -> Any:
    """Every place where a recurrent layer can be: alone, wrapped, nested, with stacked cells."""
    K = keras.layers
    inner = chain(keras, K.GRU(3, name="gru", **ON, **SEQUENCE), name="inner")
    x, slices = keras.Input(batch_shape=(2, 5, 3)), keras.Input(batch_shape=(2, 4, 5, 3))
    nested = inner(x)
    both = K.Bidirectional(K.SimpleRNN(2, name="s", **SEQUENCE), name="both")(nested)
    rnn = K.RNN([K.LSTMCell(3), K.GRUCell(2)], name="rnn", **ON)(both)
    inside = K.TimeDistributed(K.LSTM(2, name="lstm", **ON), name="slices")(slices)
    return keras.Model([x, slices], [rnn, inside])


def by_address(found: Inspection) -> Mapping[str, LayerInspection]:
    return {layer.address: layer for layer in found.layers}


@pytest.fixture(scope="module")
def seen(engine: Engine) -> tuple[Any, Mapping[str, LayerInspection]]:
    model = zoo(engine.keras)
    return model, by_address(inspect_model(engine, model))


def test_layers_are_found_wherever_they_are(seen: Any) -> None:
    assert set(seen[1]) == {"inner/gru", "both/forward", "both/backward", "rnn", "slices"}
    assert [seen[1]["both/forward"].backwards, seen[1]["both/backward"].backwards] == [False, True]
    assert seen[1]["rnn"].kind == "RNN(LSTMCell, GRUCell)"
    assert seen[1]["rnn"].units == (3, 2)
    assert seen[1]["slices"].inside == "TimeDistributed 'slices'"


def test_shapes_and_dtypes_are_those_of_the_variables(seen: Any) -> None:
    import tensorflow as tf

    model, layers = seen
    own = {"inner/gru": model.get_layer("inner").get_layer("gru"), "rnn": model.get_layer("rnn")}
    for address, layer in own.items():
        told = layers[address]
        variables = tf.nest.flatten(layer.states)
        assert [state.shape for state in told.states] == [tuple(v.shape) for v in variables]
        assert told.batch == variables[0].shape[0]
        assert (told.stateful, told.return_sequences) == (True, layer.return_sequences)


def test_the_second_call_starts_where_the_first_ended_if_the_layer_is_stateful(seen: Any) -> None:
    for layer in seen[1].values():
        first, second = layer.calls
        for state in layer.states:
            start, end = second.states[state.name], first.states[state.name]
            same = start.initial.tobytes() == end.final.tobytes()
            assert start.carried is same is layer.stateful, (layer.address, state.name)
            assert start.origin.word == ("carried" if layer.stateful else "zeros")
            largest = np.abs(end.final - end.initial).max()
            assert end.change == pytest.approx(largest)


def test_resets_are_those_that_plain_keras_does(engine: Engine, seen: Any) -> None:
    """What an inspection says is compared with calls by hand on a model of the same kind."""
    import tensorflow as tf

    model = zoo(engine.keras)
    by_hand = {
        "inner/gru": model.get_layer("inner").get_layer("gru"),
        "rnn": model.get_layer("rnn"),
        "slices": model.get_layer("slices").layer,
    }

    def zeroed(reset: Callable[[], Any], layer: Any) -> bool:
        for variable in tf.nest.flatten(layer.states):
            variable.assign(np.ones(variable.shape))
        try:
            reset()
        except AttributeError:
            return False
        return not any(variable.numpy().any() for variable in tf.nest.flatten(layer.states))

    for address, layer in by_hand.items():
        told = seen[1][address].reset
        assert told.works is zeroed(layer.reset_states, layer), address
        assert set(told.methods) == {
            n for n in ("reset_state", "reset_states") if hasattr(layer, n)
        }
        if hasattr(model, "reset_states"):
            assert told.by_model is zeroed(model.reset_states, layer), address
        else:
            assert told.by_model is None
    assert seen[1]["both/forward"].reset.works is None


def test_the_known_holes_of_the_resets_are_told(engine: Engine, seen: Any) -> None:
    rnn, slices = seen[1]["rnn"].reset, seen[1]["slices"].reset
    if engine.name == "keras3":
        assert "raises AttributeError" in rnn.why
        assert "has no reset" in slices.model_why
    else:
        assert rnn.works
        assert slices.by_model is False


ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"activation": "relu"},
    {"recurrent_activation": "hard_sigmoid"},
    {"recurrent_dropout": 0.2},
    {"dropout": 0.2},
    {"unroll": True},
    {"use_bias": False},
    {"go_backwards": True, "stateful": True},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_the_arguments_that_leave_cudnn_are_those_of_keras(
    engine: Engine, kind: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = getattr(engine.keras.layers, kind)(2, **arguments)
    told = [reason.split("=")[0] for reason in leaving(engine, layer)]
    assert not told or told == list(arguments)
    if engine.name == "tf_keras":
        assert bool(layer._could_use_gpu_kernel) is (not told)
        return
    rnn = import_module("keras.src.backend.tensorflow.rnn")

    monkeypatch.setattr(rnn, "_is_gpu_available", lambda: True)
    after = {"reset_after": layer.cell.reset_after} if kind == "GRU" else {}
    parts = (layer.activation, layer.recurrent_activation, layer.unroll, layer.use_bias)
    supported = rnn.cudnn_ok(*parts, **after) and not layer.recurrent_dropout
    assert bool(supported) is (not told)


def test_other_reasons_to_leave_cudnn(engine: Engine) -> None:
    K = engine.keras.layers
    assert list(leaving(engine, K.GRU(2, reset_after=False))) == ["reset_after=False"]
    assert "no cuDNN kernel" in next(leaving(engine, K.SimpleRNN(2)))
    assert "no cuDNN kernel" in next(leaving(engine, K.RNN(K.LSTMCell(2))))
    if engine.name == "keras3":
        assert list(leaving(engine, K.LSTM(2, use_cudnn=False))) == ["use_cudnn=False"]


@pytest.mark.parametrize(
    ("kind", "arguments"), [("LSTM", {}), ("GRU", {}), ("GRU", {"activation": "relu"})]
)
def test_what_runs_here_is_what_keras_calls(
    engine: Engine, kind: str, arguments: dict[str, Any]
) -> None:
    """The cell is called by the loop alone; tf_keras's fused function goes past it."""
    layer = getattr(engine.keras.layers, kind)(2, **arguments)
    model = chain(engine.keras, layer)
    (told,) = inspect_model(engine, model).layers
    seen: list[int] = []
    call = layer.cell.call

    def counted(*args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        return call(*args, **kwargs)

    object.__setattr__(layer.cell, "call", counted)
    model(np.zeros((2, 5, 3), np.float32))
    assert ("cell" in told.kernel.here) is bool(seen), told.kernel.here


@pytest.mark.parametrize(
    ("mask", "hides"),
    [
        ([[1, 1, 1], [1, 1, 1]], "nothing"),
        ([[1, 1, 0], [1, 0, 0]], "the end"),
        ([[1, 1, 1], [0, 0, 0]], "a whole row"),
        ([[0, 1, 1], [1, 1, 1]], "other timesteps"),
        ([[1, 0, 1], [1, 1, 1]], "other timesteps"),
    ],
)
def test_what_a_mask_hides_agrees_with_the_check_of_keras(mask: Any, hides: str) -> None:
    rnn = import_module("keras.src.backend.tensorflow.rnn")

    array = np.array(mask, bool)
    assert hidden(array) == hides
    takes = rnn._is_sequence_right_padded(array) and not rnn._has_fully_masked_sequence(array)
    assert bool(takes) is (hides in ("nothing", "the end"))


def test_masks_are_told_with_who_makes_them_and_whether_cudnn_would_take_them(
    engine: Engine,
) -> None:
    K = engine.keras.layers
    layers = [K.Embedding(9, 3, mask_zero=True, name="words"), K.LSTM(2), K.Dense(1)]
    model = chain(engine.keras, *layers, shape=(None, 4))
    (alone,) = inspect_model(engine, model).layers
    left = np.array([[0, 0, 1, 2], [1, 2, 3, 4]])
    (padded,) = inspect_model(engine, model, inputs=left).layers
    assert (alone.mask.received, alone.mask.hides, alone.kernel.refused) == (True, "nothing", False)
    assert (padded.mask.made_by, padded.mask.hides) == (("words",), "other timesteps")
    assert padded.kernel.refused is True
    plain = chain(engine.keras, K.LSTM(2))
    assert inspect_model(engine, plain).layers[0].mask.received is False


def own_cell(keras: Any, start: Callable[[Any, Any], Any]) -> Any:
    class Cell(keras.layers.SimpleRNNCell):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            super().build(shape)
            self.h0 = self.add_weight(shape=(2,), initializer="ones", name="h0")

        def get_initial_state(self, *args: Any, **kwargs: Any) -> Any:
            batch = kwargs["batch_size"] if "batch_size" in kwargs else args[0]
            return [start(self, batch)]

    return keras.layers.RNN(Cell(2), name="rnn")


def test_origins_are_worked_out_by_the_calls(engine: Engine) -> None:
    import tensorflow as tf

    starts = {
        "learned": lambda cell, batch: tf.zeros((batch, 2)) + tf.convert_to_tensor(cell.h0),
        "random": lambda cell, batch: tf.random.normal((batch, 2)),
        "custom": lambda cell, batch: tf.fill((batch, 2), 0.5),
        "zeros": lambda cell, batch: tf.zeros((batch, 2)),
    }
    for word, start in starts.items():
        model = chain(engine.keras, own_cell(engine.keras, start))
        (layer,) = inspect_model(engine, model).layers
        origin = layer.origin(layer.states[0].name)
        assert origin is not None
        assert origin.word == word


def test_given_states_are_told_with_who_gives_them(engine: Engine) -> None:
    keras, K = engine.keras, engine.keras.layers
    x, y = keras.Input((5, 3), name="x"), keras.Input((4, 3), name="y")
    _, h, c = K.LSTM(2, return_state=True, name="encoder")(x)
    model = keras.Model([x, y], K.LSTM(2, name="decoder")(y, initial_state=[h, c]))
    layers = by_address(inspect_model(engine, model))
    assert {o.words for o in map(layers["decoder"].origin, "hc") if o} == {"given: encoder"}
    assert {o.word for o in map(layers["encoder"].origin, "hc") if o} == {"zeros"}


def test_mixed_precision_tells_both_dtypes(engine: Engine) -> None:
    K = engine.keras.layers
    model = chain(engine.keras, K.GRU(2, dtype="mixed_bfloat16", **ON))
    (state,) = inspect_model(engine, model).layers[0].states
    assert (state.dtype, state.stored) == ("bfloat16", "float32")


def test_a_model_without_recurrent_layers_is_refused_with_what_it_has(engine: Engine) -> None:
    with pytest.raises(UsageError, match="has no recurrent layers: its layers are Dense"):
        inspect_model(engine, chain(engine.keras, engine.keras.layers.Dense(1)))


def test_a_model_that_is_not_built_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="is not built"):
        inspect_model(engine, engine.keras.Sequential([engine.keras.layers.LSTM(2)]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((2, 4, 3)), r"shape \(2, 4, 3\); the model takes .*\(2, 5, 3\) float32"),
        (np.zeros((3, 5, 3)), r"shape \(3, 5, 3\)"),
        (np.zeros((2, 5)), r"shape \(2, 5\)"),
        (np.array([["a"]]), "the input for"),
        ({"z": np.zeros((2, 5, 3))}, "takes no input 'z'; it takes .*float32"),
    ],
)
def test_an_input_that_does_not_fit_is_told_with_what_does(
    engine: Engine, given: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        inspect_model(engine, chain(engine.keras, engine.keras.layers.LSTM(2)), inputs=given)


def test_an_index_that_no_table_knows_is_refused(engine: Engine) -> None:
    K = engine.keras.layers
    model = chain(engine.keras, K.Embedding(9, 3), K.LSTM(2), shape=(None, 4))
    with pytest.raises(UsageError, match="holds 9; what looks it up knows the integers 0 to 8"):
        inspect_model(engine, model, inputs=np.full((2, 4), 9))
