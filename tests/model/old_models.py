"""Saved models as older versions wrote them, made of new ones: one function a model, by name.

Run as a script it writes them all into a folder: `python tests/model/old_models.py FOLDER`.
"""

from __future__ import annotations

import base64
import json
import marshal
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tf_keras

Make = Callable[[Path], Path]


def _keras1_lstm(name: str, units: int, **more: Any) -> dict[str, Any]:
    config = {
        "name": name,
        "trainable": True,
        "output_dim": units,
        "init": "glorot_uniform",
        "inner_init": "orthogonal",
        "forget_bias_init": "one",
        "activation": "tanh",
        "inner_activation": "hard_sigmoid",
        "return_sequences": False,
        "go_backwards": False,
        "stateful": False,
        "unroll": False,
        "consume_less": "cpu",
        "W_regularizer": None,
        "U_regularizer": None,
        "b_regularizer": None,
        "dropout_W": 0.0,
        "dropout_U": 0.0,
    }
    return config | more


_KERAS1_DENSE = {"name": "dense_1", "output_dim": 1, "init": "glorot_uniform", "bias": True}
_KERAS1 = [
    {"class_name": "LSTM", "config": _keras1_lstm("lstm_1", 4, batch_input_shape=[None, 5, 3])},
    {"class_name": "Dense", "config": _KERAS1_DENSE},
]


def _json(path: Path, config: Any) -> Path:
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def keras_1_json(path: Path) -> Path:
    """A chain of Keras 1.2, as its `to_json` wrote it."""
    config = {"class_name": "Sequential", "keras_version": "1.2.2", "config": _KERAS1}
    return _json(path.with_suffix(".json"), config)


def keras_1_graph_json(path: Path) -> Path:
    """A functional model of Keras 1, without its version, as `get_config` gave it."""
    lstm = {**_KERAS1[0], "name": "lstm_1", "inbound_nodes": [[["input_1", 0, 0]]]}
    entry = {
        "class_name": "InputLayer",
        "config": {"name": "input_1", "batch_input_shape": [None, 5, 3], "input_dtype": "float32"},
        "name": "input_1",
        "inbound_nodes": [],
    }
    config = {
        "name": "model_1",
        "layers": [entry, lstm],
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["lstm_1", 0, 0]],
    }
    return _json(path.with_suffix(".json"), {"class_name": "Model", "config": config})


def keras_03_json(path: Path) -> Path:
    """A chain of Keras 0.3: the class of each layer is its `name`."""
    lstm = _keras1_lstm("LSTM", 4, input_shape=[5, 3], truncate_gradient=-1)
    dense = {**_KERAS1_DENSE, "name": "Dense"}
    config = {"name": "Sequential", "layers": [lstm, dense], "class_mode": "binary", "loss": "mse"}
    return _json(path.with_suffix(".json"), config)


def keras_1_h5(path: Path) -> Path:
    """A chain of Keras 1 with its weights, twelve arrays an LSTM."""
    path = path.with_suffix(".h5")
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": _KERAS1})
        file.attrs["keras_version"] = "1.1.1"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"lstm_1"]
        group = weights.create_group("lstm_1")
        names = [f"lstm_1_{part}_{gate}" for gate in "icfo" for part in "WUb"]
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name in names:
            shape = {"W": (3, 4), "U": (4, 4), "b": (4,)}[name.split("_")[2]]
            group.create_dataset(name, data=np.zeros(shape, np.float32))
    return path


def _keras2_h5(path: Path, model: Any, version: str, forget: tuple[str, ...]) -> Path:
    """Save a model, and make of it what Keras 2.0 to 2.2 wrote: a list of layers, fewer keys."""
    path = path.with_suffix(".h5")
    model.save(str(path))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        if config["class_name"] == "Sequential":
            layers = config["config"]["layers"]
            shape = layers.pop(0)["config"]["batch_input_shape"]
            layers[0]["config"]["batch_input_shape"] = shape
            config["config"] = layers
        else:
            config["class_name"], layers = "Model", config["config"]["layers"]
        for layer in layers:
            inner = layer["config"]
            layer["config"] = {key: v for key, v in inner.items() if key not in forget}
            if "implementation" in inner:
                layer["config"]["implementation"] = 0
        file.attrs["model_config"] = json.dumps(config).encode()
        for owner in (file, file["model_weights"]):
            owner.attrs["keras_version"] = version.encode()
    return path


_SINCE_20 = ("reset_after", "return_state", "time_major", "dtype", "registered_name", "ragged")


