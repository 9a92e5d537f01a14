"""`.h5`: a whole model in HDF5, the older format of both Kerases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError
from lstm_state_probe.model.load import hdf5
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.bytecode import refuse_foreign_code
from lstm_state_probe.model.load.old_layers import of_today
from lstm_state_probe.model.load.policy import with_policy
from lstm_state_probe.model.load.proportions import fit_the_machine
from lstm_state_probe.model.load.trust import Trust
from lstm_state_probe.scenario.saved.saved_json import read_json

_MODEL, _TRAINING = "model_config", "training_config"


def examine(path: Path, engine: Engine, how: How) -> None:
    """Look at a file without Keras, as `Format.examine` says."""
    name = repr(path.name)
    with hdf5.opened(path, name) as file:
        hdf5.examine_datasets(file, name)
        written = hdf5.text_of(file, _MODEL, name)
        if written is None:
            raise ModelError(
                f"{name} holds weights without a model; give them as 'weights' beside the"
                " architecture (load: model.json)"
            )
        found = of_today(read_json(written, f"{_MODEL!r} in {name}"))
        training = hdf5.text_of(file, _TRAINING, name)
        trust = Trust(engine, how)
        trust.examine(found, name)
        if training is not None and how.compile:
            trust.examine(read_json(training, f"{_TRAINING!r} in {name}"), name)
        if how.allow_code:
            refuse_foreign_code(found, name)
        fit_the_machine(found, name)


def load(path: Path, engine: Engine, how: How) -> Any:
    """Have Keras load it, as `Format.load` says."""
    with TemporaryDirectory(prefix="probe-") as folder:
        found = config(path)
        wanted = found if engine.name == "keras3" else of_today(found)
        if how.dtype_policy is not None:
            wanted = with_policy(wanted, how.dtype_policy)
        if wanted != found:
            path = _with_config(path, Path(folder) / path.name, wanted)
        return engine.keras.models.load_model(
            str(path),
            custom_objects=dict(how.custom),
            compile=how.compile,
            safe_mode=not how.allow_code,
        )


def config(path: Path) -> dict[str, Any]:
    """Return the configuration of the model, as `Format.config` says."""
    name = repr(path.name)
    with hdf5.opened(path, name) as file:
        return read_json(hdf5.text_of(file, _MODEL, name) or b"", name)


def _with_config(path: Path, copy: Path, wanted: dict[str, Any]) -> Path:
    """Copy a file with another configuration."""
    import h5py

    shutil.copyfile(path, copy)
    with h5py.File(copy, "r+") as file:
        file.attrs[_MODEL] = json.dumps(wanted)
    return copy
