"""A model that a scenario loads."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.errors import CouldNotRun, ProbeError
from lstm_state_probe.model.code import Code
from lstm_state_probe.model.load import load_model
from lstm_state_probe.model.objects import Objects
from lstm_state_probe.scenario.document import Path

_HERE: Path = ("model", "load")


def from_file(objects: Objects, code: Code) -> Any:
    """Load the file that `load` names; what is wrong is told at that key."""
    scenario, spec = objects.scenario, objects.scenario.spec.model
    weights = None if spec.weights is None else scenario.beside(spec.weights)
    try:
        return load_model(
            scenario.beside(spec.load or ""),
            objects.engine,
            weights=weights,
            allow_code=code.allowed,
            custom_objects=code.names,
        )
    except CouldNotRun as error:
        raise CouldNotRun(str(scenario.error(_HERE, str(error)))) from error
    except ProbeError as error:
        raise scenario.error(_HERE, str(error)) from error
