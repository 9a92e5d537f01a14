"""A model that a function of the user's makes."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.model.code import Code, engine_of
from lstm_state_probe.model.objects import Objects
from lstm_state_probe.scenario.text.document import Path

_HERE: Path = ("model", "factory")


def from_factory(objects: Objects, code: Code) -> Any:
    """Call the function with its arguments as keywords; they are plain values, never objects.

    Raises:
        ScenarioError: if there is no such function, or it returns no model of this engine.
        CouldNotRun: if it raises.
    """
    spec, path = objects.scenario.spec.model, _HERE
    written = spec.factory or ""
    function = code.function(written, path)
    model = code.attempt(lambda: function(**(spec.arguments or {})), path, f"calling {written!r}")
    if isinstance(model, objects.engine.keras.Model):
        return model
    found, name = engine_of(model), objects.engine.name
    kind = f"a {type(model).__name__}"
    if found is not None and found != name:
        raise objects.scenario.error(
            path,
            f"{written!r} returned {kind} of {found}, the scenario runs on {name}; give"
            f" --engine {found}, or use the name 'keras' that the file is given",
        )
    raise objects.scenario.error(path, f"{written!r} returned {kind}, expected a Keras model")
