"""What is written becomes the Keras model that a person would have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe import record
from lstm_state_probe.errors import CouldNotRun, ScenarioError
from lstm_state_probe.layers.families import auto_name
from lstm_state_probe.layers.find import find_recurrent
from lstm_state_probe.layers.static import name_layers, static_quantities
from lstm_state_probe.model import build_model

FRAME = """
model:
{model}
operations: [reset_states]
"""


@pytest.fixture
def built(read: Callable[..., Any], engine: Any) -> Any:
    """Build the model of a text that stands below `model:`."""

    def build(model: str) -> Any:
        engine.clear()
        engine.seed(0)
        indented = "\n".join(f"  {line}" for line in model.strip("\n").splitlines())
        return build_model(read(FRAME.format(model=indented), engine.name), engine)

    yield build
    engine.clear()


def layer_of(built: Callable[[str], Any], written: str, shape: str = "[2, 3, 2]") -> Any:
    """Build a chain of one layer and return that layer."""
    (layer,) = built(f"batch_shape: {shape}\nlayers:\n  - {written}").keras.layers
    return layer


SHAPES = {1: "[2, 3, 4, 1]", 2: "[2, 3, 4, 4, 1]", 3: "[2, 2, 3, 3, 3, 1]"}
ARGUMENTS = {
    "units": 3,
    "activation": "relu",
    "use_bias": False,
    "kernel_initializer": "{Constant: {value: 0.25}}",
    "recurrent_initializer": "zeros",
    "kernel_regularizer": "{L2: {l2: 0.5}}",
    "recurrent_constraint": "{MaxNorm: {max_value: 2}}",
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "return_sequences": True,
    "go_backwards": True,
    "stateful": True,
    "unroll": True,
    "name": "named",
}
OWN = {
    "LSTM": {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False},
    "GRU": {"recurrent_activation": "tanh", "reset_after": False},
    "SimpleRNN": {},
}


def yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@pytest.mark.parametrize("kind", OWN)
def test_every_argument_of_a_recurrent_layer_reaches_keras(built: Any, kind: str) -> None:
    arguments = {**ARGUMENTS, **OWN[kind]}
    written = ", ".join(f"{key}: {yaml(value)}" for key, value in arguments.items())
    layer = layer_of(built, f"{kind}: {{{written}}}")
    config = layer.get_config()

    assert type(layer).__name__ == kind
    for key, value in arguments.items():
        if not isinstance(value, str) or not value.startswith("{"):
            found = config[key]
            found = found["class_name"].lower() if isinstance(found, dict) else found
            assert found == value, key
    assert config["kernel_initializer"]["class_name"] == "Constant"
    assert config["kernel_initializer"]["config"]["value"] == 0.25
    assert config["kernel_regularizer"]["class_name"] == "L2"
    assert config["recurrent_constraint"]["config"]["max_value"] == 2
    np.testing.assert_array_equal(layer.get_weights()[0], 0.25)


@pytest.mark.parametrize("rank", SHAPES)
def test_conv_lstm_of_every_rank_is_built(built: Any, rank: int) -> None:
    layer = layer_of(
        built, f"ConvLSTM{rank}D: {{filters: 2, kernel_size: 2, stateful: true}}", SHAPES[rank]
    )
    assert type(layer).__name__ == f"ConvLSTM{rank}D"
    assert layer.kernel_size == (2,) * rank


@pytest.mark.parametrize(
    ("written", "cells"),
    [
        ("RNN: {cell: {LSTMCell: {units: 2}}}", ["LSTMCell"]),
        ("RNN: {cell: [{LSTMCell: {units: 2}}, {GRUCell: {units: 3}}]}", ["LSTMCell", "GRUCell"]),
        (
            "RNN: {cell: {StackedRNNCells: {cells: [{SimpleRNNCell: {units: 2}}]}}}",
            ["SimpleRNNCell"],
        ),
    ],
)
def test_rnn_takes_a_cell_or_several(built: Any, written: str, cells: list[str]) -> None:
    cell = layer_of(built, written).cell
    assert [type(each).__name__ for each in getattr(cell, "cells", [cell])] == cells


def test_bidirectional_takes_a_backward_layer_of_its_own(built: Any) -> None:
    layer = layer_of(
        built,
        "Bidirectional: {layer: {LSTM: {units: 2}}, merge_mode: sum,"
        " backward_layer: {GRU: {units: 2, go_backwards: true}}}",
    )
    assert type(layer.forward_layer).__name__ == "LSTM"
    assert type(layer.backward_layer).__name__ == "GRU"
    assert layer.merge_mode == "sum"


def test_layers_nest_in_wrappers_and_in_models(built: Any) -> None:
    distributed = layer_of(built, "TimeDistributed: {layer: {GRU: {units: 3}}}", "[2, 4, 3, 2]")
    assert type(distributed.layer).__name__ == "GRU"
    nested = layer_of(
        built,
        "Sequential: {layers: [{LSTM: {units: 2, return_sequences: true}}, {LSTM: {units: 3}}]}",
    )
    assert [type(layer).__name__ for layer in nested.layers] == ["LSTM", "LSTM"]
    assert [layer.name for layer in nested.layers] == ["lstm", "lstm_1"]


SEQUENCE = "units: 2, return_sequences: true"
KINDS = [
    "Dense: {units: 2}",
    f"LSTM: {{{SEQUENCE}}}",
    f"LSTM: {{{SEQUENCE}}}",
    f"GRU: {{{SEQUENCE}}}",
    f"SimpleRNN: {{{SEQUENCE}}}",
    "RNN: {cell: {GRUCell: {units: 2}}, return_sequences: true}",
    f"Bidirectional: {{layer: {{LSTM: {{{SEQUENCE}}}}}}}",
    "BatchNormalization",
    "ReLU",
    "TimeDistributed: {layer: {Dense: {units: 3}}}",
    "Conv1D: {filters: 2, kernel_size: 1}",
    "LayerNormalization",
    "GlobalMaxPooling1D",
    "Flatten",
    "Dense: {units: 1}",
    "Dropout: {rate: 0.5}",
    "Dense: {units: 1}",
]


def test_layers_without_a_name_have_the_names_that_keras_gives(built: Any, engine: Any) -> None:
    layers = built(
        "batch_shape: [2, 3, 2]\nlayers:\n" + "\n".join(f"  - {kind}" for kind in KINDS)
    ).keras.layers
    ours = [layer.name for layer in layers]
    engine.clear()
    theirs = []
    for layer in layers:
        config = {key: value for key, value in layer.get_config().items() if key != "name"}
        theirs.append(type(layer).from_config(config).name)
    assert ours == theirs


def test_a_class_gets_the_name_that_keras_gives_it(engine: Any) -> None:
    engine.clear()
    tried = 0
    for name in dir(engine.keras.layers):
        cls = getattr(engine.keras.layers, name)
        if not isinstance(cls, type) or not issubclass(cls, engine.keras.layers.Layer):
            continue
        if name == "InputLayer":  # tf_keras calls it input_1; a chain's input has no layer here
            continue
        try:
            layer = cls()
        except Exception:  # noqa: BLE001 - it needs arguments, so that it cannot be asked
            continue
        tried += 1
        assert layer.name.rstrip("_0123456789") == auto_name(cls.__name__).rstrip("_0123456789")
    assert tried > 20
    engine.clear()


FOUND = {
    "LSTM: {units: 2}": ["lstm/h", "lstm/c"],
    "GRU: {units: 2}": ["gru/h"],
    "SimpleRNN: {units: 2, name: old}": ["old/h"],
    "RNN: {cell: {LSTMCell: {units: 2}}}": ["rnn/h", "rnn/c"],
    "RNN: {cell: [{LSTMCell: {units: 2}}, {GRUCell: {units: 3}}]}": [
        "rnn/cell0/h", "rnn/cell0/c", "rnn/cell1/h",
    ],
    "Bidirectional: {layer: {LSTM: {units: 2}}}": [
        "bidirectional/forward/h", "bidirectional/forward/c",
        "bidirectional/backward/h", "bidirectional/backward/c",
    ],
    "Sequential: {name: inner, layers: [{GRU: {units: 2}}, {Dense: {units: 1}}]}": ["inner/gru/h"],
    "Sequential: {name: inner, layers: [{Bidirectional: {layer: {GRU: {units: 2}}}}]}": [
        "inner/bidirectional/forward/h", "inner/bidirectional/backward/h",
    ],
}  # fmt: skip


@pytest.mark.parametrize("written", FOUND)
def test_the_addresses_known_from_the_text_are_those_of_the_built_model(
    built: Any, read: Callable[..., Any], engine: Any, written: str
) -> None:
    model = f"batch_shape: [2, 3, 2]\nlayers:\n  - {written}"
    found = find_recurrent(built(model).keras)
    indented = "\n".join(f"  {line}" for line in model.splitlines())
    spec = read(FRAME.format(model=indented), engine.name).spec.model
    static = static_quantities(spec.named_layers())

    assert [address for part in found for address in part.addresses] == FOUND[written]
    assert list(static.states) == FOUND[written]
    assert static.complete


def test_names_count_as_in_a_fresh_session() -> None:
    named = name_layers(["LSTM", {"LSTM": {"name": "mine"}}, "Dense", "LSTM", "ConvLSTM2D"])
    names = [name for name, _, _ in named]
    assert names == ["lstm", "mine", "dense", "lstm_1", "conv_lstm2d"]


def by_hand(keras: Any, kind: str, wrap: bool) -> Any:
    """An encoder and a decoder that starts from its states, as the Keras guide writes it."""
    layers = keras.layers

    def made(**other: Any) -> Any:
        inner = getattr(layers, kind)(2, **other)
        return layers.Bidirectional(inner) if wrap else inner

    source = keras.Input(batch_shape=(2, 3, 2))
    target = keras.Input(batch_shape=(2, 4, 2))
    _, *states = made(return_state=True)(source)
    out = made()(target, initial_state=states)
    return keras.Model([source, target], out)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "bidirectional"])
def test_a_decoder_starts_from_the_states_of_its_encoder(
    built: Any, engine: Any, kind: str, wrap: bool
) -> None:
    def written(name: str, arguments: str) -> str:
        if wrap:
            return f"Bidirectional: {{name: {name}, layer: {{{kind}: {{{arguments}}}}}}}"
        return f"{kind}: {{name: {name}, {arguments}}}"

    model = built(
        f"""
