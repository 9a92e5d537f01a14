"""`probe inspect` and `probe init --from` on files that Keras itself saved."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from jsonschema import validate

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.engines import Engine
from lstm_state_probe.inspection.report.document import inspection_schema

ON = {"stateful": True}


def chain(keras: Any) -> Any:
    K = keras.layers
    layers = [keras.Input(batch_shape=(2, 5, 3)), K.LSTM(3, name="lstm", **ON), K.Dense(1)]
    return keras.Sequential(layers, name="chain")


def several(keras: Any) -> Any:
    K = keras.layers
    x, ids = keras.Input((None, 3), name="x"), keras.Input((None,), name="ids", dtype="int32")
    h = keras.Input((2,), name="h")
    table = K.Embedding(9, 3, mask_zero=True, name="words")
    outputs = [K.LSTM(2, name="lstm")(x, initial_state=[h, h]), K.GRU(2, name="gru")(table(ids))]
    return keras.Model([x, ids, h], outputs, name="several")


def bidirectional(keras: Any) -> Any:
    K = keras.layers
    both = K.Bidirectional(K.SimpleRNN(2, name="s"), name="both")
    layers = [keras.Input((4, 3)), both, K.Dense(3, activation="softmax")]
    return keras.Sequential(layers, name="both_ways")


def stacked(keras: Any) -> Any:
    K = keras.layers
    cells = K.RNN([K.LSTMCell(2), K.GRUCell(3)], name="rnn", **ON)
    return keras.Sequential([keras.Input(batch_shape=(2, 4, 3)), cells, K.Dense(1)], name="cells")


def slices(keras: Any) -> Any:
    """A nested model, and a stateful layer that the reset of tf_keras does not reach."""
    K = keras.layers
    x = keras.Input(batch_shape=(2, 3, 4, 3), name="slices")
    inner = K.TimeDistributed(K.LSTM(2, **ON), name="inner")(x)
    return keras.Model(x, K.GRU(2, name="gru", **ON)(inner), name="nested")


MODELS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "chain": (chain, "binary_crossentropy"),
    "several": (several, ["mse", "mse"]),
    "bidirectional": (bidirectional, "sparse_categorical_crossentropy"),
    "stacked": (stacked, "mean_squared_error"),
    "slices": (slices, None),
}


@pytest.fixture(scope="module")
def folder(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with each model as a .keras file, saved by the engine."""
    path = tmp_path_factory.mktemp(engine.name)
    for name, (make, loss) in MODELS.items():
        model = make(engine.keras)
        if loss is not None:
            model.compile("sgd", loss)
        model.save(str(path / f"{name}.keras"))
    yield path
    engine.clear()


