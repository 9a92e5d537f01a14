"""Python files of the user's: one file for both engines, refused without --allow-code."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.runner import Wishes, run_scenario
from lstm_state_probe.scenario.read import read_scenarios

TRUST = Wishes(allow_code=True)
CELLS = '''
import tensorflow as tf


class Half(keras.layers.SimpleRNNCell):
    """Starts from rows of one half."""

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        rows = tf.shape(inputs)[0] if batch_size is None else batch_size
        return [tf.fill((rows, self.units), 0.5)]


@keras.saving.register_keras_serializable("mine")
class Doubled(keras.layers.Layer):
    def call(self, x):
        return 2.0 * x


class Quarter(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None, **kwargs):
        return tf.fill(shape, 0.25)

    def get_config(self):
        return {}


class Noted(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["noted"] = 7.0


class _Hidden(keras.layers.Layer):
    pass


def distance(y, p):
    return tf.reduce_mean(tf.abs(y - p), axis=-1)


def build(units, name="made"):
    return keras.Sequential(
        [
            keras.Input(batch_shape=(2, 3, 1)),
            keras.layers.LSTM(units, stateful=True, name="lstm"),
            Doubled(name="doubled"),
            keras.layers.Dense(1),
        ],
        name=name,
    )


def nothing():
    return [1]


def fails():
    return 1 / 0
'''
DATA = "data: {x: {ones: {shape: [2, 3, 1]}}, y: {zeros: {shape: [2, 1]}}}"
SCENARIO = f"""
custom_objects: [cells.py]
model:
  batch_shape: [2, 3, 1]
  layers:
    - RNN: {{name: rnn, cell: {{Half: {{units: 2, kernel_initializer: Quarter}}}},
             return_sequences: true}}
    - Doubled: {{name: doubled}}
    - Bidirectional: {{name: both, layer: {{RNN: {{cell: {{Half: {{units: 2}}}}}}}}}}
    - Dense: {{units: 1, kernel_initializer: {{Quarter: {{}}}}}}
  compile: {{optimizer: sgd, loss: distance, metrics: [distance]}}
{DATA}
operations:
  - fit: {{x: x, y: y, batch_size: 2, epochs: 2, callbacks: [Noted]}}
    expect:
      rnn/h@initial: {{origin: custom, equals: [[0.5, 0.5], [0.5, 0.5]]}}
      both/backward/h@initial: {{origin: custom}}
  - reload
  - predict_on_batch: {{x: x}}
    label: loaded
    expect: {{rnn/h@initial: {{origin: custom}}}}
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(text: str, engine: str | None = None, **files: str) -> Any:
        for name, content in {"cells": CELLS, **files}.items():
            (tmp_path / f"{name}.py").write_text(dedent(content), encoding="utf-8")
        file = tmp_path / "s.yaml"
        file.write_text(text, encoding="utf-8")
        (scenario,) = read_scenarios(file, shown="s.yaml", engine=engine)
        return scenario

    return write


def test_one_file_serves_both_engines_everywhere_in_a_scenario(write: Any, engine: Any) -> None:
    report = run_scenario(write(SCENARIO, engine.name), engine, TRUST)
    broken = [f"{v.selector}: {v.message}" for v in report.verdicts if not v.passed]
    assert report.status == "passed", [report.error, broken]
    history = report.operations[0].outcome.result
    np.testing.assert_array_equal(history["distance"], history["loss"])


def test_without_the_flag_nothing_of_the_file_runs(write: Any, engine: Any, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'w').close()\n"
    text = "custom_objects: [a.py]\nmodel: {factory: 'a.py:f'}\noperations: [reload]"
    report = run_scenario(write(text, engine.name, a=code), engine)
    assert report.exit_code == 2
    assert "s.yaml:1:1: error: 'custom_objects' runs Python code" in str(report.error)
    assert "give --allow-code" in str(report.error)
    factory = text.partition("\n")[2]
    report = run_scenario(write(factory, engine.name, a=code), engine)
    assert "s.yaml:1:9: error: 'factory' runs Python code" in str(report.error)
    assert not trace.exists()


