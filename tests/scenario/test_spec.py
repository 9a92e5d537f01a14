"""What may be written, and the words of the refusal where something else is."""

# ruff: noqa: E501 - a case a line
from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scenario_strategies import SHIPPED, Complain, Read

from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.written.conditions import ENTRIES, ORIGINS, WORDS, Condition
from lstm_state_probe.scenario.written.data import WAYS
from lstm_state_probe.scenario.written.operations import OPERATIONS

HEAD = """
model:
  batch_shape: [2, 3, 4]
  layers: [{LSTM: {name: lstm, units: 4, stateful: true}}, {Dense: {units: 1}}]
  compile: {optimizer: adam, loss: mse}
data:
  x: {normal: {shape: [2, 3, 4]}}
  y: [[0], [1]]
  m: {ones: {shape: [2, 3], dtype: bool}}
  w: [1, 1]
"""
OPERATIONS_WRITTEN = {
    "call": "{x: x, training: true, mask: m}",
    "predict": "{x: x, batch_size: 2, verbose: auto, steps: null, callbacks: []}",
    "predict_on_batch": "{x: [x]}",
    "train_on_batch": "{x: x, y: y, sample_weight: w, class_weight: {0: 1.0, 1: 2}}",
    "test_on_batch": "{x: x, y: y, return_dict: true}",
    "fit": "{x: x, y: y, epochs: 2, batch_size: 2, shuffle: batch, verbose: 2, validation_data: [x, y, w],"
    " validation_freq: [1, 2], initial_epoch: 0, callbacks: [{EarlyStopping: {monitor: loss}}]}",
    "evaluate": "{x: x, y: y, sample_weight: w, batch_size: 2}",
    "reset_states": "{layer: lstm}",
    "set_states": "{lstm/h: zeros, lstm/c: [[0, 0, 0, 0], [1, 1, 1, 1.5]]}",
    "reload": "{format: h5}",
    "inner_output": "{layer: lstm, x: x}",
    "repeat": "{times: 2, operations: [reset_states, {repeat: {times: 1, operations: [reload]}}]}",
}
GENERATORS_WRITTEN = {
    "normal": "{shape: [2, 3], mean: 1, stddev: 0.5, dtype: float16}",
    "uniform": "{shape: [2], low: -1, high: 1e-3}",
    "integers": "{shape: [], high: 9, low: -9, dtype: int8}",
    "arange": "{shape: [2, 2], start: 1, step: 0.5}",
    "constant": "{shape: [1], value: .nan}",
    "zeros": "{shape: [0]}",
    "ones": "{shape: [3], dtype: bool}",
    "file": "x.npy",
    "values": "[[1, 2], [true, 3.5]]",
    "derived": "{of: x, samples: [1, 1], timesteps: {start: 0, stop: 2}, padding: 2, value: -1}",
}
AT_ALL = ("alive", "unsaturated")
"""Conditions that look at every timestep of a call."""
CONDITIONS_WRITTEN = {
    **dict.fromkeys(WORDS, "true"),
    "equals": "[[1, 2]]",
    "same_as": "lstm/c",
    "differs_from": "'first: lstm/h'",
    "between": "[-1, .inf]",
    "max_abs": "5",
    "shape": "[2, 4]",
    "dtype": "float32",
    "origin": "zeros",
}


def _operation(text: str) -> str:
    return f"{HEAD}operations:\n  - reset_states:\n    label: first\n{text}"


def test_the_tables_of_this_test_are_complete() -> None:
    assert set(OPERATIONS_WRITTEN) == set(OPERATIONS)
    assert set(GENERATORS_WRITTEN) == set(WAYS)
    assert set(CONDITIONS_WRITTEN) == set(ENTRIES)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_read(read: Read, name: str) -> None:
    (scenario,) = read(_operation(f"  - {name}: {OPERATIONS_WRITTEN[name]}"))
    assert scenario.spec.operations[1].name == name
    assert scenario.spec.operations[1].arguments is not None


@pytest.mark.parametrize("name", ["reset_states", "reload"])
@pytest.mark.parametrize("form", ["{0}", "{0}:", "{0}: {{}}"])
def test_an_operation_without_arguments_may_be_a_word(read: Read, name: str, form: str) -> None:
    (scenario,) = read(_operation("  - " + form.format(name)))
    assert scenario.spec.operations[1].name == name


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_make_an_array_is_read(read: Read, way: str) -> None:
    (scenario,) = read(f"{HEAD}  a: {{{way}: {GENERATORS_WRITTEN[way]}}}\noperations: [reload]")
    assert scenario.spec.data["a"].way == way


