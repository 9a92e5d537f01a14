# ruff: noqa: E501 - a case a line
"""What must fit together, told before anything is built."""

from __future__ import annotations

import importlib.util

import pytest
from scenario_strategies import Complain, Read

BASE = {
    "name": "name: a",
    "shape": "[2, 3, 4]",
    "lstm": "LSTM: {name: lstm, units: 4, stateful: true}",
    "dense": "Dense: {units: 1}",
    "compile": "compile: {optimizer: adam, loss: mse}",
    "x": "{normal: {shape: [2, 3, 4]}}",
    "y": "{zeros: {shape: [2, 1]}}",
    "more": "z: [1]",
    "first": "train_on_batch: {x: x, y: y}",
    "about": "label: first",
    "expect": "lstm/h: finite",
    "second": "reload",
}


def _scenario(**changed: str) -> str:
    part = {**BASE, **changed}
    return f"""
{part["name"]}
model:
  batch_shape: {part["shape"]}
  layers:
    - {part["lstm"]}
    - {part["dense"]}
  {part["compile"]}
data:
  x: {part["x"]}
  y: {part["y"]}
  {part["more"]}
operations:
  - {part["first"]}
    {part["about"]}
    expect:
      {part["expect"]}
  - {part["second"]}
"""


def test_the_base_of_these_tests_is_right(read: Read) -> None:
    assert len(read(_scenario())) == 1


