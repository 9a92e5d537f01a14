"""`.keras`: a zip archive with the configuration and the weights."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError, listed
from lstm_state_probe.foreign import hdf5 as foreign
from lstm_state_probe.model.load import archive, hdf5
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.bytecode import refuse_foreign_code
from lstm_state_probe.model.load.old_layers import fused_layers
from lstm_state_probe.model.load.policy import with_policy
from lstm_state_probe.model.load.proportions import fit_the_machine
from lstm_state_probe.model.load.separators import is_portable, with_portable_names
from lstm_state_probe.model.load.trust import Trust
from lstm_state_probe.scenario.saved.saved_json import read_json

_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError)


def examine(path: Path, engine: Engine, how: How) -> None:
    """Look at a file without Keras, as `Format.examine` says."""
    name = repr(path.name)
    with archive.opened(path) as file:
        archive.examine_entries(file, name, allow_code=how.allow_code)
        found = _config(file, name)
        fused = fused_layers(found)
        if fused:
            raise ModelError(
                f"{name} holds {listed(fused)}, which runs on a GPU alone; save the model as .h5"
                " where it runs, which is loaded as LSTM or GRU"
            )
        if not how.compile:  # Keras leaves it out too
            found.pop("compile_config", None)
        Trust(engine, how).examine(found, name)
        if how.allow_code:
            refuse_foreign_code(found, name)
        fit_the_machine(found, name)
        examine_weights(path, file, name)


def examine_weights(path: Path, file: zipfile.ZipFile, name: str) -> None:
    """Look at the weights in an archive, whose entries were examined.

    Raises:
        ModelError: if they are broken, or too large.
    """
    inner = f"{archive.WEIGHTS!r} in {name}"
    weights = io.BytesIO(_entry(file, archive.WEIGHTS, name))
    foreign.look(path, inner, archive.WEIGHTS, len(weights.getbuffer()))
    with hdf5.opened(weights, inner) as content:
        hdf5.examine_datasets(content, name)


def _config(file: zipfile.ZipFile, name: str) -> dict[str, Any]:
    return read_json(_entry(file, archive.CONFIG, name), f"{archive.CONFIG!r} in {name}")


def _entry(file: zipfile.ZipFile, entry: str, name: str) -> bytes:
    try:
        return file.read(entry)
    except _BROKEN as error:
        raise ModelError(f"{name} is broken: {entry!r} cannot be read ({error})") from error


def config(path: Path) -> dict[str, Any]:
    """Return the configuration of the model, as `Format.config` says."""
    name = repr(path.name)
    with archive.opened(path) as file:
        return _config(file, name)


def load(path: Path, engine: Engine, how: How) -> Any:
    """Have Keras load it, as `Format.load` says."""
    with TemporaryDirectory(prefix="probe-") as folder:
        if not is_portable(path):
            path = with_portable_names(path, Path(folder) / f"portable-{path.name}")
        if how.dtype_policy is not None:
            path = _with_policy(path, Path(folder) / path.name, how.dtype_policy)
        return engine.keras.models.load_model(
            str(path),
            custom_objects=dict(how.custom),
            compile=how.compile,
            safe_mode=not how.allow_code,
        )


def _with_policy(path: Path, copy: Path, policy: str) -> Path:
    """Copy an archive with the policy in its configuration."""
    with archive.opened(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            if entry == archive.CONFIG:
                changed = with_policy(_config(source, repr(path.name)), policy)
                content = json.dumps(changed).encode()
            target.writestr(entry, content)
    return copy