def test_a_list_is_an_array(read: Read) -> None:
    (scenario,) = read(f"{HEAD}  a: [[1, 2, 3], [4, 5, 6]]\noperations: [reload]")
    assert scenario.spec.data["a"].static_shape() == [2, 3]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_condition_is_read(read: Read, entry: str) -> None:
    selector = "lstm/h@all" if entry in AT_ALL else "lstm/h"
    written = f"      {selector}: {{{entry}: {CONDITIONS_WRITTEN[entry]}}}"
    (scenario,) = read(_operation(f"  - predict: {{x: x, batch_size: 2}}\n    expect:\n{written}"))
    ((_, _, condition),) = scenario.spec.operations[1].expect.all()  # type: ignore[union-attr]
    assert list(condition.entries) == [entry]


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_origin_is_read(origin: str) -> None:
    assert Condition.model_validate({"origin": origin}).origin == origin


@pytest.mark.parametrize("short", [*WORDS, "0", "-1.5", "[[1, 2]]"])
def test_a_condition_may_be_a_word_or_numbers(read: Read, short: str) -> None:
    wanted = "lstm/h@all" if short in AT_ALL else "lstm/h"
    (scenario,) = read(
        _operation(f"  - predict_on_batch: {{x: x}}\n    expect: {{{wanted}: {short}}}")
    )
    ((path, selector, condition),) = scenario.spec.operations[1].expect.all()  # type: ignore[union-attr]
    assert (path, selector) == ((wanted,), wanted)
    assert list(condition.entries) == [short if short in WORDS else "equals"]


def test_a_condition_is_shown_as_it_can_be_written() -> None:
    condition = Condition.model_validate({"zeros": True, "equals": [1], "atol": 0.5})
    assert str(condition) == "zeros, equals: [1], atol: 0.5"


def test_expectations_may_hold_on_one_engine(read: Read) -> None:
    (scenario,) = read(
        _operation(
            """\
  - predict_on_batch: {x: x}
    expect:
      lstm/h: nonzero
      keras3: {lstm/c: nonzero}
      tf_keras: {lstm/c: finite}
    raises: {tf_keras: "Error"}
"""
        )
    )
    operation = scenario.spec.operations[1]
    assert operation.expect is not None
    assert [path for path, _, _ in operation.expect.on("keras3")] == [
        ("lstm/h",),
        ("keras3", "lstm/c"),
    ]
    assert [path[0] for path, _, _ in operation.expect.on("tf_keras")] == ["lstm/h", "tf_keras"]
    assert operation.raises is not None
    assert (operation.raises.on("keras3"), operation.raises.on("tf_keras")) == (None, "Error")


def test_no_error_at_all_may_be_expected(read: Read) -> None:
    (scenario,) = read(_operation("  - reload:\n    raises: {keras3: false, tf_keras: Error}"))
    raises = scenario.spec.operations[1].raises
    assert raises is not None
    assert (raises.on("keras3"), raises.forbidden_on("keras3")) == (None, True)
    assert (raises.on("tf_keras"), raises.forbidden_on("tf_keras")) == ("Error", False)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("a: {derived: {of: b, padding: 1}}", "no array is named 'b'; under 'data': x, y, m, w, a"),
        ("a: {derived: {of: a, padding: 1}}", "'a' would be made of itself"),
        (
            "a: {derived: {of: b, padding: 1}}\n  b: {derived: {of: a, padding: 1}}",
            "'a' would be made of itself",
        ),
        ("a: {derived: {of: x}}", "nothing is derived here; allowed: samples, timesteps, padding"),
        ("a: {derived: {of: x, samples: [0, 2]}}", "'x' has 2 samples, counted from 0; found 2"),
        ("a: {derived: {of: w, padding: 1}}", "'w' has no second axis of timesteps"),
        ("a: {derived: {of: x, padding: 0}}", "at least 1"),
        ("a: {derived: {of: x, padding: 1000000000000}}", "this machine has"),
    ],
)
def test_what_cannot_be_derived_is_told(complain: Complain, written: str, message: str) -> None:
    complaints = complain(f"{HEAD}  {written}\noperations: [reload]")
    assert any(message in c.message for c in complaints), [c.message for c in complaints]


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("lstm/h: alive", "look at every timestep (@all)"),
        ("lstm/f@0: unsaturated", "look at every timestep (@all)"),
        ("lstm/f@all: alive", "told of a state"),
        ("result: bounded", "looks along the calls"),
        ("lstm/h@initial: bounded", "looks along the calls"),
        ("result: {zeros: true, samples: [-1]}", "at least 0"),
        ("result: {samples: [1]}", "must not be empty"),
    ],
)
def test_a_word_that_looks_along_time_goes_with_what_has_time(
    complain: Complain, expected: str, message: str
) -> None:
    text = _operation(f"  - predict_on_batch: {{x: x}}\n    expect: {{{expected}}}")
    complaints = complain(text)
    assert any(message in c.message for c in complaints), [c.message for c in complaints]


