"""Which Keras wrote a file is told without TensorFlow: by its version, or by its words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import pytest

from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.saved.old_keras import old_version
from lstm_state_probe.scenario.saved.pointers import refuse_pointer
from lstm_state_probe.scenario.saved.saved_graph import read_graph
from lstm_state_probe.scenario.saved.written_by import detect_engine, written_by

KERAS_1 = {"name": "lstm_1", "output_dim": 4, "inner_init": "orthogonal", "consume_less": "cpu"}
OLD = {"class_name": "Sequential", "config": [{"class_name": "LSTM", "config": KERAS_1}]}
OLDER = {"name": "Sequential", "layers": [{**KERAS_1, "name": "LSTM"}]}
KERAS_2 = {"class_name": "LSTM", "config": {"name": "a", "units": 2, "W_regularizer": None}}


def field(number: int, content: bytes) -> bytes:
    """Write a field of a protocol buffer."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def saved_model(*texts: bytes, version: bytes = b"2.3.1") -> bytes:
    """Write a SavedModel whose objects hold texts, beside fields that nobody asks for."""
    nodes = [field(1, field(4, field(1, b"_tf_keras_layer") + field(3, text))) for text in texts]
    other = bytes([9 << 3 | 0, 200, 1, 10 << 3 | 1]) + bytes(8) + bytes([11 << 3 | 5]) + bytes(4)
    graph = field(1, field(5, version)) + other + field(2, b"x" * 300) + field(7, b"".join(nodes))
    return bytes([1 << 3, 1]) + field(2, graph)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({**OLD, "keras_version": "1.2.2"}, "Keras 1.2.2"),
        (OLD, "Keras 1"),
        (OLDER, "Keras 0.3"),
        ({"name": "Graph", "node_config": [], "nodes": {}}, "Keras 0.3"),
    ],
)
def test_an_architecture_of_an_old_keras_is_told_by_its_version_or_its_words(
    tmp_path: Path, config: Any, told: str
) -> None:
    (tmp_path / "m.json").write_text(json.dumps(config), encoding="utf-8")
    found = written_by(tmp_path / "m.json")
    assert found is not None
    assert str(found) == told
    assert found.engine is None
    wanted = "no later Keras reads" if "0.3" in told else "pip install 'keras<2.3'"
    assert wanted in found.advice
    assert "node_config" in config or "LSTM of 4" in found.advice


@pytest.mark.parametrize("version", [b"1.1.1", None])
def test_an_h5_file_of_keras_1_is_told_with_and_without_its_version(
    tmp_path: Path, version: bytes | None
) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(OLD)
        if version:
            file.attrs["keras_version"] = version
    found = written_by(tmp_path / "m.h5")
    assert found is not None
    assert (found.version, found.engine) == ("1.1.1" if version else "1", None)
    assert "LSTM of 4" in found.advice


def test_weights_tell_the_engine_where_an_architecture_does_not(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"class_name": "Sequential"}', encoding="utf-8")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["keras_version"] = "2.2.4"
    assert detect_engine(tmp_path / "m.json") is None
    assert detect_engine(tmp_path / "m.json", tmp_path / "w.h5") == "tf_keras"


def test_words_of_keras_1_in_a_later_model_or_a_layer_of_ones_own_are_not_taken_for_it(
    tmp_path: Path,
) -> None:
    own = {"class_name": "Attention", "config": {"W_regularizer": None, "init": "zeros"}}
    assert old_version({"class_name": "Sequential", "config": {"layers": [own]}}) is None
    assert old_version({"name": "Sequential", "layers": [{"class_name": "LSTM"}]}) is None
    later = {"class_name": "Model", "config": {"layers": [KERAS_2]}, "keras_version": "2.0.8"}
    (tmp_path / "m.json").write_text(json.dumps(later), encoding="utf-8")
    assert str(written_by(tmp_path / "m.json")) == "Keras 2.0.8"


def test_a_saved_model_tells_its_versions_wherever_its_layers_are_described(
    tmp_path: Path,
) -> None:
    layers = [b'{"class_name": "Sequential", "keras_version": "2.4.0"}', b'{"name": "lstm"}']
    inside, apart, bare = (tmp_path / name for name in ("inside", "apart", "bare"))
    for folder, texts in ((inside, layers), (apart, [b"", b""]), (bare, [b"", b""])):
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(saved_model(*texts))
    (apart / "keras_metadata.pb").write_bytes(b"".join(field(1, field(5, t)) for t in layers))
    for folder in (inside, apart):
        assert read_graph(folder).layers == tuple(map(json.loads, layers))
        assert str(written_by(folder)) == "Keras 2.4.0 (TensorFlow 2.3.1)"
        assert detect_engine(folder) == "tf_keras"
    assert read_graph(bare).layers == ()
    assert written_by(bare) is None


def test_a_broken_saved_model_is_an_error_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = saved_model(b'{"keras_version": "2.4.0"}')
    (tmp_path / "m").mkdir()
    for end in range(1, len(whole)):
        (tmp_path / "m" / "saved_model.pb").write_bytes(whole[:end])
        if end == 2:  # a field of its own, and no model after it
            continue
        with pytest.raises(ModelError, match=r"'m/saved_model\.pb' is broken"):
            read_graph(tmp_path / "m")


def test_a_pointer_of_git_lfs_is_told_with_the_size_of_the_file(tmp_path: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345678\n"
    (tmp_path / "m" / "variables").mkdir(parents=True)
    (tmp_path / "m" / "variables" / "data").write_text(text, encoding="utf-8")
    (tmp_path / "m.keras").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"'m.keras' is a pointer of Git LFS.*11\.8 MiB.*lfs pull"):
        refuse_pointer(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="'data' in 'm' is a pointer of Git LFS"):
        refuse_pointer(tmp_path / "m")
    (tmp_path / "m.keras").write_bytes(b"PK" + bytes(2000))
    refuse_pointer(tmp_path / "m.keras")
