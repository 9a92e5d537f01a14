"""Good inputs, from which the bad ones are made."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

FOLDER = Path(__file__).parent / "seeds"
SHIPPED = Path(__file__).parents[2] / "scenarios"
CONFIG: dict[str, Any] = {
    "module": "keras",
    "class_name": "Sequential",
    "registered_name": None,
    "config": {
        "name": "sequential",
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "InputLayer",
                "config": {"batch_shape": [2, 3, 1], "dtype": "float32", "name": "input"},
                "registered_name": None,
            },
            {
                "module": "keras.layers",
                "class_name": "LSTM",
                "config": {"name": "lstm", "units": 2, "stateful": True, "activation": "tanh"},
                "registered_name": None,
                "build_config": {"input_shape": [2, 3, 1]},
            },
        ],
    },
    "compile_config": {
        "optimizer": {
            "module": "keras.optimizers",
            "class_name": "Adam",
            "config": {"learning_rate": 0.1},
            "registered_name": None,
        }
    },
}


def stored(pattern: str) -> list[bytes]:
    """The files beside this one that a run of `probe` wrote."""
    return [path.read_bytes() for path in sorted(FOLDER.glob(pattern))]


def scenarios() -> list[bytes]:
    """The shipped scenarios that are not long."""
    texts = [path.read_bytes() for path in sorted(SHIPPED.glob("*.yaml"))]
    return [text for text in texts if len(text) < 1500]


def model_json() -> list[bytes]:
    """An architecture of each Keras."""
    older = {"class_name": "Sequential", "config": CONFIG["config"], "keras_version": "2.15.0"}
    return [json.dumps(CONFIG).encode(), json.dumps(older).encode()]


def _hdf5(*, whole: bool, libver: str = "earliest", link: bool = False) -> bytes:
    made = io.BytesIO()
    with h5py.File(made, "w", libver=libver) as file:
        if whole:
            file.attrs["keras_version"] = "2.15.0"
            file.attrs["backend"] = b"tensorflow"
            file.attrs["model_config"] = json.dumps(CONFIG)
            file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": []})
        layers = file.create_group("model_weights" if whole else "layers")
        layers.attrs["layer_names"] = np.array([b"lstm", b"dense"])
        lstm = layers.create_group("lstm/lstm")
        lstm.attrs["weight_names"] = np.array([b"kernel:0", b"bias:0"])
        lstm["kernel:0"] = np.arange(8, dtype=np.float32).reshape(1, 8)
        lstm.create_dataset("bias:0", data=np.ones(8, np.float32), chunks=(2,), compression="gzip")
        lstm["words"] = ["a", "b"]
        lstm["scalar"] = 3.0
        if link:
            lstm["same"] = h5py.ExternalLink("other.h5", "/elsewhere")
    return made.getvalue()


def model_h5() -> list[bytes]:
    """A model in the older format of HDF5 files, in a later one, and weights alone."""
    whole = [_hdf5(whole=True), _hdf5(whole=True, libver="latest")]
    return [*whole, _hdf5(whole=False), _hdf5(whole=True, link=True)]


def model_keras() -> list[bytes]:
    """An archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.0"}')
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.writestr("model.weights.h5", _hdf5(whole=False))
    return [made.getvalue()]


def npy() -> list[bytes]:
    """Arrays of several dtypes and orders, and of objects."""
    found = [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.ones((2, 2), np.float16))]
    found += [np.array(True), np.array(["a", "bc"]), np.array([], np.int64), np.array([{}, None])]
    return [_saved(array) for array in found]


def _saved(array: Any) -> bytes:
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


def npz() -> list[bytes]:
    """Archives of arrays, packed and not."""
    packed, plain = io.BytesIO(), io.BytesIO()
    np.savez_compressed(packed, x=np.zeros((2, 3)), y=np.arange(3))
    np.savez(plain, x=np.ones((1, 2, 3), np.float32))
    return [packed.getvalue(), plain.getvalue()]


def states() -> list[bytes]:
    """A file of `save_states`, with a dtype that NumPy does not have."""
    about = {"format": "lstm-state-probe states", "version": 1, "engine": "keras3"}
    about["dtypes"] = {"lstm/h": "float32", "lstm/c": "bfloat16"}  # type: ignore[assignment]
    made = io.BytesIO()
    arrays = {"lstm/h": np.ones((2, 3), np.float32), "lstm/c": np.ones((2, 3), np.uint16)}
    np.savez(made, **arrays, **{"about.json": np.array(json.dumps(about))})
    return [made.getvalue()]


CSV = [b"a,b\n1,2\n3,4.5\n", b"1\n2\n", b"\xef\xbb\xbf1,nan\n-inf,0x1\n"]
PYPROJECT = [
    b"[tool.lstm-state-probe]\nmax-fail = 1\npaths = ['a', 'b']\nvar = {units = 4, x = 'y'}\n",
    b"[tool.lstm-state-probe]\nk = 'lstm and not gru'\nverify = true\nreport = ['a.json']\n"
    b"shard = '1/2'\nformat = 'github'\ntimesteps = 'all'\n",
    b"[tool.lstm-state-probe]\nseed = 1979-05-27T07:32:00Z\ncolor = nan\n"
    b"jobs = 0x7fffffffffffffff\n",
]
VARIABLES = [b"PROBE_MAX_FAIL=3", b"PROBE_K=lstm", b"PROBE_JOBS=2", b"PROBE_VAR=a=1 b=2"]
SELECTORS = [b"lstm/h", b"*/h[-1]@final", b"label: lstm/c@0", b"result", b"rnn/cell0/s1@all"]
EXPRESSIONS = [b"lstm and not (gru or units=8)", b"stateful or slow", b"2/5", b"not not a"]
LAST_RUN = [
    b'{"version": 1, "scenarios": [{"id": "s.yaml::a", "engine": "keras3", "status": "failed",'
    b' "seconds": 1.5}]}'
]
CACHED = [
    b'{"id": "s.yaml::plain", "when": "now", "seconds": 1, "checks": [], "operations": [{'
    b'"operation": "reset_states", "label": null, "line": 1, "column": 1, "raises": null,'
    b' "verdicts": []}]}'
]
