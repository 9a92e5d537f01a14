"""What in a saved model a Keras stumbles over: found by making its layers one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.model.load import hdf5
from lstm_state_probe.model.load.base import How
from lstm_state_probe.scenario.saved.saved_json import mappings

_MOST = 400
_INNER = re.compile(r".*Exception encountered: ", re.DOTALL)
_LISTED = re.compile(r"\s*(Full object config:|List of objects that could not).*", re.DOTALL)


def stumble(config: Any, engine: Engine, how: How) -> str | None:
    """Name the first layer that cannot be made of its configuration, and why; None if all can.

    The configuration was looked at: making its layers runs no code that loading it does not.
    """
    for layer in _layers(config):
        try:
            engine.keras.layers.deserialize(layer, custom_objects=dict(how.custom))
        except Exception as error:  # noqa: BLE001 - the boundary: Keras may raise anything
            name = layer["config"].get("name") or "without a name"
            return f"the layer {name!r} ({layer['class_name']}): {in_short(error)}"
    return None


def _layers(config: Any) -> Iterator[dict[str, Any]]:
    """Yield the layers of a model and of the models in it, the inner ones first."""
    for part in reversed(list(mappings(config))):
        layers = part.get("layers", part.get("config"))
        for layer in layers if isinstance(layers, list) else ():
            named = isinstance(layer, dict) and isinstance(layer.get("class_name"), str)
            if named and isinstance(layer.get("config"), dict):
                yield layer


def in_short(error: BaseException) -> str:
    """Return an error in Keras's words, without the configuration that it repeats."""
    text = _LISTED.sub("", _INNER.sub("", described(error)))
    if not text.startswith(type(error).__name__):
        text = f"{type(error).__name__}: {text}"
    text = " ".join(text.split())
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"


def missing_weights(path: Path) -> str | None:
    """Name the arrays that an `.h5` file lists for a layer and does not hold.

    Raises:
        ModelError: if it is no HDF5 file.
    """
    name = repr(path.name)
    with hdf5.opened(path, name) as file:
        group = file.get("model_weights", file)
        for layer in _texts(group.attrs, "layer_names"):
            if layer not in group:
                return f"it lists the layer {layer!r} and holds no weights of it"
            for weight in _texts(group[layer].attrs, "weight_names"):
                if weight not in group[layer]:
                    return f"it lists the array {weight!r} of the layer {layer!r} and lacks it"
    return None


def _texts(attributes: Mapping[str, Any], key: str) -> list[str]:
    found = attributes.get(key, ())
    return [text.decode() if isinstance(text, bytes) else str(text) for text in found]