WRONG: list[tuple[dict[str, str], str, str]] = [
    # names of arrays
    (
        {"first": "predict: {x: xx, batch_size: 2}"},
        "xx,",
        "no array is named 'xx'; under 'data': x, y, z; did you mean 'x'?",
    ),
    ({"first": "fit: {x: x, y: q, batch_size: 2}"}, "q,", "no array is named 'q'"),
    (
        {"first": "fit: {x: x, validation_data: [x, q], batch_size: 2}"},
        "q]",
        "no array is named 'q'",
    ),
    ({"first": "call: {x: x, mask: q}"}, "q}", "no array is named 'q'"),
    ({"first": "call: {x: [q]}"}, "q]", "no array is named 'q'"),
    ({"first": "call: {x: {a: q}}"}, "q}", "no array is named 'q'"),
    (
        {"second": "repeat: {times: 1, operations: [reload, {call: {x: q}}]}"},
        "q}",
        "no array is named 'q'",
    ),
    # labels and references
    ({"second": "{reload: , label: first}"}, "first}", "the label 'first' stands first in line 14"),
    (
        {"second": "repeat: {times: 1, operations: [{reload: , label: first}]}"},
        "first}",
        "stands first",
    ),
    ({"expect": "lstm/h: {same_as: 'frist: lstm/h'}"}, "'frist", "did you mean 'first'?"),
    (
        {"expect": "lstm/h: {differs_from: 'later: lstm/h'}", "second": "{reload: , label: later}"},
        "'later",
        "no earlier operation has the label 'later'; labels: first",
    ),
    ({"expect": "lstm/h: {same_as: lst/h}"}, "lst/h}", "did you mean 'lstm/h'?"),
    ({"expect": "lstm/h: {same_as: 'a: b: lstm/h'}"}, "'a: b", "is not a selector"),
    ({"expect": "tf_keras: {lstm/h: {same_as: lst/h}}"}, "lst/h}", "did you mean 'lstm/h'?"),
    # selectors
    (
        {"expect": "lst/h: finite"},
        "lst/h",
        "matches no state; known: lstm/h, lstm/c, lstm/i, lstm/f, lstm/g, lstm/o; did you mean 'lstm/h'?",
    ),
    ({"expect": "lstm/x: finite"}, "lstm/x", "matches no state"),
    ({"expect": "gru*: finite"}, "gru*", "matches no state"),
    ({"expect": "lstm: finite"}, "lstm", "expected layer/state, such as lstm/h"),
    ({"expect": "lstm/i@initial: zeros"}, "zeros", "has no @initial value"),
    ({"expect": "lstm/i@held: zeros"}, "zeros", "has no @held value"),
    ({"expect": "lstm/i: changed"}, "changed", "a gate has none"),
    ({"expect": "lstm/i: {origin: zeros}"}, "{origin", "a gate has none"),
    ({"expect": "lstm/z: finite"}, "lstm/z", "matches no state"),
    ({"second": "set_states: {lstm/i: zeros}"}, "lstm/i", "a gate is computed, not held"),
    ({"expect": "lstm/[fi]: finite"}, "lstm/[fi]", "[fi] is not a call"),
    ({"expect": "keras3: {lst/h: finite}"}, "lst/h", "matches no state"),
    ({"lstm": "Flatten", "expect": "lstm/h: finite"}, "lstm/h", "the model has no recurrent layer"),
    ({"second": "set_states: {lst/h: zeros}"}, "lst/h", "matches no state"),
    ({"second": "set_states: {lstm/h@held: zeros}"}, "lstm/h@held", "must be an address"),
    ({"second": "set_states: {result: zeros}"}, "result", "must be an address"),
    # conditions that make no sense
    ({"expect": "lstm/h@initial: changed"}, "changed", "@initial is where it started"),
    ({"expect": "result: unchanged"}, "unchanged", "use differs_from"),
    ({"expect": "result: {origin: zeros}"}, "{origin", "where a call of a layer started"),
    ({"expect": "lstm/h@held: {origin: zeros}"}, "{origin", "where a call of a layer started"),
    # values of states
    (
        {"second": "set_states: {lstm/h: frist}"},
        "frist",
        "nor the label of an earlier operation; known: zeros, x, y, z, first; did you mean 'first'?",
    ),
    (
        {"more": "first: [1]", "second": "set_states: {lstm/h: first}"},
        "first}",
        "is both an array and a label",
    ),
    (
        {"more": "zeros: [1]", "second": "set_states: {lstm/h: zeros}"},
        "zeros}",
        "both the word and an array",
    ),
    # layers
    (
        {"second": "reset_states: {layer: lst}"},
        "lst}",
        "allowed: lstm, dense; did you mean 'lstm'?",
    ),
    (
        {"dense": "Dense: {name: lstm, units: 1}"},
        "lstm, units: 1",
        "a layer is named 'lstm' already",
    ),
    (
        {"dense": "LSTM", "lstm": "LSTM: {name: lstm_1, units: 1}", "expect": "lstm/h: finite"},
        "LSTM",
        "LSTM needs 'units'",
    ),
    ({"dense": "Dense: {name: a/b, units: 1}"}, "a/b", "cannot stand in a selector"),
    ({"dense": "Dense: {name: result, units: 1}"}, "result", "cannot stand in a selector"),
    ({"dense": "Dense: {name: 5, units: 1}"}, "5,", "a name is a text, found 5"),
    ({"dense": "{Dense: {units: 1}, input: lstm}"}, "input", "belongs to a graph"),
    ({"compile": "outputs: lstm"}, "outputs", "'outputs' belongs to a graph"),
    ({"compile": "dtype_policy: float32"}, "train_on_batch", "needs 'compile' in the model"),
    # classes and arguments
    (
        {"first": "train_on_batch: {x: x, y: y, reset_metrics: true}"},
        "reset_metrics",
        "Keras 3 has no argument",
    ),
    ({"dense": "Dens: {units: 1}"}, "Dens", "has no layer 'Dens'; did you mean 'Dense'?"),
    ({"dense": "Dense: {unit: 1}"}, "unit:", "did you mean 'units'?"),
    ({"dense": "Dense"}, "Dense", "Dense needs 'units'"),
    ({"dense": "Input"}, "Input", "Input is not a layer"),
    ({"dense": "TimeDistributed: {layer: {Dens: {units: 1}}}"}, "Dens", "did you mean 'Dense'?"),
    ({"dense": "TimeDistributed: {layer: {Dense: {unit: 1}}}"}, "unit:", "did you mean 'units'?"),
    ({"dense": "RNN: {cell: [{LSTMCel: {units: 1}}]}"}, "LSTMCel", "did you mean 'LSTMCell'?"),
    ({"dense": "Sequential: {layer: []}"}, "layer:", "did you mean 'layers'?"),
    (
        {"lstm": "LSTM: {name: lstm, units: 4, stateful: yes}"},
        "yes}",
        "'yes' is a text in YAML 1.2",
    ),
    (
        {"dense": "Dense: {units: 1, kernel_initializer: {Constnt: {value: 1}}}"},
        "Constnt",
        "did you mean 'Constant'?",
    ),
    (
        {"dense": "Dense: {units: 1, kernel_initializer: {Constant: {valu: 1}}}"},
        "valu",
        "did you mean 'value'?",
    ),
    ({"compile": "compile: {optimizr: adam}"}, "optimizr", "did you mean 'optimizer'?"),
    ({"compile": "compile: {optimizer: {Adm: {}}}"}, "Adm", "did you mean 'Adam'?"),
    (
        {"compile": "compile: {optimizer: {Adam: {learning_rat: 1}}}"},
        "learning_rat",
        "'learning_rate'?",
    ),
    # shapes and batches
    ({"shape": "[null, 3, 4]"}, "null", "batch size must be a number, found null"),
    (
        {"x": "{zeros: {shape: [2, 3, 5]}}"},
        "x, y",
        "has the shape (2, 3, 5), the model's input takes (2, 3, 4)",
    ),
    ({"x": "{zeros: {shape: [2, 3]}}"}, "x, y", "has the shape (2, 3)"),
    ({"x": "{zeros: {shape: []}}"}, "x, y", "has the shape ()"),
    ({"y": "{zeros: {shape: [3, 1]}}"}, "y}", "'y' has 3 samples, x has 2"),
    (
        {"more": "w: [1]", "first": "fit: {x: x, y: y, batch_size: 2, sample_weight: w}"},
        "w}",
        "'w' has 1 samples",
    ),
    (
        {"x": "{zeros: {shape: [3, 3, 4]}}", "y": "[0, 1, 2]"},
        "x, y",
        "was built for batches of 2, but 3 samples make a batch of 3",
    ),
    (
        {"first": "predict: {x: x}", "x": "{zeros: {shape: [4, 3, 4]}}"},
        "x}",
        "4 samples in batches of 32 (Keras's default) make a batch of 4",
    ),
    (
        {"first": "predict: {x: x, batch_size: 2}", "x": "{zeros: {shape: [5, 3, 4]}}"},
        "2}",
        "5 samples in batches of 2 make a batch of 1",
    ),
    (
        {
            "first": "fit: {x: x, batch_size: 2, validation_split: 0.25}",
            "x": "{zeros: {shape: [4, 3, 4]}}",
        },
        "2,",
        "make a batch of 1",
    ),
    (
        {
            "first": "fit: {x: x, batch_size: 2, validation_data: [v, v]}",
            "more": "v: {zeros: {shape: [3, 3, 4]}}",
        },
        "2,",
        "3 samples for validation in batches of 2 make a batch of 1",
    ),
    (
        {"first": "fit: {x: x, batch_size: 2, validation_data: [x, y], validation_batch_size: 1}"},
        "1}",
        "for validation in batches of 1 make a batch of 1",
    ),
    (
        {
            "first": "fit: {x: x, batch_size: 2, validation_data: [v, v]}",
            "more": "v: {zeros: {shape: [2, 3]}}",
        },
        "v, v",
        "has the shape (2, 3)",
    ),
    ({"first": "predict: {x: {a: x}, batch_size: 2}"}, "{a", "the model is a chain with one input"),
    ({"first": "predict: {x: [x, x], batch_size: 2}"}, "[x", "the model has 1 input, found 2"),
]