def test_a_file_runs_once_a_scenario_and_leaves_nothing_behind(
    write: Any, engine: Any, tmp_path: Path
) -> None:
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'a').write('x')\n" + CELLS
    text = SCENARIO.replace("[cells.py]", "[a.py, ./a.py]")
    registered = dict(engine.keras.saving.get_custom_objects())
    before = list(sys.path)
    for count in (1, 2):
        assert run_scenario(write(text, engine.name, a=code), engine, TRUST).status == "passed"
        assert trace.read_text() == "x" * count
    assert engine.keras.saving.get_custom_objects() == registered
    assert sys.path == before


def test_a_factory_gets_its_arguments_and_its_classes_survive_a_reload(
    write: Any, engine: Any
) -> None:
    text = f"""
model:
  factory: cells.py:build
  arguments: {{units: 5, name: own}}
  compile: {{optimizer: sgd, loss: mse}}
{DATA}
operations:
  - train_on_batch: {{x: x, y: y}}
    expect: {{lstm/h: {{shape: [2, 5], changed: true}}}}
  - reload
  - predict: {{x: x}}
    expect: {{lstm/h@initial: zeros}}
"""
    report = run_scenario(write(text, engine.name), engine, TRUST)
    assert report.status == "passed", report.error


def test_a_factory_may_be_a_function_of_a_package(write: Any, engine: Any, tmp_path: Path) -> None:
    folder = tmp_path / f"pack_{engine.name}"
    folder.mkdir()
    (folder / "__init__.py").write_text("", encoding="utf-8")
    head = f"import tensorflow as tf\nimport {engine.package} as keras"
    body = CELLS.replace('"mine"', '"theirs"').replace("import tensorflow as tf", head)
    (folder / "made.py").write_text(body, encoding="utf-8")
    factory = f"pack_{engine.name}.made:build"
    text = f"model: {{factory: '{factory}', arguments: {{units: 1}}}}\n{DATA}\n"
    text += "operations: [predict: {x: x}, reload]"
    report = run_scenario(write(text, engine.name), engine, TRUST)
    assert report.error is None
    assert [operation.outcome.failure for operation in report.operations] == [None, None]


@pytest.mark.parametrize(
    ("factory", "code", "words"),
    [
        (
            "cells.py:fails",
            3,
            "calling 'cells.py:fails': ZeroDivisionError: division by zero (at cells.py:57)",
        ),
        ("cells.py:build", 3, "missing 1 required positional argument: 'units'"),
        ("cells.py:nothing", 2, "'cells.py:nothing' returned a list, expected a Keras model"),
        ("cells.py:biuld", 2, "'cells.py' has no function 'biuld'; did you mean 'build'?"),
        (
            "cels.py:build",
            2,
            "'cels.py' cannot be read: No such file or directory; did you mean 'cells.py'?",
        ),
        ("no_such_package.a:f", 3, "importing 'no_such_package.a': ModuleNotFoundError"),
        ("wrong.py:f", 2, "wrong.py:2:7: error: not Python: "),
        (
            "raises.py:f",
            3,
            "running 'raises.py': NameError: name 'kerras' is not defined (at raises.py:3)",
        ),
        ("leaves.py:f", 3, "running 'leaves.py': SystemExit: 4 (at leaves.py:1)"),
    ],
)
def test_what_is_wrong_with_the_code_is_told_with_its_line(
    write: Any, engine_named: Any, factory: str, code: int, words: str
) -> None:
    scenario = write(
        f"model: {{factory: '{factory}'}}\noperations: [reload]",
        "keras3",
        wrong="x = 1\ndef f(:\n",
        raises="\n\nkerras.layers\n",
        leaves="raise SystemExit(4)\n",
    )
    report = run_scenario(scenario, engine_named("keras3"), TRUST)
    assert report.exit_code == code
    assert words in str(report.error)
    assert "s.yaml:1:9" in str(report.error) or factory.startswith("wrong")


def test_an_error_inside_a_layer_names_the_line(write: Any, engine: Any) -> None:
    code = """
        class Broken(keras.layers.Layer):
            def build(self, shape):
                raise ValueError("no such shape")
    """
    text = "custom_objects: [b.py]\nmodel: {batch_shape: [1, 1], layers: [Broken]}\n"
    report = run_scenario(write(text + "operations: [reload]", engine.name, b=code), engine, TRUST)
    assert report.exit_code == 3
    assert "no such shape, in the layer 'broken' (Broken) (at b.py:4)" in str(report.error)
    assert "s.yaml:2:39" in str(report.error)