def keras_20_lstm_h5(path: Path) -> Path:
    """An LSTM of Keras 2.0, compiled."""
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [tf_keras.Input((5, 3)), layers.LSTM(4, stateful=False), layers.Dense(1)]
    )
    model.compile(tf_keras.optimizers.legacy.Adam(), "mse")
    return _keras2_h5(path, model, "2.0.8", _SINCE_20)


def keras_20_gru_h5(path: Path) -> Path:
    """A GRU of Keras 2.0, which knew no `reset_after`: one row of biases."""
    gru = tf_keras.layers.GRU(4, reset_after=False, bias_initializer="normal")
    return _keras2_h5(path, tf_keras.Sequential([tf_keras.Input((5, 3)), gru]), "2.0.2", _SINCE_20)


def keras_20_graph_h5(path: Path) -> Path:
    """A functional model of Keras 2.0, whose class was `Model`."""
    layers = tf_keras.layers
    words = tf_keras.Input((6,))
    x = layers.Embedding(10, 3, mask_zero=True)(words)
    both = layers.Bidirectional(layers.GRU(2, reset_after=False, return_sequences=True))(x)
    model = tf_keras.Model(words, layers.LSTM(2)(both))
    return _keras2_h5(path, model, "2.0.6", ("return_state", "time_major", "ragged"))


def tf_1_h5(path: Path) -> Path:
    """What `tf.keras` of TensorFlow 1.14 wrote."""
    model = tf_keras.Sequential([tf_keras.Input(batch_shape=(2, 5, 3))])
    model.add(tf_keras.layers.LSTM(4, stateful=True, return_sequences=True))
    model.add(tf_keras.layers.TimeDistributed(tf_keras.layers.Dense(1)))
    return _keras2_h5(path, model, "2.2.4-tf", ("time_major",))


def cudnn(kind: str) -> Any:
    """Return the class of `tf_keras` that only a GPU can run."""
    from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm

    return {"LSTM": cudnn_lstm.CuDNNLSTM, "GRU": cudnn_gru.CuDNNGRU}[kind]


def cudnn_model(**more: Any) -> Any:
    """Make a model of layers that only a GPU can run, with biases of which no two are equal."""
    layers, lstm, gru = tf_keras.layers, cudnn("LSTM"), cudnn("GRU")
    inner = tf_keras.Sequential(
        [tf_keras.Input((5, 3)), lstm(3, return_sequences=True, name="deep")], name="inner"
    )
    model = tf_keras.Sequential(
        [
            tf_keras.Input(batch_shape=(2, 5, 3)),
            inner,
            lstm(4, return_sequences=True, stateful=True, name="fast"),
            layers.Bidirectional(gru(3, return_sequences=True), name="both"),
            gru(2, go_backwards=True, name="last"),
        ]
    )
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def cudnn_h5(path: Path) -> Path:
    """A whole model of Keras 2.2, trained on a GPU."""
    model, path = cudnn_model(), path.with_suffix(".h5")
    model.compile(tf_keras.optimizers.legacy.Adam(), "mse")
    model.save(str(path))
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = file["model_weights"].attrs["keras_version"] = b"2.2.4"
    return path


def cudnn_json(path: Path) -> Path:
    """An architecture with the weights of a GPU beside it."""
    model = cudnn_model()
    model.save_weights(str(path.with_name("gpu.h5")))
    path.with_suffix(".json").write_text(model.to_json(), encoding="utf-8")
    return path.with_suffix(".json")


def savedmodel_model() -> Any:
    """Make a stateful model, and move its states."""
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input(batch_shape=(2, 5, 3)),
            layers.LSTM(4, stateful=True, return_sequences=True, name="lstm"),
            layers.GRU(2, name="gru"),
        ]
    )
    model.compile("adam", "mse")
    model.predict(np.ones((2, 5, 3)), verbose=0)
    return model


def as_tf_23(folder: Path, *, keep: bool = True) -> Path:
    """Put the metadata of the layers into the graph file, as TensorFlow 2.0 to 2.4 did."""
    from tensorflow.core.protobuf import saved_model_pb2
    from tf_keras.protobuf import saved_metadata_pb2

    graph, apart = folder / "saved_model.pb", folder / "keras_metadata.pb"
    saved = saved_model_pb2.SavedModel.FromString(graph.read_bytes())
    metadata = saved_metadata_pb2.SavedMetadata.FromString(apart.read_bytes())
    for node in metadata.nodes if keep else ():
        told = json.loads(node.metadata)
        told.pop("full_save_spec", None)
        if "keras_version" in told:
            told["keras_version"] = "2.4.0"
        object_ = saved.meta_graphs[0].object_graph_def.nodes[node.node_id]
        object_.user_object.metadata = json.dumps(told)
    saved.meta_graphs[0].meta_info_def.tensorflow_version = "2.3.1"
    graph.write_bytes(saved.SerializeToString())
    apart.unlink()
    return folder


