"""Which trainable weights an initial state was made from, asked inside the call that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.engines.wrapping import plain

Weights = Mapping[int, Mapping[str, Any]]
"""The flat index of a state to the weights that it depends on: their path, and a tensor."""
KERAS = ("keras.", "tf_keras.")


@dataclass
class Start:
    """Watches a layer's own `get_initial_state`; `weights` is what the last call of it read.

    The stock ones of Keras return zeros and are left alone.
    """

    layer: Any
    weights: dict[int, dict[str, Any]] = field(default_factory=dict)

    def methods(self) -> dict[str, Callable[..., Any]]:
        """Return the method to put before the layer's, if one of its cells makes its own start."""
        if not makes_its_start(self.layer):
            return {}
        return {"get_initial_state": plain(self._observed(self.layer.get_initial_state))}

    def take(self) -> Weights:
        """Return what was read since the last time."""
        taken, self.weights = self.weights, {}
        return taken

    def _observed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        import tensorflow as tf

        def get_initial_state(*args: Any, **kwargs: Any) -> Any:
            with tf.GradientTape(persistent=True) as tape:
                result = original(*args, **kwargs)
            named = {_path(weight): weight for weight in self.layer.trainable_weights}
            for index, state in enumerate(tf.nest.flatten(result)):
                self.weights[index] = {
                    path: tf.convert_to_tensor(weight)
                    for path, weight in named.items()
                    if tape.gradient(state, _variable(weight)) is not None
                }
            return result

        return get_initial_state


def makes_its_start(layer: Any) -> bool:
    """Tell whether a layer or one of its cells has a `get_initial_state` that is not Keras's."""
    parts = (layer, layer.cell, *(getattr(layer.cell, "cells", None) or ()))
    methods = (getattr(type(part), "get_initial_state", None) for part in parts)
    modules = (getattr(method, "__module__", None) or "" for method in methods if method)
    return any(not module.startswith(KERAS) for module in modules)


def _path(weight: Any) -> str:
    return str(getattr(weight, "path", weight.name)).removesuffix(":0")


def _variable(weight: Any) -> Any:
    """Return TensorFlow's variable of a weight; Keras 3 has one of its own around it."""
    return getattr(weight, "_value", weight)
