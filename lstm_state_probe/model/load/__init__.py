"""Models that were saved, on the engine that wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lstm_state_probe.engines import Engine


def load_model(
    path: Path,
    engine: Engine,
    *,
    weights: Path | None = None,
    allow_code: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Load a saved model."""
    custom = dict(custom_objects or {})
    model = engine.keras.models.load_model(
        str(path), custom_objects=custom, safe_mode=not allow_code
    )
    if weights is not None:
        model.load_weights(str(weights))
    return model


def load_own(path: Path, engine: Engine, custom_objects: Mapping[str, Any]) -> Any:
    """Load what this process saved itself; what Keras raises goes through."""
    custom = dict(custom_objects)
    with engine.keras.saving.custom_object_scope(custom):
        return engine.keras.models.load_model(str(path), custom_objects=custom)
