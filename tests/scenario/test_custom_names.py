"""What a saved model, a factory or a class of the user's leaves open is never a complaint."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import pytest
from scenario_strategies import Complain, Read, Write

from lstm_state_probe.scenario.fits.custom import custom_names, layer_names
from lstm_state_probe.scenario.read import read_scenarios

REST = """
data: {x: {ones: {shape: [7, 3, 1]}}}
operations:
  - train_on_batch: {x: x}
    expect: {anything/s3: changed, any/f: finite}
  - predict: {x: {a: x}, batch_size: 3}
  - reset_states: {layer: whatever}
  - set_states: {some/h: zeros}
record: {layers: [lstn]}
"""


@pytest.mark.parametrize(
    "model",
    [
        "{load: m.keras}",
        "{load: a/m.json, weights: w.h5, compile: {optimizer: adam}, dtype_policy: float64}",
        "{factory: 'm.py:build'}",
        "{factory: pack.age:build, arguments: {a: [1, null], b: {c: d}}}",
    ],
)
def test_a_model_from_elsewhere_is_not_checked_by_its_layers(read: Read, model: str) -> None:
    (scenario,) = read(f"model: {model}{REST}")
    assert not scenario.spec.model.is_written


@pytest.mark.parametrize("key", ["optimzer", "los"])
def test_what_it_is_compiled_with_is_checked_all_the_same(complain: Complain, key: str) -> None:
    complaints = complain(f"model: {{load: m.keras, compile: {{{key}: adam}}}}{REST}")
    assert f"compile takes no argument '{key}'" in complaints[0].message


CUSTOM = """
custom_objects: [cells.py]
model:
  batch_shape: [2, 3, 1]
  layers: [{layers}]
  compile: {{optimizer: {{Mine: {{x: 1}}}}, loss: mine}}
operations:
  - reload:
    expect: {{anything/s1: zeros}}
"""


@pytest.mark.parametrize(
    "layers",
    [
        "Mine",
        "Mine: {x: 1, layer: {LSTM: {units: 2}}}",
        "RNN: {cell: {Mine: {size: 3}}}",
        "Bidirectional: {layer: {Mine: }}",
        "Bidirectional: {layer: {RNN: {cell: [Mine, {GRUCell: {units: 1}}]}}}",
        "LSTM: {own: 1}",
    ],
)
def test_a_class_of_the_user_s_own_is_not_checked(write: Write, layers: str) -> None:
    path = write(CUSTOM.format(layers="{" + layers + "}" if ":" in layers else layers))
    (path.parent / "cells.py").write_text("class Mine: pass\nclass LSTM: pass\n")
    assert read_scenarios(path)


def test_what_is_keras_s_own_is_checked_beside_it(complain: Complain, tmp_path: Path) -> None:
    (tmp_path / "cells.py").write_text("class Mine: pass\n")
    text = CUSTOM.format(layers="{Mine: {}}, {LSTM: {unit: 2}}")
    messages = [complaint.message for complaint in complain(text)]
    assert any("LSTM takes no argument 'unit'" in message for message in messages)
    assert not any("Mine" in message for message in messages)


def test_states_are_known_where_every_layer_is_keras_s_own(
    complain: Complain, tmp_path: Path
) -> None:
    (tmp_path / "cells.py").write_text("class Mine: pass\n")
    messages = [c.message for c in complain(CUSTOM.format(layers="{LSTM: {units: 2}}"))]
    assert any("'anything/s1' matches no state" in message for message in messages)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("class A: pass\ndef b(): pass\nC = 1\nimport d as E, f\n", {"A", "b", "C", "E", "f"}),
        ("if True:\n    class A: pass\n", {"A"}),
        ("from a import *\n", None),
        ("class A:\n", None),
        ("\0", None),
    ],
)
def test_the_names_of_a_file_are_read_without_running_it(
    tmp_path: Path, text: str, bound: set[str] | None
) -> None:
    (tmp_path / "a.py").write_text(text)
    found = custom_names(["a.py"], tmp_path)
    assert found.bound == bound
    assert found.may_be("Unknown", known=False)
    assert found.may_be("LSTM", known=True) == (bound is None)
    assert custom_names(["none.py"], tmp_path).bound is None


def test_a_saved_model_is_told_from_its_text_without_keras_and_numpy(tmp_path: Path) -> None:
    weights = io.BytesIO()
    h5py.File(weights, "w").close()
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as file:
        file.writestr("metadata.json", '{"keras_version": "2.15.0"}')
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", weights.getvalue())
    text = "model: {load: m.keras}\noperations: [reload]"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(f"custom_objects: [c.py]\n{text}", encoding="utf-8")
    (tmp_path / "c.py").write_text("raise SystemExit(9)", encoding="utf-8")
    code = (
        "import sys; from lstm_state_probe.suite.run import select; found = select(['.']);"
        "assert not found.complaints; print(*[s.engine for s in found.scenarios]);"
        "print([m for m in ('tensorflow', 'keras', 'tf_keras', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == ["tf_keras tf_keras", "[]"]


def test_the_names_of_layers_are_those_inside_others_too() -> None:
    inner = {"layer": {"RNN": {"cell": [{"A": {}}, "B"]}}, "activation": "C", "other": {"D": {}}}
    assert list(layer_names([("x", "Bidirectional", inner)])) == ["Bidirectional", "RNN", "A", "B"]