@pytest.mark.parametrize(("changed", "place", "words"), WRONG, ids=[str(w[0]) for w in WRONG])
def test_what_does_not_fit_is_told_at_its_place(
    complain: Complain, changed: dict[str, str], place: str, words: str
) -> None:
    complaints = complain(_scenario(**changed))
    told = [c for c in complaints if words in c.message]
    assert told, [c.message for c in complaints]
    assert told[0].source[told[0].column - 1 :].startswith(place)


@pytest.mark.parametrize(
    "changed",
    [
        {"x": "{zeros: {shape: [3, 3, 4]}}", "y": "[0, 1, 2]", "about": "raises: batch"},
        {"x": "{zeros: {shape: [3, 3, 4]}}", "y": "[0, 1, 2]", "about": "raises: {keras3: b}"},
        {
            "x": "{zeros: {shape: [3, 3, 4]}}",
            "y": "[0, 1, 2]",
            "about": "allow_partial_batch: true",
        },
        {"x": "{zeros: {shape: [2, 3]}}", "about": "raises: shape"},
        {"compile": "dtype_policy: float32", "about": "raises: compile"},
        {"first": "predict: {x: x}"},
        {"first": "fit: {x: x, steps_per_epoch: 2}", "x": "{zeros: {shape: [3, 3, 4]}}"},
        {
            "first": "fit: {x: x, batch_size: 2, validation_data: [v, v], validation_steps: 1}",
            "more": "v: {zeros: {shape: [3, 3, 4]}}",
        },
        {
            "first": "fit: {x: x, batch_size: 2, validation_split: 0.5}",
            "x": "{zeros: {shape: [4, 3, 4]}}",
        },
        {
            "shape": "[null, 3, 4]",
            "lstm": "LSTM: {name: lstm, units: 4}",
            "x": "{zeros: {shape: [7, 3, 4]}}",
            "y": "{zeros: {shape: [7, 1]}}",
        },
        {"shape": "[2, null, 4]"},
        {"shape": "[2, 3, 4]", "x": "{zeros: {shape: [2, 3, 4, 1]}}"},
        {"shape": "[2, 3, 1]", "x": "{zeros: {shape: [2, 3]}}"},
        {"x": "{file: x.npy}"},
        {"expect": "lstm/h: {same_as: 'first: lstm/c'}"},
        {"expect": '"*": finite'},
        {"second": "set_states: {lstm/*: first}"},
        {"second": "set_states: {lstm/h: x}"},
        {"second": "reset_states: {layer: lstm/forward}"},
        {
            "dense": "RNN: {cell: {MinimalRNNCell: {units: 1}}}",
            "name": "engine: keras3",
            "expect": "lstm/h: finite",
        },
        {"dense": "Dense: {units: 1, kernel_initializer: {Constant: {value: 1}}}"},
        {
            "compile": "compile: {optimizer: {Adam: {learning_rate: {ExponentialDecay: {initial_learning_rate: 1, decay_steps: 1, decay_rate: 1}}}}}"
        },
        {
            "compile": "compile: {loss: [{MeanSquaredError: {}}], metrics: [mae, {MeanSquaredError: {name: m}}]}"
        },
    ],
    ids=str,
)
def test_what_fits_is_read(read: Read, complain: Complain, changed: dict[str, str]) -> None:
    if "MinimalRNNCell" in str(changed):
        assert "has no layer 'MinimalRNNCell'" in complain(_scenario(**changed))[0].message
    else:
        assert len(read(_scenario(**changed))) == 1


