"""A loaded model is the saved one, bit for bit, in every format, on the engine that wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saved_data import X, Y

from lstm_state_probe.errors import CouldNotRun, ModelError
from lstm_state_probe.model import detect_engine, load_model
from lstm_state_probe.model.load import FORMATS, LeftUncompiled
from lstm_state_probe.runner import Wishes, run_scenario
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.saved.written_by import written_by

FILES = ("m.keras", "m.h5", "m.json")


def scenario(folder: Path, text: str, engine: str | None = None) -> Any:
    file = folder / "s.yaml"
    file.write_text(text, encoding="utf-8")
    (found,) = read_scenarios(file, shown="s.yaml", engine=engine)
    return found


def loaded(saved: Any, name: str, **more: Any) -> Any:
    if name == "m.json":
        more["weights"] = saved.folder / "m.weights.h5"
    return load_model(saved.folder / name, saved.engine, **more)


@pytest.mark.rows(3)
@pytest.mark.parametrize("name", [*FILES, "m.hdf5"])
def test_a_loaded_model_gives_the_outputs_and_the_states_of_the_saved_one(
    saved: Any, name: str
) -> None:
    model = loaded(saved, name)
    assert [layer.name for layer in model.layers] == ["lstm", "both", "rnn", "dense"]
    for found, expected in zip(model.get_weights(), saved.weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    for output, states in zip(saved.outputs, saved.states, strict=True):
        np.testing.assert_array_equal(np.asarray(model.predict_on_batch(X)), output)
        for found, expected in zip(saved.engine.held(model.layers[0]), states, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_saved_model_of_keras_2_has_its_layers_and_needs_to_be_trusted(saved_by: Any) -> None:
    saved = saved_by("tf_keras")
    folder = saved.folder / "m"
    with pytest.raises(ModelError, match=r"holds graphs, which are code.*give --allow-code"):
        load_model(folder, saved.engine)
    model = load_model(folder, saved.engine, allow_code=True)
    saved.engine.reset_layer(model.layers[0])  # it holds what was held when it was saved
    for found, expected in zip(saved.outputs_of(model), saved.outputs, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_saved_model_without_layers_says_what_can_be_done(saved: Any) -> None:
    with pytest.raises(ModelError, match=r"graphs and no layers.*save the model as \.keras"):
        load_model(saved.folder / "exported", saved.engine, allow_code=True)
    (saved.folder / "empty").mkdir(exist_ok=True)
    with pytest.raises(
        ModelError, match=r"'empty' is not a SavedModel: it has no 'saved_model\.pb'"
    ):
        load_model(saved.folder / "empty", saved.engine)


def test_the_file_tells_its_engine(saved: Any) -> None:
    name = saved.engine.name
    assert {detect_engine(saved.folder / file) for file in FILES} == {name}
    versions = {str(written_by(saved.folder / file)) for file in FILES[:-1]}
    assert versions == {f"Keras {saved.engine.version()}"}
    assert detect_engine(saved.folder / "exported") is None
    assert detect_engine(saved.folder / "m") == ("tf_keras" if name == "tf_keras" else None)


@pytest.mark.parametrize("name", [*FILES, "m"])
def test_the_other_engine_s_file_is_refused_and_the_engine_offered(
    saved_by: Callable[[str], Any], name: str
) -> None:
    for writer, reader in (("keras3", "tf_keras"), ("tf_keras", "keras3")):
        path = saved_by(writer).folder / name
        if not path.exists():
            continue
        version = "2" if name == "m" else saved_by(writer).engine.version()
        if name == "m.json" and writer == "keras3":
            version = "3"
        with pytest.raises(ModelError) as caught:
            load_model(path, saved_by(reader).engine, allow_code=True)
        told = str(caught.value)
        assert f"'{name}' was written by Keras {version}" in told
        assert f"--engine {writer}, or engine: {writer}" in told
        assert caught.value.exit_code == 2


def test_a_scenario_runs_on_the_engine_that_wrote_the_model(saved: Any) -> None:
    for file in FILES:
        text = f"model: {{load: {file}}}\noperations: [reload]"
        assert scenario(saved.folder, text).engine == saved.engine.name
        other = "keras3" if saved.engine.name == "tf_keras" else "tf_keras"
        assert scenario(saved.folder, text, other).engine == other
        assert scenario(saved.folder, f"engine: {other}\n{text}").engine == other


@pytest.mark.parametrize("name", FILES)
def test_a_scenario_loads_relative_to_its_file_and_records_every_state(
    saved: Any, name: str
) -> None:
    np.save(saved.folder / "x.npy", X)
    weights = ", weights: ../m.weights.h5" if name == "m.json" else ""
    (saved.folder / "below").mkdir(exist_ok=True)
    text = f"""
