"""`.json`: an architecture, with weights from a file of their own or drawn from the seed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ModelError
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.load.bytecode import refuse_foreign_code
from lstm_state_probe.model.load.old_layers import of_today
from lstm_state_probe.model.load.policy import with_policy
from lstm_state_probe.model.load.proportions import fit_the_machine
from lstm_state_probe.model.load.trust import Trust
from lstm_state_probe.scenario.saved.saved_json import MOST_BYTES, read_json


def config(path: Path) -> dict[str, Any]:
    """Return the architecture, as `Format.config` says."""
    with path.open("rb") as file:
        return read_json(file.read(MOST_BYTES + 1), repr(path.name))


def _read(path: Path, engine: Engine) -> dict[str, Any]:
    return of_today(config(path)) if engine.name == "tf_keras" else config(path)


def examine(path: Path, engine: Engine, how: How) -> None:
    """Look at a file without Keras, as `Format.examine` says."""
    found = _read(path, engine)
    if not isinstance(found.get("class_name"), str):
        raise ModelError(f"{path.name!r} is not an architecture: it names no 'class_name'")
    Trust(engine, how).examine(found, repr(path.name))
    if how.allow_code:
        refuse_foreign_code(found, repr(path.name))
    fit_the_machine(found, repr(path.name))


def load(path: Path, engine: Engine, how: How) -> Any:
    """Leave it uncompiled: an architecture of Keras 3 says the loss, and not the optimizer."""
    found = _read(path, engine)
    found.pop("compile_config", None)
    if how.dtype_policy is not None:
        found = with_policy(found, how.dtype_policy)
    custom, keras = dict(how.custom), engine.keras
    if "module" not in found:  # the older form, which Keras 2 writes
        return keras.models.model_from_json(json.dumps(found), custom_objects=custom)
    return keras.saving.deserialize_keras_object(
        found, custom_objects=custom, safe_mode=not how.allow_code
    )