def test_a_model_is_shown_and_its_file_left_alone(
    folder: Path, engine: Engine, capsys: Any
) -> None:
    file = folder / "chain.keras"
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    assert run_command_line(["inspect", str(file)]) == 0
    out = capsys.readouterr().out
    for words in (f"'chain', {engine.name}", "lstm", "stateful, batch 2", "carried from the first"):
        assert words in out
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert sorted(p.name for p in folder.glob("*.keras")) == sorted(f"{n}.keras" for n in MODELS)


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_terminal_and_no_colour_is_plain(
    folder: Path, width: int, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    assert run_command_line(["inspect", str(folder / "slices.keras")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= width
    plain = " ".join(out.split())
    assert all(word in plain for word in ("inner", "gru", "TimeDistributed 'inner'", "2 units"))


def test_json_conforms_to_its_schema_and_equals_the_report(
    folder: Path, tmp_path: Path, capsys: Any
) -> None:
    report = tmp_path / "found.json"
    for name in MODELS:
        words = ["inspect", str(folder / f"{name}.keras"), "--json", "--report", str(report)]
        assert run_command_line(words) == 0
        document = json.loads(capsys.readouterr().out)
        assert document == json.loads(report.read_text(encoding="utf-8"))
        validate(document, inspection_schema())
        assert document["layers"]
    assert run_command_line(["schema", "--inspection"]) == 0
    assert json.loads(capsys.readouterr().out) == inspection_schema()
    assert run_command_line(["schema", "--inspection", "--report"]) == 2


def test_inputs_come_from_files(folder: Path, tmp_path: Path, capsys: Any) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 4, 3)))
    np.save(tmp_path / "h.npy", np.full((3, 2), 0.5))
    np.savez(tmp_path / "all.npz", ids=np.ones((3, 4), int))
    words = [f"x={tmp_path}/x.npy", f"h={tmp_path}/h.npy", f"{tmp_path}/all.npz"]
    given = [word for text in words for word in ("--input", text)]
    given[-1] = f"ids={given[-1]}:ids"
    assert run_command_line(["inspect", str(folder / "several.keras"), "--json", *given]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [used["generated"] for used in document["inputs"]] == [False] * 3
    start = document["layers"][0]["calls"][0]["states"]["h"]
    assert (start["origin"], start["initial"]) == ("given", [[0.5, 0.5]] * 3)


def test_sizes_that_the_model_leaves_open_can_be_chosen(folder: Path, capsys: Any) -> None:
    words = ["--json", "--batch-size", "4", "--timesteps", "9"]
    assert run_command_line(["inspect", str(folder / "several.keras"), *words]) == 0
    shapes = {u["name"]: u["shape"] for u in json.loads(capsys.readouterr().out)["inputs"]}
    assert shapes == {"x": [4, 9, 3], "ids": [4, 9], "h": [4, 2]}


@pytest.mark.parametrize("name", MODELS)
def test_a_scenario_that_init_writes_passes(
    folder: Path, name: str, tmp_path: Path, capsys: Any
) -> None:
    target = tmp_path / f"{name}.yaml"
    words = ["init", "--from", str(folder / f"{name}.keras"), str(target)]
    assert run_command_line(words) == 0
    assert run_command_line(words) == 2, "it is there already"
    assert run_command_line(["run", str(target), "-q"]) == 0, capsys.readouterr().out
    text = target.read_text(encoding="utf-8")
    assert "1 passed" in capsys.readouterr().out
    assert "label: second call" in text
    assert ("train_on_batch" in text) is (MODELS[name][1] is not None)
    assert ("reset_states" in text) is (name in ("chain", "stacked", "slices"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chian.keras"], "no such model: .*chian.keras.; did you mean 'chain.keras'"),
        (["chain.keras", "--batch-size", "3"], r"built for a batch of 2, not 3: .*\(2, 5, 3\)"),
        (["chain.keras", "--input", "no.npy"], "no such input"),
        (["chain.keras", "--input", "a.txt"], "allowed: .npy, .npz, .csv"),
        (["chain.keras", "--input", "wide.npy"], r"\(2, 5, 9\); the model takes .*\(2, 5, 3\)"),
        (["several.keras", "--input", "wide.npy"], "takes 3 inputs, by name: x: "),
        (["several.keras", "--input", "y=wide.npy"], "takes no input 'y'"),
        (["several.keras", "--input", "x=wide.npy"], "the input 'ids' is missing"),
        (["chain.keras", "--custom-objects", "c.py"], "Python code; if you trust it"),
        (["chain.keras", "--report", "r.md"], "no report writer for 'r.md'"),
        (["chain.keras", "--report", "no/r.json"], "no folder 'no'"),
        (["dense.keras"], "has no recurrent layers: its layers are Dense"),
    ],
)
def test_what_is_wrong_is_told_and_exits_with_2(
    engine: Engine,
    folder: Path,
    words: list[str],
    told: str,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    np.save("wide.npy", np.zeros((2, 5, 9)))
    Path("a.txt").write_text("1", encoding="utf-8")
    if words == ["dense.keras"]:
        keras = engine.keras
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save("dense.keras")
    assert run_command_line(["inspect", *words]) == 2
    assert re.search(told, capsys.readouterr().err)


def test_options_of_a_model_go_with_from_alone(tmp_path: Path, capsys: Any) -> None:
    assert run_command_line(["init", str(tmp_path / "s.yaml"), "--batch-size", "3"]) == 2
    assert "--batch-size goes with --from" in capsys.readouterr().err


def test_init_from_a_model_with_given_inputs_names_the_file(
    folder: Path, tmp_path: Path, capsys: Any
) -> None:
    np.save(tmp_path / "mine.npy", np.ones((2, 5, 3), np.float32))
    target = tmp_path / "s.yaml"
    words = ["--from", str(folder / "chain.keras"), "--input", str(tmp_path / "mine.npy")]
    assert run_command_line(["init", str(target), *words]) == 0
    assert "x: {file: mine.npy}" in target.read_text(encoding="utf-8")
    assert run_command_line(["run", str(target), "-q"]) == 0, capsys.readouterr().out


CELLS = """
class Half(keras.layers.SimpleRNNCell):
    def get_initial_state(self, *args, **kwargs):
        import tensorflow as tf

        print("from the user's own code")
        batch = kwargs["batch_size"] if "batch_size" in kwargs else args[0]
        return [tf.fill((batch, 2), 0.5)]
"""


def test_own_classes_are_told_on_the_command_line_and_may_print(
    engine: Engine, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"keras": engine.keras}
    exec(CELLS, names)
    Path("cells.py").write_text(CELLS, encoding="utf-8")
    keras = engine.keras
    layers = [keras.Input((4, 3)), keras.layers.RNN(names["Half"](2), name="rnn")]
    keras.Sequential(layers, name="own").save("own.keras")
    given = ["own.keras", "--custom-objects", "cells.py"]
    assert run_command_line(["inspect", *given]) == 2
    capsys.readouterr()  # tf_keras ran the cell when the model was made
    assert run_command_line(["inspect", *given, "--allow-code", "--json"]) == 0
    shown = capsys.readouterr()
    (layer,) = json.loads(shown.out)["layers"]
    assert (layer["kind"], layer["states"][0]["origin"]) == ("RNN(Half)", "custom")
    assert "from the user's own code" in shown.err
    assert run_command_line(["init", "own.yaml", "--from", *given, "--allow-code"]) == 0
    assert run_command_line(["run", "own.yaml", "-q"]) == 2
    assert run_command_line(["run", "own.yaml", "-q", "--allow-code"]) == 0, capsys.readouterr().out


def test_weights_of_another_file_are_loaded_into_an_architecture(
    engine: Engine, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = chain(engine.keras)
    Path("chain.json").write_text(model.to_json(), encoding="utf-8")
    model.save_weights("chain.weights.h5")
    model.save("chain.keras")
    documents = []
    for words in (["chain.json", "--weights", "chain.weights.h5"], ["chain.keras"]):
        assert run_command_line(["inspect", *words, "--json", "--engine", engine.name]) == 0
        documents.append(json.loads(capsys.readouterr().out))
    assert documents[0]["layers"] == documents[1]["layers"]
    words = ["--from", "chain.json", "--weights", "chain.weights.h5", "--engine", engine.name]
    assert run_command_line(["init", "chain.yaml", *words]) == 0
    assert "weights: chain.weights.h5" in Path("chain.yaml").read_text(encoding="utf-8")
    assert run_command_line(["run", "chain.yaml", "-q"]) == 0, capsys.readouterr().out


def test_a_call_that_keras_refuses_exits_with_3_and_still_shows_the_layers(
    folder: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lstm_state_probe.inspection.calls as calls

    def refuse(*args: Any) -> Any:
        raise ValueError("no such luck")

    monkeypatch.setattr(calls, "_prediction", lambda *args: refuse)
    assert run_command_line(["inspect", str(folder / "chain.keras")]) == 3
    out = capsys.readouterr().out
    assert "the first call fails: ValueError: no such luck" in out
    assert "stateful, batch 2" in out
    words = ["init", "--from", str(folder / "chain.keras"), str(tmp_path / "s.yaml")]
    assert run_command_line(words) == 3
    assert not (tmp_path / "s.yaml").exists()


def test_help_needs_no_tensorflow() -> None:
    code = (
        "import sys; from lstm_state_probe.cli import run_command_line as run;"
        "run(['inspect', '--help']); run(['schema', '--inspection']);"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--custom-objects FILE" in done.stdout


def test_every_option_of_inspect_is_documented() -> None:
    from lstm_state_probe.cli.inspect import inspect

    page = (Path(__file__).parent.parent.parent / "docs" / "inspect.md").read_text(encoding="utf-8")
    for parameter in inspect.params:
        if isinstance(parameter, click.Option):
            assert any(f"`{option}" in page for option in parameter.opts), parameter.opts