def test_a_class_and_a_model_of_the_other_keras_are_told(write: Any, engine_named: Any) -> None:
    code = """
        import tf_keras
        class Other(tf_keras.layers.Layer):
            pass
        def build():
            return tf_keras.Sequential([tf_keras.Input((1,))])
    """
    engine_named("tf_keras")
    text = "custom_objects: [o.py]\nmodel: {batch_shape: [1, 1], layers: [Other]}\n"
    scenario = write(text + "operations: [reload]", "keras3", o=code)
    report = run_scenario(scenario, engine_named("keras3"), TRUST)
    assert "Other derives from a class of tf_keras, the scenario runs on keras3" in str(
        report.error
    )
    scenario = write("model: {factory: 'o.py:build'}\noperations: [reload]", "keras3", o=code)
    report = run_scenario(scenario, engine_named("keras3"), TRUST)
    assert "returned a Sequential of tf_keras, the scenario runs on keras3" in str(report.error)
    assert "--engine tf_keras" in str(report.error)
    assert report.exit_code == 2


def test_a_saved_model_of_custom_classes_is_loaded_with_their_file(
    write: Any, engine: Any, tmp_path: Path
) -> None:
    first = run_scenario(write(SCENARIO, engine.name), engine, TRUST)
    expected = first.operations[-1].outcome.result
    saving = write(SCENARIO.replace("  - reload\n", ""), engine.name)
    model = _trained(saving, engine)
    model.save(str(tmp_path / "own.keras"))
    text = f"custom_objects: [cells.py]\nmodel: {{load: own.keras}}\n{DATA}\n"
    text += (
        "operations:\n  - predict_on_batch: {x: x}\n    expect: {rnn/h@initial: {origin: custom}}"
    )
    report = run_scenario(write(text), engine, TRUST)
    assert report.status == "passed", report.error
    np.testing.assert_array_equal(
        report.operations[0].outcome.result, np.asarray(model.predict_on_batch(np.ones((2, 3, 1))))
    )
    assert expected.shape == report.operations[0].outcome.result.shape
    bare = run_scenario(write(text.partition("\n")[2]), engine)
    assert "needs the custom objects 'Half', 'Quarter', 'mine>Doubled', 'distance'" in str(
        bare.error
    )
    assert "list the file under custom_objects and give --allow-code" in str(bare.error)
    assert bare.exit_code == 2


def _trained(scenario: Any, engine: Any) -> Any:
    from lstm_state_probe.model import build_model

    return build_model(scenario, engine, allow_code=True).keras


def test_all_names_what_a_file_offers(write: Any, engine_named: Any) -> None:
    text = (
        "custom_objects: [{0}]\nmodel: {{batch_shape: [1, 1], layers: [{1}]}}\noperations: [reload]"
    )
    engine = engine_named("keras3")
    listed = '__all__ = ["Named"]\nfrom cells import Shared as Named\n'
    code = "import keras\nclass Shared(keras.layers.Layer):\n    pass\n"
    for file, name, error in (
        ("a.py", "Named", None),
        ("a.py", "Doubled", "keras has no 'Doubled' in layers"),
    ):
        scenario = write(text.format(file, name), "keras3", a=listed, b=CELLS, cells=code)
        report = run_scenario(scenario, engine, TRUST)
        assert (error is None) == (report.error is None), report.error
        assert error is None or error in str(report.error)
        sys.modules.pop("cells", None)


def test_a_model_that_is_built_by_its_first_call_may_be_made(write: Any, engine: Any) -> None:
    code = """
        def build():
            model = keras.Sequential([keras.layers.GRU(2, name="gru"), keras.layers.Dense(1)])
            model.compile(optimizer="sgd", loss="mse")
            return model
    """
    text = f"model: {{factory: 'b.py:build'}}\n{DATA}\noperations:\n"
    text += "  - train_on_batch: {x: x, y: y}\n    expect: {gru/h: changed}\n  - predict: {x: x}"
    report = run_scenario(write(text, engine.name, b=code), engine, TRUST)
    assert report.error is None
    assert [str(operation.outcome.failure) for operation in report.operations] == ["None", "None"]
    assert report.status == "passed"
