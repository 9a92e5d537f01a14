"""Models of older versions are loaded as what they were, or told with what to do."""

from __future__ import annotations

import base64
import dis
import marshal
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from lstm_state_probe.errors import CouldNotRun, ModelError
from lstm_state_probe.model.load import load, load_model
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.bytecode import refuse_foreign_code
from lstm_state_probe.model.load.old_layers import of_today
from lstm_state_probe.scenario.saved.saved_graph import read_graph
from lstm_state_probe.scenario.saved.written_by import detect_engine, written_by


@pytest.fixture(scope="session")
def old(engine_named: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Write an old model, by name, once."""
    engine_named("keras3"), engine_named("tf_keras")
    import old_models

    folder, made = tmp_path_factory.mktemp("old"), dict[str, Path]()

    def make(name: str) -> Path:
        if name not in made:
            made[name] = old_models.MODELS[name](folder / name)
        return made[name]

    return make


@pytest.fixture
def keras2(engine_named: Callable[[str], Any]) -> Any:
    return engine_named("tf_keras")


@pytest.mark.parametrize("name", ["keras_1_json", "keras_1_h5", "keras_03_json"])
@pytest.mark.parametrize("reader", ["keras3", "tf_keras"])
def test_a_model_that_is_older_than_both_is_told_with_what_to_do(
    old: Any, engine_named: Callable[[str], Any], name: str, reader: str
) -> None:
    with pytest.raises(ModelError, match=r"was written by Keras (1|0\.3).*its layers: LSTM of 4"):
        load_model(old(name), engine_named(reader))


def test_a_model_of_keras_2_0_is_loaded_on_tf_keras_and_told_by_its_version_on_keras_3(
    old: Any, keras2: Any, engine_named: Callable[[str], Any]
) -> None:
    path = old("keras_20_gru_h5")
    (layer,) = load_model(path, keras2).layers
    assert layer.reset_after is False  # Keras 2.0 knew no other
    with pytest.raises(ModelError, match=r"written by Keras 2\.0\.2, and .*--engine tf_keras"):
        load_model(path, engine_named("keras3"))


def plain(layers: Any) -> list[Any]:
    """Make the layers of the model for a GPU as those that run everywhere."""
    deep = layers.LSTM(3, return_sequences=True, name="deep")
    gru = layers.GRU(3, return_sequences=True, reset_after=True)
    return [
        deep,
        layers.LSTM(4, return_sequences=True, stateful=True, name="fast"),
        layers.Bidirectional(gru, name="both"),
        layers.GRU(2, go_backwards=True, reset_after=True, name="last"),
    ]


def test_layers_for_cudnn_alone_are_loaded_as_those_that_keras_makes_of_them_bit_for_bit(
    old: Any, keras2: Any
) -> None:
    path = old("cudnn_h5")
    loaded = load(path, keras2, How())
    told = "\n".join(loaded.notes)
    assert "'deep', 'fast': CuDNNLSTM, which runs on a GPU alone, is loaded as LSTM" in told
    assert "two halves of its bias added" in told
    assert "CuDNNGRU, which runs on a GPU alone, is loaded as GRU" in told
    keras = keras2.keras
    deep, *others = plain(keras.layers)
    inner = keras.Sequential([keras.Input((5, 3)), deep], name="inner")
    entry = keras.Input(batch_shape=(2, 5, 3))
    expected = keras.Sequential([entry, inner, *others])
    expected.load_weights(str(path))  # Keras's own conversion
    for found, wanted in zip(loaded.model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    for one, other in zip(loaded.model.layers[1:], expected.layers[1:], strict=True):
        assert _computes(one) == _computes(other)
    with h5py.File(path) as file:
        halves = np.split(file["model_weights/fast/fast/bias:0"][()], 2)
    np.testing.assert_array_equal(loaded.model.layers[1].get_weights()[2], halves[0] + halves[1])


def _computes(layer: Any) -> dict[str, Any]:
    """Return what a layer computes with, of its configuration."""
    inner = getattr(layer, "forward_layer", layer)
    keys = ("activation", "recurrent_activation", "use_bias", "reset_after", "units")
    more = ("stateful", "go_backwards", "return_sequences")
    return {key: inner.get_config().get(key) for key in (*keys, *more)}


def test_a_configuration_without_such_layers_stays_as_it_is() -> None:
    config = {"class_name": "LSTM", "config": {"units": 2}}
    assert of_today(config) == config
    gru = {"class_name": "GRU", "config": {"units": 2, "reset_after": True}}
    assert of_today([gru]) == [gru]
    assert of_today({"class_name": "GRU", "config": {}})["config"] == {"reset_after": False}


def test_a_saved_model_of_tensorflow_2_3_has_its_layers_and_its_states(
    saved_by: Any, tmp_path: Path
) -> None:
    import old_models

    saved = saved_by("tf_keras")
    folder = tmp_path / "m"
    shutil.copytree(saved.folder / "m", folder)
    described = read_graph(folder).layers
    old_models.as_tf_23(folder)
    assert len(read_graph(folder).layers) == len(described)
    assert str(written_by(folder)) == "Keras 2.4.0 (TensorFlow 2.3.1)"
    assert detect_engine(folder) == "tf_keras"
    model = load_model(folder, saved.engine, allow_code=True)
    for found, expected in zip(model.get_weights(), saved.weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert all(map(np.any, saved.engine.held(model.layers[0])))  # it was trained before


def test_a_keras_file_with_the_separators_of_windows_is_the_same_model(
    saved: Any, tmp_path: Path
) -> None:
    import old_models

    path = old_models.backslashes(saved.folder / "m.keras", tmp_path / "m.keras")
    model = load_model(path, saved.engine)
    for found, expected in zip(model.get_weights(), saved.weights, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["lambda_h5", "lambda_keras"])
def test_a_function_that_another_python_compiled_is_told_with_its_layer(
    old: Any, engine_named: Callable[[str], Any], name: str
) -> None:
    path = old(name)
    engine = engine_named(detect_engine(path) or "")
    with pytest.raises(ModelError, match=r"function of the layer 'twice' \(Lambda\) is bytecode"):
        load_model(path, engine, allow_code=True)


def _with(code: Any) -> dict[str, Any]:
    text = base64.b64encode(marshal.dumps(code)).decode()
    function = {"function": [text, None, None], "function_type": "lambda"}
    return {"class_name": "Lambda", "config": {"name": "own", **function}}


def _long(x: Any) -> Any:
    parts = [part * x for part in range(3)]
    return sum(parts) + len(parts)


def test_a_function_is_ours_only_if_every_instruction_stands_where_this_python_puts_it() -> None:
    ours = (_long.__code__, (lambda x: lambda y: x + y).__code__)
    for code in ours:
        refuse_foreign_code(_with(code), "m")
    code = _long.__code__.co_code
    at = next(k for k in range(0, len(code), 2) if code[k] == dis.opmap["LOAD_GLOBAL"])
    fewer = code[: at + 2] + code[at + 4 :] + bytes(2)  # as if it had one cache less
    shifted = _long.__code__.replace(co_code=fewer)
    unknown = _long.__code__.replace(co_code=b"\xfe\x00" + code[2:])
    for other in (shifted, unknown):
        with pytest.raises(ModelError, match="bytecode of another Python"):
            refuse_foreign_code(_with(other), "m")


def test_what_keras_stumbles_over_is_told_with_its_layer_and_its_key(
    saved: Any, rewrite: Any
) -> None:
    def with_a_key(config: Any) -> None:
        config["config"]["layers"][-1]["config"]["fancy"] = 3

    path = rewrite(saved.folder / "m.keras", with_a_key)
    with pytest.raises(CouldNotRun, match=r"the layer 'dense' \(Dense\): .*fancy") as caught:
        load_model(path, saved.engine)
    assert len(str(caught.value)) < 600


def test_an_h5_file_that_lacks_an_array_is_told_with_its_name(saved: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.h5"
    shutil.copy(saved.folder / "m.h5", path)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/dense"]
        lost = group.attrs["weight_names"][0]
        del group[lost]
    lost = lost.decode() if isinstance(lost, bytes) else str(lost)
    with pytest.raises(CouldNotRun, match=f"lists the array '{lost}' of the layer 'dense'"):
        load_model(path, saved.engine)
