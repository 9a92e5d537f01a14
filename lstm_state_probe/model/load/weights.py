"""Weights from a file of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError, nearest
from lstm_state_probe.model.load import archive, hdf5, keras_file
from lstm_state_probe.model.load.base import How
from lstm_state_probe.scenario.saved.pointers import refuse_pointer

_SUFFIXES = (".h5", ".hdf5", ".keras")


def examine(path: Path, engine: Engine, how: How) -> None:
    """Refuse what is not a file of weights, is broken, or too large.

    Raises:
        ModelError: with the reason.
    """
    name = repr(path.name)
    if engine.name == "tf_keras" and path.with_name(f"{path.name}.index").is_file():
        return  # a checkpoint: tensors alone
    if not path.is_file():
        known = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise ModelError(f"no such file of weights: {name}{nearest(path.name, known)}")
    refuse_pointer(path)
    if path.suffix not in _SUFFIXES:
        raise ModelError(
            f"{name} is not a file of weights; allowed: .weights.h5, .h5, .hdf5, .keras"
        )
    if path.suffix == ".keras":
        with archive.opened(path) as file:
            archive.examine_entries(file, name, allow_code=how.allow_code)
            keras_file.examine_weights(path, file, name)
        return
    with hdf5.opened(path, name) as file:
        hdf5.examine_datasets(file, name)


def load(model: Any, path: Path) -> None:
    """Have Keras load them into a model; what Keras raises goes through."""
    loaded = model.load_weights(str(path))
    if hasattr(loaded, "assert_existing_objects_matched"):  # of a checkpoint, nothing silent
        loaded.assert_existing_objects_matched().expect_partial()
