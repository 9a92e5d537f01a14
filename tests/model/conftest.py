"""Models that each engine saved, in every format that it writes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saved_data import X, Y


@dataclass(frozen=True)
class Saved:
    """A trained model of one engine, the folder that it was saved into, and its next outputs."""

    engine: Any
    folder: Path
    outputs: list[np.ndarray]
    states: list[list[np.ndarray]]
    weights: list[np.ndarray]

    def outputs_of(self, model: Any) -> list[np.ndarray]:
        return [np.asarray(model.predict_on_batch(X)) for _ in range(3)]


def made(engine: Any) -> Any:
    """Make and train a model with a stateful layer, a stack of cells and a wrapped layer."""
    keras, layers = engine.keras, engine.keras.layers
    engine.seed(11)
    cells = [layers.LSTMCell(3), layers.GRUCell(2)]
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 3, 2)),
            layers.LSTM(4, stateful=True, return_sequences=True, name="lstm"),
            layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both"),
            layers.RNN(cells, name="rnn"),
            layers.Dense(1, name="dense"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=keras.losses.MeanSquaredError())
    model.train_on_batch(X, Y)
    return model


@pytest.fixture(scope="session")
def saved_by(
    engine_named: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Saved]:
    """Save a model of an engine, once."""
    done: dict[str, Saved] = {}

    def save(name: str) -> Saved:
        if name not in done:
            engine = engine_named(name)
            done[name] = _saved(engine, tmp_path_factory.mktemp(name))
        return done[name]

    return save


def _saved(engine: Any, folder: Path) -> Saved:
    model = made(engine)
    for suffix in ("keras", "h5", "hdf5", "weights.h5"):
        act = model.save_weights if suffix == "weights.h5" else model.save
        act(str(folder / f"m.{suffix}"))
    (folder / "m.json").write_text(model.to_json(), encoding="utf-8")
    if engine.name == "tf_keras":
        model.save(str(folder / "m"), save_format="tf")
    keras = engine.keras
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).export(str(folder / "exported"))
    lstm = model.layers[0]
    engine.reset_layer(lstm)
    outputs, states = [], []
    for _ in range(3):
        outputs.append(np.asarray(model.predict_on_batch(X)))
        states.append(engine.held(lstm))
    return Saved(engine, folder, outputs, states, model.get_weights())


@pytest.fixture(params=["keras3", "tf_keras"])
def saved(request: pytest.FixtureRequest, saved_by: Callable[[str], Saved]) -> Saved:
    """What each engine saved, in turn."""
    return saved_by(request.param)


Rewrite = Callable[..., Path]


@pytest.fixture
def rewrite(tmp_path: Path) -> Rewrite:
    """Copy a `.keras` file with something else in its configuration, or with further entries."""

    def rewrite(
        source: Path,
        change: Callable[[Any], Any] = lambda config: config,
        **entries: bytes,
    ) -> Path:
        target = tmp_path / "changed.keras"
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for name in old.namelist():
                content = old.read(name)
                if name == "config.json":
                    config = json.loads(content)
                    content = json.dumps(change(config) or config).encode()
                new.writestr(name, content)
            for name, content in entries.items():
                new.writestr(name, content)
        return target

    return rewrite