@pytest.mark.parametrize("engine", ["", "keras3: "])
@pytest.mark.parametrize("wrong", ["{zeros: 1}", "{eqals: 3}", "zeross", "{between: [3, 1]}"])
def test_a_wrong_condition_hides_no_complaint_about_the_one_beside_it(
    complain: Complain, wrong: str, engine: str
) -> None:
    expect = f"{{lstm/h: {wrong}, lstm/q: zeros}}"
    written = _scenario().replace("expect:\n      lstm/h: finite", f"expect: {expect}")
    if engine:
        written = written.replace(f"expect: {expect}", f"expect: {{{engine}{expect}}}")
    first, second = complain(written)
    assert first.line == second.line
    assert first.column < second.column
    assert "'lstm/q' matches no state" in second.message


def test_an_error_expected_of_the_other_engine_exempts_nothing(complain: Complain) -> None:
    changed = {
        "x": "{zeros: {shape: [3, 3, 4]}}",
        "y": "[0, 1, 2]",
        "about": "raises: {tf_keras: b}",
    }
    (complaint,) = complain(_scenario(**changed))
    assert "was built for batches of 2" in complaint.message


@pytest.mark.parametrize("override", [True, False])
def test_classes_are_those_of_the_engine_that_runs(complain: Complain, *, override: bool) -> None:
    if importlib.util.find_spec("tf_keras") is None:
        pytest.skip("the second engine is not installed")
    text = _scenario(
        name="engine: keras3" if override else "engine: tf_keras",
        dense="Dense: {units: 1, seed: 1}",
        lstm="LSTM: {name: lstm, units: 4, use_cudnn: true, time_major: false}",
    )
    told = [c.message for c in complain(text, engine="tf_keras" if override else None)]
    assert any("LSTM takes no argument 'use_cudnn'" in message for message in told)
    assert not any("time_major" in message.partition(";")[0] for message in told)