inputs: {{source: {{batch_shape: [2, 3, 2]}}, target: {{batch_shape: [2, 4, 2]}}}}
layers:
  - {written("encoder", "units: 2, return_state: true")}
  - {written("decoder", "units: 2")}
    input: target
    initial_state: encoder"""
    )
    rng = np.random.default_rng(1)
    source = rng.normal(size=(2, 3, 2)).astype("float32")
    target = rng.normal(size=(2, 4, 2)).astype("float32")
    expected = by_hand(engine.keras, kind, wrap)
    expected.set_weights(model.keras.get_weights())
    with record(model.keras) as recording:
        found = model.keras({"source": source, "target": target})
    np.testing.assert_array_equal(found, expected([source, target]))
    told = {
        call.layer: {state.origin.words for state in call.states.values()}
        for call in recording.calls
    }
    assert {layer: words for layer, words in told.items() if "decoder" in layer} == {
        part.address: {"given: encoder"}
        for part in find_recurrent(model.keras)
        if "decoder" in part.address
    }


def test_a_graph_takes_states_from_inputs_joins_layers_and_returns_several(
    built: Any, engine: Any
) -> None:
    model = built(
        """
inputs: {x: {batch_shape: [2, 3, 2]}, h0: {batch_shape: [2, 2]}}
layers:
  - GRU: {name: gru, units: 2}
    input: x
    initial_state: [h0]
  - Dense: {name: dense, units: 2}
  - Add: {name: add}
    input: [gru, dense]