def tf_23_folder(path: Path) -> Path:
    """A SavedModel of TensorFlow 2.3: no `keras_metadata.pb`."""
    savedmodel_model().save(str(path), save_format="tf")
    return as_tf_23(path)


def tf_23_functional_folder(path: Path) -> Path:
    """A functional model of TensorFlow 2.3 with a given state and a wrapper."""
    layers = tf_keras.layers
    x, h = tf_keras.Input((5, 3), name="x"), tf_keras.Input((4,), name="h")
    both = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)
    model = tf_keras.Model([x, h], layers.GRU(4, name="gru")(both, initial_state=h))
    model.save(str(path), save_format="tf")
    return as_tf_23(path)


def tf_23_exported_folder(path: Path) -> Path:
    """What `tf.saved_model.save` wrote: graphs alone."""
    savedmodel_model().save(str(path), save_format="tf")
    return as_tf_23(path, keep=False)


def decoder(keras_: Any, kind: str = "LSTM") -> Any:
    """Make the decoder of a translator: states come in and go out, the length is open."""
    layers = keras_.layers
    x = keras_.Input((None, 3), name="words")
    states = [keras_.Input((4,), name=name) for name in ("h_in", "c_in")[: 1 + (kind == "LSTM")]]
    layer = getattr(layers, kind)(4, return_sequences=True, return_state=True, name="decoder")
    out, *ends = layer(x, initial_state=states)
    out = layers.Dense(5, activation="softmax", name="chosen")(out)
    return keras_.Model([x, *states], [out, *ends])


def decoder_keras(path: Path) -> Path:
    """The decoder of Keras 3."""
    decoder(keras).save(str(path.with_suffix(".keras")))
    return path.with_suffix(".keras")


def decoder_h5(path: Path) -> Path:
    """The decoder of `tf_keras`."""
    decoder(tf_keras, "GRU").save(str(path.with_suffix(".h5")))
    return path.with_suffix(".h5")


def embeddings(keras_: Any) -> Any:
    """Make a model of two embeddings, each with a recurrent layer, of which one masks."""
    layers = keras_.layers
    a, b = keras_.Input((6,), name="a"), keras_.Input((6,), name="b")
    masked = layers.Embedding(10, 3, mask_zero=True, name="masks")(a)
    plain = layers.Embedding(10, 3, name="plain")(b)
    first = layers.LSTM(2, return_sequences=True, name="first")(layers.Dropout(0.1)(masked))
    second = layers.LSTM(2, return_sequences=True, name="second")(plain)
    joined = layers.Concatenate(name="joined")([first, second])
    return keras_.Model([a, b], layers.GRU(2, name="third")(joined))


def embeddings_keras(path: Path) -> Path:
    """Two embeddings of Keras 3, of which one masks."""
    embeddings(keras).save(str(path.with_suffix(".keras")))
    return path.with_suffix(".keras")


def embeddings_h5(path: Path) -> Path:
    """Two embeddings of `tf_keras`, of which one masks."""
    embeddings(tf_keras).save(str(path.with_suffix(".h5")))
    return path.with_suffix(".h5")


def stateful(keras_: Any) -> Any:
    """Make a small stateful model."""
    layers = keras_.layers
    return keras_.Sequential(
        [
            keras_.Input(batch_shape=(2, 5, 3)),
            layers.LSTM(4, stateful=True, return_sequences=True, name="lstm"),
            layers.Bidirectional(layers.GRU(2), name="both"),
        ]
    )