def test_the_name_is_the_file_s_stem_unless_given(read: Read) -> None:
    document = f"{HEAD}operations: [reload]\n"
    found = read(f"{document}---\n{document}---\nname: third\n{document}")
    assert [scenario.name for scenario in found] == ["scenario", "scenario 2", "third"]
    assert found[2].id.endswith("scenario.yaml::third")


def test_two_scenarios_of_a_file_have_two_names(complain: Complain) -> None:
    document = f"name: a\n{HEAD}operations: [reload]\n"
    (complaint,) = complain(f"{document}---\n{document}")
    assert "two scenarios are named 'a'" in complaint.message


def test_yaml_words_are_texts(read: Read) -> None:
    (scenario,) = read(f"{HEAD}  on: [1]\noperations:\n- reload:\n  label: yes\ntags: [no, off]")
    assert "on" in scenario.spec.data
    assert scenario.spec.operations[0].label == "yes"
    assert scenario.spec.tags == ["no", "off"]


WRONG: list[tuple[str, str, str]] = [
    # what stands where, the place, the complaint
    ("engine: keras", "keras", "found 'keras'; allowed: keras3, tf_keras; did you mean 'keras3'?"),
    ("seed: -1", "-1", "expected at least 0, found -1"),
    ("seed: 4294967296", "4294967296", "expected less than 4294967296"),
    ("seed: 1.5", "1.5", "expected a whole number, found 1.5"),
    ("seed: true", "true", "expected a whole number, found true"),
    ("seed: 'a'", "'a'", "expected a whole number, found 'a'"),
    ("name: 5", "5", "expected a text, found 5; put quotes around it"),
    ("name: ' '", "' '", "it must not be blank"),
    ("description:", "", "'description' has nothing after it"),
    ("tags: lstm", "lstm", "expected a list, found 'lstm'"),
    ("tags: [a, 1]", "1]", "expected a text, found 1"),
    ("opertions: []", "opertions", "did you mean 'operations'?"),
    ("5: a", "5: a", "a key must be a name, found 5"),
    ("custom_objects: [a.txt]", "a.txt", "a Python file that ends in .py, found 'a.txt'"),
    ("custom_objects: []", "[]", "at least 1 entry"),
    ("custom_objects: a.py", "a.py", "expected a list, found 'a.py'"),
    ("data: {a: normal}", "normal", "expected a generator, a file, or a nested list"),
    ("data: {a: {norml: {}}}", "norml", "did you mean 'normal'?"),
    ("data: {a: {normal: {shap: [1]}}}", "shap", "did you mean 'shape'?"),
    ("data: {a: {normal: {}}}", "normal", "data.a.normal needs 'shape'"),
    ("data: {a: {normal: }}", "}", "'normal' has nothing after it"),
    ("data: {a: {zeros: {shape: 5}}}", "5}", "expected a list, found 5"),
    ("data: {a: {zeros: {shape: [-1]}}}", "-1", "expected at least 0, found -1"),
    ("data: {a: {zeros: {shape: [null]}}}", "null", "expected a whole number, found nothing"),
    ("data: {a: {zeros: {shape: [1.0]}}}", "1.0", "expected a whole number, found 1.0"),
    ("data: {a: {zeros: {shape: [1], dtype: float31}}}", "float31", "did you mean 'float32'?"),
    ("data: {a: {normal: {shape: [1], mean: .nan}}}", ".nan", "expected a finite number"),
    ("data: {a: {normal: {shape: [1], stddev: -1}}}", "-1", "expected at least 0"),
    ("data: {a: {uniform: {shape: [1], low: 2}}}", "{shape", "low must not exceed high"),
    ("data: {a: {uniform: {shape: [1], low: -1e308, high: 1e308}}}", "{shape", "further apart"),
    ("data: {a: {integers: {shape: [1], high: 0}}}", "{shape", "low must be less than high"),
    ("data: {a: {integers: {shape: [1], high: 300, dtype: uint8}}}", "{shape", "allowed: 0 to 255"),
    ("data: {a: {integers: {shape: [1], high: 18446744073709551615}}}", "{shape", "does not fit"),
    ("data: {a: {arange: {shape: [300], dtype: int8}}}", "{shape", "299.0 does not fit into int8"),
    ("data: {a: {constant: {shape: [1], value: x}}}", "x}", "expected a number, true or false"),
    ("data: {a: {constant: {shape: [1], value: 70000, dtype: float16}}}", "{shape", "does not fit"),
    ("data: {a: {constant: {shape: [1], value: .inf, dtype: int8}}}", "{shape", "int8 has no .inf"),
    ("data: {a: {zeros: {shape: [1]}, file: x.npy}}", "{zeros", "found zeros and file"),
    ("data: {a: {file: x.npy, key: k}}", "{file", "'key' goes with a 'file' that ends in .npz"),
    ("data: {a: {key: k}}", "{key", "exactly one way, found none"),
    ("data: {a: [[1, 2], [3]]}", "[[1", "ragged: rows of shapes (2,) and (1,)"),
    ("data: {a: [1, b]}", "[1, b]", "expected numbers, found 'b'"),
    ("data: {a: [1, null]}", "[1, null]", "expected numbers, found nothing"),
    ("data: {a b: [1]}", "a b", "'a b' is not a name"),
    ("data: {1: [1]}", "1:", "a key must be a name, found 1"),
    ("data: [1]", "[1]", "expected a mapping, found a list"),
    ("data:", "", "'data' has nothing after it"),
    ("operations: reload", "reload", "expected a list, found 'reload'"),
    ("operations: []", "[]", "expected at least 1 entry, found none"),
    ("operations: [relod]", "relod", "did you mean 'reload'?"),
    ("operations: [5]", "5", "expected an operation, found 5"),
    ("operations: [[]]", "[]", "expected an operation, found an empty list"),
    ("operations: [{}]", "{}", "exactly one operation, found none"),
    ("operations: [{reload: , reset_states: }]", "{reload", "found reset_states and reload"),
    ("operations: [{fitt: {x: x}}]", "fitt", "did you mean 'fit'?"),
    ("operations: [{fit: }]", "fit", "operations[0].fit needs 'x'"),
    ("operations: [{fit: {x: x, epoch: 1}}]", "epoch", "did you mean 'epochs'?"),
    ("operations: [{fit: {x: x, shuffle: bath}}]", "bath", "expected true, false or 'batch'"),
    ("operations: [{fit: {x: x, verbose: yes}}]", "yes", "expected a whole number or 'auto'"),
    ("operations: [{fit: {x: x, validation_split: 1}}]", "1}", "expected less than 1"),
    ("operations: [{fit: {x: x, validation_freq: [0]}}]", "[0]", "a list of epochs"),
    ("operations: [{fit: {x: x, class_weight: {a: 1}}}]", "a: 1", "whole number as the key"),
    ("operations: [{fit: {x: x, validation_data: x}}]", "x}}", "expected a list, found 'x'"),
    ("operations: [{predict: {x: [[1]]}}]", "[[1]]", "expected the name of an array under 'data'"),
    ("operations: [{predict: {x: []}}]", "[]", "expected the name of an array"),
    ("operations: [{predict: {x: 1}}]", "1}", "expected the name of an array"),
    ("operations: [{predict: {x: x, batch_size: 0}}]", "0}", "expected at least 1, found 0"),
    ("operations: [{predict: x}]", "x}", "expected a mapping, found 'x'"),
    ("operations: [{set_states: {}}]", "{}", "expected at least 1 entry"),
    ("operations: [{set_states: {lstm/h: null}}]", "null", "a state cannot be set to nothing"),
    ("operations: [{set_states: {lstm/h: {a: 1}}}]", "{a", "a state cannot be set to a mapping"),
    ("operations: [{set_states: {lstm/h: [a]}}]", "[a]", "expected numbers, found 'a'"),
    ("operations: [{reload: {format: hdf}}]", "hdf", "found 'hdf'; allowed: keras, h5"),
    ("operations: [{repeat: {times: 0, operations: [reload]}}]", "0,", "expected at least 1"),
    ("operations: [{repeat: {times: 1, operations: [relod]}}]", "relod", "did you mean 'reload'?"),
    ("operations: [{repeat: {times: 1}}]", "repeat", "operations[0].repeat needs 'operations'"),
    ("operations: [{reload: , label: 'a: b'}]", "'a: b'", "a label is a text in one line"),
    ("operations: [{reload: , label: }]", "}", "'label' has nothing after it"),
    ("operations: [{reload: , labl: a}]", "labl", "did you mean 'label'?"),
    ("operations: [{reload: , raises: '('}]", "'('", "not a regular expression"),
    (
        "operations: [{reload: , raises: 5}]",
        "5}",
        "expected a regular expression, or false, found 5",
    ),
    ("operations: [{reload: , raises: {}}]", "{}", "expected a regular expression"),
    ("operations: [{reload: , raises: {keras: a}}]", "keras:", "did you mean 'keras3'?"),
    ("operations: [{reload: , raises: {keras3: '*'}}]", "'*'", "not a regular expression"),
    ("operations: [{reload: , allow_partial_batch: 1}]", "1}", "expected true or false, found 1"),
    ("operations: [{reload: , expect: }]", "}", "'expect' has nothing after it"),
    ("operations: [{reload: , expect: {}}]", "{}", "must not be empty"),
    ("operations: [{reload: , expect: zeros}]", "zeros", "expected a mapping, found 'zeros'"),
    ("operations: [{reload: , expect: {keras3: }}]", "}", "must not be empty"),
    ("operations: [{reload: , expect: {keras3: {}}}]", "{}}", "expected at least 1 entry"),
    ("operations: [{reload: , expect: {1: zeros}}]", "1:", "a key must be a name, found 1"),
    ("operations: [{reload: , expect: {a/h: zero}}]", "zero", "did you mean 'zeros'?"),
    ("operations: [{reload: , expect: {a/h: }}]", "}", "must not be empty"),
    ("operations: [{reload: , expect: {a/h: true}}]", "true", "true is not a condition"),
    ("operations: [{reload: , expect: {a/h: {}}}]", "{}}", "must not be empty"),
    ("operations: [{reload: , expect: {a/h: {equal: 1}}}]", "equal", "did you mean 'equals'?"),
    ("operations: [{reload: , expect: {tf_keras: {a/h: {equal: 1}}}}]", "equal", "'equals'?"),
    ("operations: [{reload: , expect: {a/h: {zeros: false}}}]", "false", "'zeros' takes only true"),
    ("operations: [{reload: , expect: {a/h: {zeros: }}}]", "}", "'zeros'"),
    (
        "operations: [{reload: , expect: {a/h: {between: [1]}}}]",
        "[1]",
        "at least 2 entries, found 1",
    ),
    ("operations: [{reload: , expect: {a/h: {between: [1, 2, 3]}}}]", "[1", "at most 2 entries"),
    ("operations: [{reload: , expect: {a/h: {between: [2, 1]}}}]", "{between", "low <= high"),
    ("operations: [{reload: , expect: {a/h: {between: [.nan, 1]}}}]", "{between", "[.nan, 1.0]"),
    ("operations: [{reload: , expect: {a/h: {max_abs: -1}}}]", "-1", "expected at least 0"),
    ("operations: [{reload: , expect: {a/h: {equals: 1, atol: -1}}}]", "-1", "expected at least 0"),
    (
        "operations: [{reload: , expect: {a/h: {zeros: true, atol: 1}}}]",
        "{zeros",
        "atol needs one of",
    ),
    ("operations: [{reload: , expect: {a/h: {dtype: float31}}}]", "float31", "'float32'?"),
    ("operations: [{reload: , expect: {a/h: {origin: zero}}}]", "zero}", "did you mean 'zeros'?"),
    ("operations: [{reload: , expect: {a/h: {same_as: 5}}}]", "5}", "expected a text, found 5"),
    ("operations: [{reload: , expect: {a/h: [[1], 2]}}]", "[[1], 2]", "the nested list is ragged"),
    ("model: lstm", "lstm", "expected a mapping, found 'lstm'"),
    ("model:", "", "'model' has nothing after it"),
    ("model: {batch_shape: [1]}", "{batch", "a model needs 'layers'"),
    ("model: {layers: [Dense]}", "{layers", "found none"),
    (
        "model: {batch_shape: [1], inputs: {a: {batch_shape: [1]}}, layers: [GRU]}",
        "{batch",
        "found 'batch_shape' and",
    ),
    ("model: {batch_shape: [], layers: [GRU]}", "[]", "at least 1 entry, found none"),
    ("model: {batch_shape: [1, x], layers: [GRU]}", "x]", "expected a whole number, found 'x'"),
    ("model: {batch_shape: [1], layers: []}", "[]", "at least 1 entry"),
    ("model: {batch_shape: [1], layers: GRU}", "GRU", "expected a list, found 'GRU'"),
    ("model: {batch_shape: [1], layers: [gru]}", "gru", "a layer is ClassName"),
    ("model: {batch_shape: [1], layers: [{GRU: 5}]}", "{GRU", "found 'GRU' with 5"),
    ("model: {batch_shape: [1], layers: [{GRU: 0}]}", "{GRU", "found 'GRU' with 0"),
    ("model: {batch_shape: [1], layers: [{GRU: {}, LSTM: {}}]}", "{GRU", "the keys 'GRU', 'LSTM'"),
    ("model: {batch_shape: [1], layers: [{GRU: {1: 2}}]}", "{GRU", "arguments of GRU have names"),
    ("model: {inputs: {a: {}}, layers: [GRU]}", "a:", "model.inputs.a needs 'batch_shape'"),
    ("model: {inputs: {a: [1]}, layers: [GRU]}", "[1]", "expected a mapping, found a list"),
    ("model: {inputs: {}, layers: [GRU]}", "{}", "at least 1 entry"),
    (
        "model: {inputs: {a: {batch_shape: [1]}}, layers: [{GRU: , input: 5}]}",
        "5}",
        "expected a name",
    ),
    ("model: {batch_shape: [1], layers: [GRU], dtype_polcy: a}", "dtype_polcy", "'dtype_policy'?"),
    ("model: {batch_shape: [1], layers: [GRU], compile: adam}", "adam", "expected a mapping"),
    ("model: {compile: {}}", "{compile", "exactly one of 'batch_shape' (a chain), 'inputs'"),
    ("model: {load: m.keras, factory: 'm.py:f'}", "{load", "found 'load' and 'factory'"),
    ("model: {load: m.keras, batch_shape: [1]}", "{load", "found 'batch_shape' and 'load'"),
    ("model: {load: m.keras, layers: [GRU]}", "layers", "this is a saved model"),
    ("model: {load: m.keras, outputs: a}", "outputs", "'outputs' belongs to a graph"),
    ("model: {load: m.keras, arguments: {a: 1}}", "arguments", "belongs to a function of yours"),
    ("model: {factory: 'm.py:f', weights: a.h5}", "weights", "belongs to a saved model"),
    ("model: {load: ''}", "''", "expected a text that is not empty"),
    ("model: {load: 5}", "5}", "expected a text, found 5"),
    ("model: {factory: m.py}", "m.py", "expected file.py:function"),
    ("model: {factory: 'm.py:1'}", "'m.py:1'", "or package.module:function"),
    ("model: {factory: 'm.py:f', arguments: [1]}", "[1]", "expected a mapping, found a list"),
]