outputs: [add, gru]"""
    ).keras
    x = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    h0 = np.ones((2, 2), "float32")
    both, gru = model({"x": x, "h0": h0})
    layers = {layer.name: layer for layer in model.layers}
    import tensorflow as tf

    expected = layers["gru"](tf.constant(x), initial_state=[tf.constant(h0)])
    np.testing.assert_array_equal(gru, expected)
    np.testing.assert_array_equal(both, expected + layers["dense"](expected))


def test_compile_passes_objects_and_words_to_keras(built: Any) -> None:
    model = built(
        """
batch_shape: [2, 3, 2]
layers: [{GRU: {units: 1}}]
compile:
  optimizer:
    Adam:
      learning_rate: {InverseTimeDecay: {initial_learning_rate: 0.5, decay_steps: 9, decay_rate: 1}}
      clipnorm: 2.0
  loss: {Huber: {delta: 3.0}}
  metrics: [mae, {RootMeanSquaredError: {name: rms}}]
  run_eagerly: true"""
    ).keras
    assert type(model.optimizer).__name__ == "Adam"
    assert model.optimizer.clipnorm == 2.0
    assert float(model.optimizer.learning_rate) == pytest.approx(0.5)
    assert type(model.loss).__name__ == "Huber"
    assert model.run_eagerly
    result = model.test_on_batch(np.zeros((2, 3, 2)), np.zeros((2, 1)), return_dict=True)
    assert set(result) == {"loss", "mae", "rms"}


WRONG = [
    ("LSTMM: {units: 2}", ScenarioError, "did you mean 'LSTM'?", 5),
    ("Dense: {units: 2, bias_initializer: {Konstant: {value: 1}}}", ScenarioError, "onstant'?", 5),
    ("LSTM: {units: -2}", CouldNotRun, "-2", 5),
    ("LSTM: {units: 2, activation: reluu}", CouldNotRun, "reluu", 5),
    ("Reshape: {target_shape: [7]}", CouldNotRun, "building 'reshape'", 5),
    ("GRU: {units: 2, dropout: lots}", CouldNotRun, "lots", 5),
]


@pytest.mark.parametrize(("written", "kind", "says", "line"), WRONG)
def test_what_keras_does_not_know_or_refuses_is_told_with_its_place(
    built: Any, written: str, kind: type[Exception], says: str, line: int
) -> None:
    with pytest.raises(kind) as caught:
        layer_of(built, written)
    assert says in str(caught.value)
    assert str(caught.value).startswith(f"scenario.yaml:{line}:")
    assert caught.value.exit_code == (3 if kind is CouldNotRun else 2)  # type: ignore[attr-defined]
    assert "^" in str(caught.value), "it shows the line and a caret"
    if kind is CouldNotRun:
        assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("compile_", "says"),
    [
        ("optimizer: adamm, loss: mse", "adamm"),
        ("optimizer: {Adam: {learning_rat: 1}}, loss: mse", "learning_rat"),
        ("loss: {Hubber: {delta: 1}}", "did you mean 'Huber'"),
        ("los: mse", "los"),
    ],
)
def test_a_wrong_compile_is_told_with_its_place(built: Any, compile_: str, says: str) -> None:
    with pytest.raises((CouldNotRun, ScenarioError)) as caught:
        built(f"batch_shape: [2, 3]\nlayers: [{{Dense: {{units: 1}}}}]\ncompile: {{{compile_}}}")
    assert says in str(caught.value)
    assert str(caught.value).startswith("scenario.yaml:5:")


def policy(engine: Any) -> str:
    if engine.name == "keras3":
        return str(engine.keras.config.dtype_policy().name)
    return str(engine.keras.mixed_precision.global_policy().name)


def test_a_dtype_policy_holds_while_the_layers_are_made_and_no_longer(
    built: Any, engine: Any
) -> None:
    before = policy(engine)
    half = "batch_shape: [2, 3, 2]\ndtype_policy: mixed_float16\nlayers"
    model = built(f"{half}: [{{LSTM: {{units: 2}}}}]")
    assert model.keras.layers[0].compute_dtype == "float16"
    assert policy(engine) == before
    with pytest.raises(CouldNotRun):
        built(f"{half}: [{{Dense: {{units: -1}}}}]")
    assert policy(engine) == before, "also where building fails"
    with pytest.raises(CouldNotRun, match=r"scenario.yaml:4:\d+: error: the dtype policy 'mixd'"):
        built("batch_shape: [2, 3]\ndtype_policy: mixd\nlayers: [{Dense: {units: 1}}]")
    assert policy(engine) == before


def test_a_model_larger_than_memory_is_refused_before_its_weights_are_made(
    built: Any, engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_state_probe.model.weigh.memory_limit", lambda: 1000)
    original = engine.keras.layers.Layer.add_weight
    made: list[Any] = []

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        made.append(kwargs.get("shape"))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(engine.keras.layers.Layer, "add_weight", counting)
    with pytest.raises(ScenarioError) as caught:
        built("batch_shape: [2, 100]\nlayers: [{Dense: {units: 2}}, {Dense: {units: 99}}]")
    assert "would take 1.6 KiB; this machine has 1000 B of memory" in str(caught.value)
    assert "'dense_1'" in str(caught.value)
    assert len(made) == 2, "the kernel and the bias of the first layer"
    assert engine.keras.layers.Layer.add_weight is counting, "the method is put back"