def backslashes(source: Path, target: Path) -> Path:
    """Rewrite a `.keras` file with the separators of Windows, in the archive and in the weights."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.endswith(".h5"):
                content = _weights_with_backslashes(content, target)
            renamed = zipfile.ZipInfo(entry.filename)
            renamed.filename = entry.filename.replace("/", "\\")
            new.writestr(renamed, content)
        extra = zipfile.ZipInfo("assets")
        extra.filename = "assets\\lstm\\words.txt"
        new.writestr(extra, b"")
    return target


def _weights_with_backslashes(content: bytes, beside: Path) -> bytes:
    plain, changed = beside.with_suffix(".a"), beside.with_suffix(".b")
    plain.write_bytes(content)
    with h5py.File(plain) as old, h5py.File(changed, "w") as new:

        def copied(name: str, part: Any) -> None:
            folders, vars_, array = name.partition("/vars")  # Keras made this group by itself
            wanted = folders.replace("/", "\\") + vars_ + array
            if isinstance(part, h5py.Dataset):
                new[wanted] = part[()]
            else:
                new.require_group(wanted)

        old.visititems(copied)
    made = changed.read_bytes()
    plain.unlink()
    changed.unlink()
    return made


def windows_keras(path: Path) -> Path:
    """A `.keras` file of Keras 3 with backslashes in its names."""
    stateful(keras).save(str(path.with_suffix(".plain.keras")))
    return backslashes(path.with_suffix(".plain.keras"), path.with_suffix(".keras"))


def windows_tf_keras(path: Path) -> Path:
    """A `.keras` file of `tf_keras` with backslashes in its names."""
    stateful(tf_keras).save(str(path.with_suffix(".plain.keras")))
    return backslashes(path.with_suffix(".plain.keras"), path.with_suffix(".keras"))


POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 12345678\n"
)


def lfs_keras(path: Path) -> Path:
    """A pointer of Git LFS where a `.keras` file should be."""
    path.with_suffix(".keras").write_text(POINTER, encoding="utf-8")
    return path.with_suffix(".keras")


def lfs_h5(path: Path) -> Path:
    """A pointer of Git LFS where an `.h5` file should be."""
    path.with_suffix(".h5").write_text(POINTER, encoding="utf-8")
    return path.with_suffix(".h5")


def lfs_folder(path: Path) -> Path:
    """A SavedModel of which the variables are a pointer of Git LFS."""
    savedmodel_model().save(str(path), save_format="tf")
    data = path / "variables" / "variables.data-00000-of-00001"
    data.write_text(POINTER, encoding="utf-8")
    return path


PYTHON_38 = (
    "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAk7pAgAAAKkAKQHaAXhyAgAA\n"
    "AHICAAAA+gc8c3RkaW4+2gg8bGFtYmRhPgEAAADzAAAAAA==\n"
)
"""`lambda x: x * 2`, marshalled by Python 3.8."""


def lambda_h5(path: Path, code: str = PYTHON_38) -> Path:
    """A Lambda layer whose function another Python compiled."""
    model = tf_keras.Sequential([tf_keras.Input((5, 3)), tf_keras.layers.LSTM(2, name="lstm")])
    model.add(tf_keras.layers.Lambda(lambda x: x * 2, name="twice"))
    path = path.with_suffix(".h5")
    model.save(str(path))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        layer = config["config"]["layers"][-1]["config"]
        layer["function"] = [code, None, None]
        file.attrs["model_config"] = json.dumps(config)
    return path


def lambda_keras(path: Path, code: str = PYTHON_38) -> Path:
    """A Lambda layer of Keras 3 whose function another Python compiled."""
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(2, name="lstm")])
    model.add(keras.layers.Lambda(lambda x: x * 2, name="twice"))
    source, path = path.with_suffix(".plain.keras"), path.with_suffix(".keras")
    model.save(str(source))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"][-1]["config"]["function"]["config"]["code"] = code
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return path


def own_code() -> str:
    """Marshal `lambda x: x * 2` with this Python."""
    return base64.b64encode(marshal.dumps((lambda x: x * 2).__code__)).decode()


MODELS: dict[str, Make] = {
    make.__name__: make
    for make in (
        *(keras_1_json, keras_1_graph_json, keras_03_json, keras_1_h5),
        *(keras_20_lstm_h5, keras_20_gru_h5, keras_20_graph_h5, tf_1_h5),
        *(cudnn_h5, cudnn_json, tf_23_folder, tf_23_functional_folder, tf_23_exported_folder),
        *(decoder_keras, decoder_h5, embeddings_keras, embeddings_h5),
        *(windows_keras, windows_tf_keras, lfs_keras, lfs_h5, lfs_folder),
        *(lambda_h5, lambda_keras),
    )
}


def write(folder: Path) -> dict[str, Path]:
    """Write every model; return where each is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {name: make(folder / name) for name, make in MODELS.items()}


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])).values():
        print(path)
