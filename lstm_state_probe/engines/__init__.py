"""The verbs: what the two Kerases do differently, and nothing else.

An engine never asks which kind of layer it was given. A new engine is one file and one row here.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from lstm_state_probe.engines.base import CallTensors, Engine, Observe
from lstm_state_probe.engines.wrapping import Release
from lstm_state_probe.errors import UsageError, nearest

ENGINES: dict[str, str] = {
    "keras3": "lstm_state_probe.engines.keras3:Keras3",
    "tf_keras": "lstm_state_probe.engines.tf_keras:TfKeras",
}


def load_engine(name: str) -> Engine:
    """Import an engine; this is where TensorFlow is paid for.

    Raises:
        UsageError: for a name that is no engine.
        EngineMissing: if the engine is not installed.
    """
    if name not in ENGINES:
        allowed = ", ".join(ENGINES)
        raise UsageError(f"no engine {name!r}; allowed: {allowed}{nearest(name, ENGINES)}")
    module, _, attribute = ENGINES[name].partition(":")
    return cast(Engine, getattr(import_module(module), attribute)())


__all__ = ["ENGINES", "CallTensors", "Engine", "Observe", "Release", "load_engine"]