model: {{load: ../{name}{weights}}}
data: {{x: {{file: ../x.npy}}}}
operations:
  - predict_on_batch: {{x: x}}
    expect: {{lstm/h@initial: zeros, both/forward/h: changed, rnn/cell0/c: changed}}
  - predict_on_batch: {{x: x}}
    expect: {{lstm/*@initial: {{origin: carried}}}}
"""
    report = run_scenario(scenario(saved.folder / "below", text), saved.engine)
    assert report.status == "passed", report.error
    for operation, output, states in zip(
        report.operations, saved.outputs, saved.states, strict=False
    ):
        np.testing.assert_array_equal(operation.outcome.result, output)
        np.testing.assert_array_equal(operation.outcome.held["lstm/h"], states[0])
        np.testing.assert_array_equal(operation.outcome.held["lstm/c"], states[1])


@pytest.mark.rows(1)
@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_what_a_file_was_compiled_with_is_kept_unless_the_scenario_says_otherwise(
    saved: Any, name: str
) -> None:
    model = loaded(saved, name)
    assert type(model.optimizer).__name__ == "Adam"
    assert float(np.asarray(model.optimizer.learning_rate)) == pytest.approx(0.01)
    np.save(saved.folder / "x.npy", X)
    np.save(saved.folder / "y.npy", Y)
    data = "data: {x: {file: x.npy}, y: {file: y.npy}}\noperations: [train_on_batch: {x: x, y: y}]"
    if (saved.engine.name, name) != ("keras3", "m.h5"):  # its optimizer is built for no variable
        assert_trains_alike(saved, model, f"model: {{load: {name}}}\n{data}")
    own = f"model: {{load: {name}, compile: {{optimizer: sgd, loss: mae}}}}\n{data}"
    other = run_scenario(scenario(saved.folder, own), saved.engine)
    again = loaded(saved, name)
    np.testing.assert_allclose(
        other.operations[0].outcome.result, np.abs(again.predict_on_batch(X) - Y).mean(), 1e-5
    )


def assert_trains_alike(saved: Any, model: Any, text: str) -> None:
    kept = run_scenario(scenario(saved.folder, text), saved.engine)
    expected = model.train_on_batch(X, Y)
    np.testing.assert_array_equal(kept.operations[0].outcome.result, expected)


def test_what_keras_cannot_compile_again_is_loaded_without_and_said(
    saved_by: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = saved_by("keras3")
    model = saved.engine.keras.models.load_model(str(saved.folder / "m.keras"), compile=False)
    model.compile(optimizer="sgd", loss=_of_my_own)
    model.save(str(tmp_path / "own.keras"))
    with pytest.warns(LeftUncompiled, match=r"left out: .* needs the custom object '_of_my_own'"):
        assert not compiled(load_model(tmp_path / "own.keras", saved.engine))
    own = {"_of_my_own": _of_my_own}
    assert compiled(load_model(tmp_path / "own.keras", saved.engine, custom_objects=own))
    keras_load = saved.engine.keras.models.load_model

    def compiles_no_more(path: str, **keywords: Any) -> Any:
        if keywords["compile"]:
            raise ValueError("no such loss")
        return keras_load(path, **keywords)

    monkeypatch.setattr(saved.engine.keras.models, "load_model", compiles_no_more)
    with pytest.warns(LeftUncompiled, match=r"was compiled, and keras cannot.*no such loss"):
        assert not compiled(load_model(saved.folder / "m.keras", saved.engine))
    np.save(saved.folder / "x.npy", X)
    text = "model: {load: m.keras}\ndata: {x: {file: x.npy}}\noperations: [predict: {x: x}]"
    with pytest.warns(LeftUncompiled, match="it is left uncompiled") as told:
        assert run_scenario(scenario(saved.folder, text), saved.engine).error is None
    assert (Path(told[0].filename).name, told[0].lineno) == ("s.yaml", 1)
    trains = text.replace("predict: {x: x}", "repeat: {times: 1, operations: [fit: {x: x}]}")
    report = run_scenario(scenario(saved.folder, trains), saved.engine)
    assert report.exit_code == 3
    assert "s.yaml:1:9" in str(report.error)
    assert "give 'compile' in the model" in str(report.error)


def compiled(model: Any) -> bool:
    return getattr(model, "optimizer", None) is not None


def _of_my_own(y: Any, p: Any) -> Any:
    return p


@pytest.mark.parametrize("name", FILES)
@pytest.mark.filterwarnings("ignore::lstm_state_probe.model.load.LeftUncompiled")
def test_a_dtype_policy_goes_in_the_place_of_the_saved_one(saved: Any, name: str) -> None:
    np.save(saved.folder / "x.npy", X)
    weights = ", weights: m.weights.h5" if name == "m.json" else ""
    text = f"""
model: {{load: {name}, dtype_policy: mixed_float16{weights}}}
data: {{x: {{file: x.npy}}}}
operations:
  - predict_on_batch: {{x: x}}
    expect: {{lstm/h: {{dtype: float16}}, rnn/cell1/h: {{dtype: float16}}}}
"""
    report = run_scenario(scenario(saved.folder, text), saved.engine)
    assert report.status == "passed", report.error
    result = report.operations[0].outcome.result
    np.testing.assert_allclose(result, saved.outputs[0], rtol=0.02, atol=0.01)
    assert result.dtype == np.float16


def test_the_dtype_policy_of_a_saved_model_cannot_be_changed(saved_by: Any) -> None:
    saved = saved_by("tf_keras")
    text = "model: {load: m, dtype_policy: mixed_float16}\noperations: [reload]"
    report = run_scenario(scenario(saved.folder, text), saved.engine, Wishes(allow_code=True))
    assert "the dtype policy of a SavedModel cannot be changed" in str(report.error)
    assert report.exit_code == 2


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("{load: m.kers}", "no such file or folder; did you mean 'm.keras'?"),
        (
            "{load: s.yaml}",
            "is in no format that can be loaded; allowed: .keras, .h5, .hdf5, .json",
        ),
        ("{load: m.weights.h5}", "holds weights without a model; give them as 'weights'"),
        ("{load: m.json, weights: m.weights.h}", "no such file of weights"),
        ("{load: m.json, weights: s.yaml}", "is not a file of weights; allowed: .weights.h5"),
        ("{load: m.json, weights: m.json}", "'m.json' is not a file of weights"),
    ],
)
def test_what_is_wrong_is_told_at_the_key(saved: Any, model: str, words: str) -> None:
    report = run_scenario(
        scenario(saved.folder, f"model: {model}\noperations: [reload]"), saved.engine
    )
    assert report.exit_code == 2
    assert "s.yaml:1:9: error: " in str(report.error)
    assert words in str(report.error)


def test_weights_that_do_not_fit_are_keras_s_own_error(saved: Any, tmp_path: Path) -> None:
    keras = saved.engine.keras
    other = keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(9)])
    other.save_weights(str(tmp_path / "o.weights.h5"))
    with pytest.raises(CouldNotRun, match=r"loading 'o\.weights\.h5': \w+Error: "):
        load_model(saved.folder / "m.json", saved.engine, weights=tmp_path / "o.weights.h5")


def test_a_checkpoint_of_keras_2_gives_weights_too(saved_by: Any, tmp_path: Path) -> None:
    saved = saved_by("tf_keras")
    loaded(saved, "m.keras").save_weights(str(tmp_path / "check"))
    model = load_model(saved.folder / "m.json", saved.engine, weights=tmp_path / "check")
    for found, expected in zip(model.get_weights(), saved.weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_an_architecture_alone_is_drawn_from_the_seed(saved: Any) -> None:
    np.save(saved.folder / "x.npy", X)
    text = "seed: {}\nmodel: {{load: m.json}}\ndata: {{x: {{file: x.npy}}}}\n"
    text += "operations: [predict_on_batch: {{x: x}}]"
    first, second, third = (
        run_scenario(scenario(saved.folder, text.format(seed)), saved.engine)
        .operations[0]
        .outcome.result
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, third)


def test_the_formats_are_those_that_the_page_names() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenario.md").read_text(encoding="utf-8")
    assert all(f"`{suffix}`" in page for suffix in FORMATS if suffix.startswith("."))
    assert "SavedModel" in page


def test_metadata_that_says_nothing_leaves_the_engine_open(tmp_path: Path) -> None:
    for version in ("", "abc", None, 5, "3.x"):
        file = tmp_path / "a.json"
        file.write_text(json.dumps({"keras_version": version}), encoding="utf-8")
        expected = {5: "keras3", "3.x": "keras3"}.get(version)  # type: ignore[call-overload]
        assert detect_engine(file) == expected
    assert detect_engine(tmp_path / "nothing.keras") is None