GRAPH = """
model:
  inputs:
    tokens: {{batch_shape: [2, 3, 4]}}
    h0: {{batch_shape: [2, 4]}}
  layers:
    - {{LSTM: {{name: encoder, units: 4, return_state: {state}}}, input: {first}}}
    - {{GRU: {{name: decoder, units: 4}}, input: tokens, initial_state: {given}}}
  outputs: {outputs}
data: {{x: {{zeros: {{shape: [2, 3, 4]}}}}, h: {{zeros: {{shape: [2, 4]}}}}}}
operations:
  - predict: {{x: {x}, batch_size: 2}}
"""
RIGHT = {
    "state": "true",
    "first": "tokens",
    "given": "encoder",
    "outputs": "decoder",
    "x": "{tokens: x, h0: h}",
}


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"given": "h0", "state": "false"},
        {"given": "[h0]"},
        {"outputs": "[encoder, decoder]"},
        {"x": "[x, h]"},
        {"first": "[tokens]"},
    ],
    ids=str,
)
def test_a_graph_that_hangs_together_is_read(read: Read, changed: dict[str, str]) -> None:
    assert len(read(GRAPH.format(**RIGHT | changed))) == 1


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"first": "token"}, "token}", "known: tokens, h0; did you mean 'tokens'?"),
        ({"first": "decoder"}, "decoder}", "no input or earlier layer is named 'decoder'"),
        ({"first": "[tokens, x]"}, "x]", "no input or earlier layer is named 'x'"),
        ({"given": "[h0, h1]"}, "h1]", "no input or earlier layer is named 'h1'"),
        ({"state": "false"}, "encoder}", "returns no states; give it return_state: true"),
        ({"outputs": "decode"}, "decode", "known: encoder, decoder; did you mean 'decoder'?"),
        (
            {"outputs": "[decoder, tokens]"},
            "tokens]",
            "no input or earlier layer is named 'tokens'",
        ),
        ({"x": "x"}, "x,", "the model has 2 inputs, found 1; expected tokens: …, h0: …"),
        ({"x": "{tokens: x}"}, "{tokens", "the model's input 'h0' is not given"),
        (
            {"x": "{tokens: x, h1: h}"},
            "h1",
            "the model has no input 'h1'; allowed: tokens, h0",
        ),
        ({"x": "{tokens: h, h0: h}"}, "h, h0", "has the shape (2, 4)"),
        ({"x": "[h, h]"}, "h, h", "has the shape (2, 4)"),
    ],
    ids=str,
)
def test_a_reference_to_nothing_is_refused(
    complain: Complain, changed: dict[str, str], place: str, words: str
) -> None:
    told = [c for c in complain(GRAPH.format(**RIGHT | changed)) if words in c.message]
    assert told
    assert told[0].source[told[0].column - 1 :].startswith(place)


def test_a_layer_named_like_an_input_is_refused(complain: Complain) -> None:
    (complaint,) = complain(
        GRAPH.format(**RIGHT | {"given": "h0"}).replace("decoder", "tokens", 1)
    )[:1]
    assert "an input is named 'tokens' already" in complaint.message


@pytest.mark.parametrize(
    ("layer", "addresses"),
    [
        ("{GRU: {units: 1}}", ["gru/h"]),
        ("{SimpleRNN: {units: 1, name: s}}", ["s/h"]),
        (
            "{Bidirectional: {layer: {LSTM: {units: 1}}}}",
            ["bidirectional/forward/c", "bidirectional/backward/h"],
        ),
        (
            "{Bidirectional: {layer: {LSTM: {units: 1}}, backward_layer: {GRU: {units: 1}}}}",
            ["bidirectional/backward/h"],
        ),
        ("{RNN: {cell: {LSTMCell: {units: 1}}}}", ["rnn/c"]),
        (
            "{RNN: {cell: [{LSTMCell: {units: 1}}, {GRUCell: {units: 1}}]}}",
            ["rnn/cell0/c", "rnn/cell1/h"],
        ),
        ("{RNN: {cell: {StackedRNNCells: {cells: [{GRUCell: {units: 1}}]}}}}", ["rnn/cell0/h"]),
        ("{TimeDistributed: {layer: {GRU: {units: 1}}}}", ["time_distributed/h"]),
        (
            "{Sequential: {layers: [{GRU: {units: 1}}, {GRU: {units: 1}}]}}",
            ["sequential/gru/h", "sequential/gru_1/h"],
        ),
        ("{ConvLSTM2D: {filters: 1, kernel_size: 1}}", ["conv_lstm2d/c"]),
    ],
)
def test_addresses_are_known_from_what_is_written(
    read: Read, complain: Complain, layer: str, addresses: list[str]
) -> None:
    text = f"model: {{batch_shape: [1, 2, 3, 4, 5], layers: [{layer}]}}\noperations: [{{reload: , expect: {{{{}}: finite}}}}]"
    for address in addresses:
        assert len(read(text.replace("{}", address))) == 1
        assert "matches no state" in complain(text.replace("{}", f"{address}x"))[0].message