@pytest.mark.parametrize(("written", "place", "words"), WRONG, ids=[w[0] for w in WRONG])
def test_what_is_wrong_is_told_at_its_place(
    complain: Complain, written: str, place: str, words: str
) -> None:
    key = written.partition(":")[0]
    parts = {
        "model": "model: {batch_shape: [null, 1], layers: [Flatten]}",
        "operations": "operations: [reload]",
        "data": "data: {x: [[1]]}",
    }
    parts[key] = written
    complaints = complain("\n".join(parts.values()))
    told = [c for c in complaints if words in c.message]
    assert told, [c.message for c in complaints]
    assert told[0].source[told[0].column - 1 :].startswith(place)
    assert told[0].source == written
    assert not any("Input should" in c.message for c in complaints)


def test_all_complaints_of_a_file_come_at_once(complain: Complain) -> None:
    complaints = complain(
        """
        seed: -1
        name: a
        name: b
        model:
          batch_shape: [2, 3, 4]
          layers: [{LSTM: {name: lstm, units: 4}}, {Dens: {units: 1}}]
          dtype_polcy: float32
        data:
          x: {normal: {shap: [2]}}
        operations:
          - train_on_bach: {x: x}
            label: first
            expect: {lstm/i: changed}
          - predict: {x: z}
          - repeat:
              times: 0
              operations:
                - predict: {x: q}
                  label: inner
          - reset_states:
            label: first
            expect: {lst/h: zeros, lstm/h: {same_as: "inner: lstm/h"}}
        ---
        engine: keras
        model: {load: x}
        """
    )
    told = [(c.line, c.message.split(";")[0]) for c in complaints]
    assert told == [
        (1, "expected at least 0, found -1"),
        (3, "duplicate key 'name'"),
        (6, "the installed keras has no layer 'Dens'"),
        (7, told[3][1]),
        (9, "data.x.normal needs 'shape'"),
        (9, "unknown key 'shap'"),
        (11, told[6][1]),
        (13, "'lstm/i': 'changed' compares with an initial state"),
        (14, "no array is named 'z'"),
        (16, "expected at least 1, found 0"),
        (21, "the label 'first' stands first in line 12"),
        (22, "the selector 'lst/h' matches no state"),
        (24, "a scenario needs 'operations'"),
        (24, "found 'keras'"),
    ]
    assert told[3][1] == "unknown key 'dtype_polcy'"
    assert told[6][1] == "unknown key 'train_on_bach'"


