"""A file that somebody else made gives an error with its reason: no hang, no full disk, no code."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from lstm_state_probe.errors import ModelError
from lstm_state_probe.model import detect_engine, load_model
from lstm_state_probe.model.load import archive
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.trust import Trust
from lstm_state_probe.scenario.saved.saved_json import MOST_LEVELS, read_json

QUICK = 5.0


def refused(path: Path, engine: Any, words: str, **more: Any) -> str:
    """Load a file, which must be refused soon, before Keras has seen it."""
    original, called = engine.keras.models.load_model, []
    engine.keras.models.load_model = lambda *a, **k: called.append(a)
    started = time.process_time()
    try:
        with pytest.raises(ModelError) as caught:
            load_model(path, engine, **more)
    finally:
        engine.keras.models.load_model = original
    assert not called
    assert time.process_time() - started < QUICK
    assert words in str(caught.value), str(caught.value)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.fixture
def keras3(engine_named: Callable[[str], Any]) -> Any:
    return engine_named("keras3")


def good_entries() -> dict[str, bytes]:
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["a"] = np.zeros(3)
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": []}}
    return {
        "metadata.json": b'{"keras_version": "3.5.0"}',
        "config.json": json.dumps(config).encode(),
        "model.weights.h5": weights.getvalue(),
    }


def zipped(path: Path, entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path


def test_a_zip_bomb_is_refused_by_its_size_in_the_directory(keras3: Any, tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    zipped(path, good_entries())
    block = bytes(1 << 24)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as file,
        file.open("assets/zeros", "w", force_zip64=True) as entry,
    ):
        for _ in range(40):  # 640 MiB of zeros
            entry.write(block)
    assert path.stat().st_size < 1 << 20
    refused(path, keras3, "times its size; that is not a model")


def test_a_directory_that_declares_terabytes_is_refused(keras3: Any, tmp_path: Path) -> None:
    path = zipped(tmp_path / "large.keras", good_entries())
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")  # the central header of the last entry
    data[place + 24 : place + 28] = struct.pack("<I", 0xFFFFFFF0)
    path.write_bytes(data)
    told = refused(path, keras3, "model.weights.h5")
    assert "times its size" in told or "would unpack to" in told or "cannot be read" in told


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("../../evil.txt", "leads out of the archive by '..'"),
        ("assets/../../x", "leads out of the archive by '..'"),
        ("assets/..\\..\\x", "leads out of the archive by '..'"),
        ("/etc/passwd", "has a path that is absolute"),
        ("C:\\x", "has a path that is absolute"),
        ("assets/model.pkl", "may hold pickled or other code; if you trust it, give --allow-code"),
        ("assets/array.npy", "may hold pickled or other code"),
        ("assets/lib.so", "may hold pickled or other code"),
    ],
)
def test_an_entry_that_leads_elsewhere_or_holds_code_is_refused(
    keras3: Any, tmp_path: Path, entry: str, words: str
) -> None:
    path = zipped(tmp_path / "m.keras", {**good_entries(), entry: b"x"})
    refused(path, keras3, words)


def test_a_symbolic_link_a_double_and_an_encrypted_entry_are_refused(
    keras3: Any, tmp_path: Path
) -> None:
    path = zipped(tmp_path / "link.keras", good_entries())
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "/etc")
    refused(path, keras3, "is a symbolic link")
    path = zipped(tmp_path / "double.keras", good_entries())
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", "{}")
    refused(path, keras3, "'config.json' stands twice")
    path = zipped(tmp_path / "locked.keras", good_entries())
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused(path, keras3, "is encrypted")
    path = zipped(tmp_path / "lzma.keras", good_entries(), zipfile.ZIP_LZMA)
    refused(path, keras3, "compressed in a way that Keras does not use")


def test_too_many_entries_are_refused(
    keras3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 2)
    refused(zipped(tmp_path / "m.keras", good_entries()), keras3, "has 3 entries, more than 2")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a zip archive, as a .keras file is"),
        (b"no zip", "is not a zip archive"),
        (b"PK\x03\x04 and no more", "is a broken or truncated zip archive"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file; name it .h5"),
    ],
)
def test_what_is_no_archive_says_what_it_is(
    keras3: Any, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(content)
    refused(path, keras3, words)
    assert detect_engine(path) is None


def test_a_real_file_cut_off_anywhere_is_refused(saved: Any, tmp_path: Path) -> None:
    for name in ("m.keras", "m.h5", "m.json"):
        whole = (saved.folder / name).read_bytes()
        for share in (0.0, 0.1, 0.5, 0.9, 0.999):
            path = tmp_path / name
            path.write_bytes(whole[: int(len(whole) * share)])
            refused(path, saved.engine, name)


def test_a_real_file_with_broken_bytes_is_refused_or_loads(saved: Any, tmp_path: Path) -> None:
    whole = (saved.folder / "m.keras").read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 4):
            data[place] = rng.integers(0, 256)
        path = tmp_path / "m.keras"
        path.write_bytes(data)
        examine_alone(path, saved.engine)


def examine_alone(path: Path, engine: Any) -> None:
    from lstm_state_probe.model.load import keras_file

    try:
        keras_file.examine(path, engine, How())
    except ModelError:
        return


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_an_archive_that_is_no_model_says_what_is_missing(
    keras3: Any, tmp_path: Path, missing: str
) -> None:
    entries = {name: part for name, part in good_entries().items() if name != missing}
    refused(zipped(tmp_path / "m.keras", entries), keras3, f"it has no '{missing}'")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"{", "is not valid JSON"),
        (b"[1]", "holds a list, expected a mapping"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested more than 200 levels deep"),
        (b"[" * 500_000, "nested more than 200 levels deep"),
        (b"\xff\xfe", "is not valid JSON"),
        ('{"a": 1}'.encode("utf-16"), "is not valid JSON"),
        (b'{"a": ' + b'\\"' * 4_000_000, "is not valid JSON"),
        (b'"' * 4_000_001 + b"\\", "is not valid JSON"),
        (b'{"a": [' + b"[]," * 1_000_000, "has more than 1,000,000 lists and mappings"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused(
    keras3: Any, tmp_path: Path, config: bytes, words: str
) -> None:
    path = zipped(tmp_path / "m.keras", {**good_entries(), "config.json": config})
    refused(path, keras3, words)
    (tmp_path / "m.json").write_bytes(config)
    refused(tmp_path / "m.json", keras3, words)


def test_depth_counts_brackets_outside_texts_alone() -> None:
    assert read_json(b'{"a": "[[[[\\"{{{{"}', "x") == {"a": '[[[["{{{{'}
    level = MOST_LEVELS - 1
    assert read_json(b'{"a":' + b"[" * level + b"]" * level + b"}", "x")
    with pytest.raises(ModelError):
        read_json(b'{"a":' + b"[" * (level + 1) + b"]" * (level + 1) + b"}", "x")


def layer(config: Any, index: int) -> Any:
    return config["config"]["layers"][index]["config"]


def test_layers_and_inputs_beyond_the_memory_are_refused(saved: Any, rewrite: Any) -> None:
    def wide(config: Any) -> None:
        layer(config, 1)["units"] = 10**12

    def large_input(config: Any) -> None:
        first = layer(config, 0)
        first["batch_shape" if "batch_shape" in first else "batch_input_shape"] = [10**6] * 3

    def unrolled(config: Any) -> None:
        layer(config, 1)["unroll"] = True
        config["config"]["build_input_shape"] = [1, 10**6, 1]

    source = saved.folder / "m.keras"
    refused(rewrite(source, wide), saved.engine, "the widest layer's states would take")
    refused(rewrite(source, large_input), saved.engine, "one batch of an input would take")
    refused(rewrite(source, unrolled), saved.engine, "unrolls 1,000,000 timesteps")


def test_weights_beyond_the_memory_are_refused_before_they_are_made(
    saved: Any, tmp_path: Path
) -> None:
    config = json.loads((saved.folder / "m.json").read_text(encoding="utf-8"))
    layer(config, 1)["units"] = 3_000_000  # 36 TB of kernel, and states that fit
    path = tmp_path / "m.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ModelError, match=r"a recurrent kernel would take \d+\.\d TiB"):
        load_model(path, saved.engine)


def test_an_array_that_declares_more_than_the_memory_is_refused(
    keras3: Any, tmp_path: Path
) -> None:
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_dataset("huge", (1 << 44,), "f4", chunks=(1024,))
    path = zipped(tmp_path / "m.keras", {**good_entries(), "model.weights.h5": weights.getvalue()})
    refused(path, keras3, "the datasets up to '/huge' would take 64.0 TiB")
    (tmp_path / "w.h5").write_bytes(weights.getvalue())
    refused(tmp_path / "w.h5", keras3, "would take 64.0 TiB")


def test_an_array_that_takes_far_more_memory_than_it_takes_in_the_file_is_refused(
    keras3: Any, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.create_dataset("w", (1 << 26,), "f4", chunks=(1024,))  # 256 MiB, of which none exist
        file.create_dataset("v", data=np.ones(100), compression="gzip")
    refused(tmp_path / "m.h5", keras3, "'/w' would take 256.0 MiB, more than 100 times its size")


def linked(file: Any, folder: Path) -> dict[str, Callable[[], None]]:
    def external() -> None:
        file["a"] = h5py.ExternalLink("/etc/passwd", "/x")

    def soft() -> None:
        file["a"] = h5py.SoftLink("/a")

    def virtual() -> None:
        layout = h5py.VirtualLayout((2,), "f4")
        layout[:] = h5py.VirtualSource(str(folder / "other.h5"), "x", (2,))
        file.create_virtual_dataset("a", layout)

    def outside() -> None:
        file.create_dataset("a", (2,), "f4", external=[(str(folder / "raw"), 0, 8)])

    return {"external": external, "soft": soft, "virtual": virtual, "outside": outside}


@pytest.mark.parametrize("kind", ["external", "soft", "virtual", "outside"])
def test_what_lies_outside_an_hdf5_file_is_not_read(keras3: Any, tmp_path: Path, kind: str) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        linked(file, tmp_path)[kind]()
    told = refused(tmp_path / "m.h5", keras3, "/a")
    assert "another file" in told


def test_a_circle_of_groups_ends(keras3: Any, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        group = file.create_group("a")
        group["again"] = file["/"]
    refused(tmp_path / "m.h5", keras3, "holds weights without a model")


LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}}
MARSHALLED = {"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (LAMBDA, "holds a Lambda layer, which is Python code; if you trust it, give --allow-code"),
        (MARSHALLED, "a lambda, which is marshalled Python code"),
        ({"class_name": "Lambda", "config": {}}, "a Lambda layer"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {}}, "a TFSMLayer"),
        (
            {"module": "os", "class_name": "function", "config": "system"},
            "needs the custom object 'system'",
        ),
        (
            {"module": "builtins", "class_name": "function", "config": "exec"},
            "needs the custom object 'exec'",
        ),
        (
            {"module": "keras.utils", "class_name": "function", "config": "get_file"},
            "needs the custom object 'get_file'",
        ),
        (
            {"module": "subprocess", "class_name": "Popen", "config": {"args": "x"}},
            "needs the custom object 'Popen', which Python code must define: give --custom-objects"
            " FILE, or in a scenario list the file under custom_objects and give --allow-code",
        ),
        (
            {"module": "a", "class_name": "C", "config": {}, "registered_name": "mine>C"},
            "needs the custom object 'mine>C'",
        ),
        ({"class_name": "Mine", "config": {}}, "needs the custom object 'Mine'"),
        (
            {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
            "a call of the TensorFlow function 'io.write_file'",
        ),
        (
            {"class_name": "TFOpLambda", "config": {"function": "py_function"}},
            "a call of the TensorFlow function 'py_function'",
        ),
        (
            {
                "module": "keras.layers",
                "class_name": "StringLookup",
                "config": {"vocabulary": "/etc/passwd"},
            },
            "a layer that reads the file '/etc/passwd'",
        ),
        (
            {"class_name": "__typespec__", "module": "os", "spec_name": "x", "config": []},
            "needs the custom object '__typespec__'",
        ),
    ],
)
def test_what_would_run_code_is_refused_however_deep_it_lies(
    saved: Any, rewrite: Any, tmp_path: Path, node: Any, words: str
) -> None:
    def hidden(config: Any) -> None:
        layer(config, -1)["kernel_constraint"] = [{"deep": node}]

    refused(rewrite(saved.folder / "m.keras", hidden), saved.engine, words)
    config = json.loads((saved.folder / "m.json").read_text(encoding="utf-8"))
    hidden(config)
    (tmp_path / "m.json").write_text(json.dumps(config), encoding="utf-8")
    refused(tmp_path / "m.json", saved.engine, words)


def test_ordinary_functions_and_classes_of_keras_pass(engine: Any) -> None:
    trust = Trust(engine, How())
    function = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    for node in (
        {**function, "config": "relu"},
        {"module": "keras.losses", "class_name": "function", "config": "mean_squared_error"},
        {"module": "keras.src.ops.numpy", "class_name": "GetItem", "config": {}},
        {"module": "keras.engine.functional", "class_name": "Functional", "config": {}},
        {"class_name": "TFOpLambda", "config": {"function": "__operators__.add"}},
        {"class_name": "TFOpLambda", "config": {"function": "reshape"}},
        {"class_name": "LSTM", "config": {}},
        {"class_name": "__tuple__", "items": []},
        {"class_name": "GlorotUniform", "config": {}},
        {"class_name": "ExponentialDecay", "config": {}},
    ):
        trust.examine({"a": [node]}, "x")


def test_an_object_that_was_given_passes_and_the_nearest_name_is_told(engine: Any) -> None:
    config = {"class_name": "mine>Cell", "config": {}}
    Trust(engine, How(custom={"mine>Cell": object})).examine(config, "x")
    with pytest.raises(
        ModelError, match=r"list the file under custom_objects; did you mean 'mine>Cel'"
    ):
        Trust(engine, How(allow_code=True, custom={"mine>Cel": object})).examine(config, "x")


def test_code_runs_with_the_flag_alone(saved: Any, tmp_path: Path) -> None:
    keras = saved.engine.keras
    model = keras.Sequential(
        [keras.Input((2,)), keras.layers.Lambda(lambda x: x * 3.0, output_shape=(2,))]
    )
    for name in ("m.keras", "m.h5"):
        model.save(str(tmp_path / name))
        refused(tmp_path / name, saved.engine, "holds a Lambda layer")
        found = load_model(tmp_path / name, saved.engine, allow_code=True)
        np.testing.assert_array_equal(np.asarray(found(np.ones((1, 2), "f4"))), [[3.0, 3.0]])


def test_what_is_neither_file_nor_folder_is_refused(keras3: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    refused(tmp_path / "pipe.keras", keras3, "it is not a file")
    assert detect_engine(tmp_path / "pipe.keras") is None


def test_a_second_name_of_a_class_is_looked_at_like_the_first(
    engine_named: Callable[[str], Any], tmp_path: Path
) -> None:
    layer = {"module": "keras.layers", "class_name": "Nothing", "registered_name": "Lambda"}
    config = {"class_name": "Sequential", "config": {"layers": [{**layer, "config": {}}]}}
    (tmp_path / "m.json").write_text(json.dumps({**config, "keras_version": "2.15.0"}))
    refused(tmp_path / "m.json", engine_named("tf_keras"), "a Lambda layer, which is Python code")