@pytest.mark.parametrize("text", ["5", "[1]", "a", "- a\n- b"])
def test_a_scenario_is_a_mapping(complain: Complain, text: str) -> None:
    (complaint,) = complain(text)
    assert complaint.message.startswith("a scenario is a mapping, found ")


def test_what_is_missing_is_told_at_the_start_of_its_document(complain: Complain) -> None:
    complaints = complain("name: a\n---\n\nname: b\n")
    assert [(c.line, c.message) for c in complaints] == [
        (1, "a scenario needs 'model'"),
        (1, "a scenario needs 'operations'"),
        (4, "a scenario needs 'model'"),
        (4, "a scenario needs 'operations'"),
    ]


def test_specs_are_frozen(read: Read) -> None:
    (scenario,) = read(f"{HEAD}operations: [reload]")
    spec: Any = scenario.spec
    with pytest.raises(ValueError, match="frozen"):
        spec.seed = 1


@pytest.mark.parametrize(
    ("content", "line", "column", "words"),
    [
        (b"name: \xff", 1, 7, "byte 0xff"),
        (b"a: 1\r\nb: \xc3\xa9\xe9x\r\n", 2, 5, "byte 0xe9"),
        ("name: a".encode("utf-16"), 1, 1, "looks like UTF-16, save it as UTF-8"),
    ],
)
def test_a_file_that_is_not_utf_8_is_refused_at_the_byte(
    tmp_path: Path, content: bytes, line: int, column: int, words: str
) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError) as caught:
        read_scenarios(path)
    (complaint,) = caught.value.complaints
    assert (complaint.line, complaint.column) == (line, column)
    assert words in complaint.message


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEAD}operations: [reload]".encode())
    assert len(read_scenarios(path)) == 1


def test_a_file_that_cannot_be_read_is_a_complaint(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.yaml"):
        with pytest.raises(ScenarioError, match="cannot be read"):
            read_scenarios(path)


def test_reading_imports_neither_keras_nor_numpy() -> None:
    code = (
        "import sys; from pathlib import Path; from lstm_state_probe.suite.run import select;"
        "found = select(['scenarios'], ['keras3', 'tf_keras']); assert found.scenarios;"
        "print([m for m in ('tensorflow', 'keras', 'tf_keras', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=SHIPPED.parent, check=True
    )
    assert done.stdout.strip() == "[]"
