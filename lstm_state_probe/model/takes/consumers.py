"""What an input of a model is for: followed through its graph to the layer that looks it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lstm_state_probe.layers.families import is_a
from lstm_state_probe.layers.given import flat

_TABLES = (("Embedding", "input_dim"), ("CategoryEncoding", "num_tokens"))


def lookups(model: Any, tensor: Any) -> list[Any]:
    """List the layers that take the numbers of an input as indices; also in nested models.

    Layers without weights are passed through: they hand on the same numbers, or a part of them.
    """
    found: list[Any] = []
    waiting, seen = [(model, tensor)], set()
    while waiting:
        owner, current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for layer, node in _uses(owner, current):
            inner = _inner(layer)
            if size_of(inner) is not None:
                found.append(inner)
            elif _is_model(inner):
                waiting.append((inner, _entrance(inner, node, current)))
            elif not getattr(inner, "weights", ()):  # an operation of Keras 3 has none
                waiting += [(owner, output) for output in flat(node.outputs)]
    return found


def every_lookup(model: Any) -> list[Any]:
    """List the layers of a model that take indices, wherever they are."""
    return [layer for layer in model._flatten_layers() if size_of(layer) is not None]


def size_of(layer: Any) -> int | None:
    """Return how many indices a layer knows: 0 to this less one; None if it takes none."""
    for kind, attribute in _TABLES:
        if is_a(layer, kind) and getattr(layer, attribute, None):
            return int(getattr(layer, attribute))
    return None


def _uses(model: Any, tensor: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (layer, node) for each use of a symbolic tensor inside a model."""
    for layer in getattr(model, "operations", None) or model.layers:
        for node in layer._inbound_nodes:
            if any(given is tensor for given in _given(node)):
                yield layer, node


def _given(node: Any) -> list[Any]:
    """Return the symbolic tensors that a node was called with."""
    keras2 = getattr(node, "keras_inputs", None)
    return list(keras2 if keras2 is not None else node.input_tensors)


def _inner(layer: Any) -> Any:
    return layer.layer if is_a(layer, "TimeDistributed") else layer


def _is_model(layer: Any) -> bool:
    return is_a(layer, "Functional", "Sequential") and bool(layer.inputs)


def _entrance(model: Any, node: Any, tensor: Any) -> Any:
    """Return the nested model's own tensor for the one that it was called with."""
    position = next(k for k, given in enumerate(_given(node)) if given is tensor)
    return model.inputs[min(position, len(model.inputs) - 1)]


_HANDING_ON = (
    *("InputLayer", "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D"),
    *("GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization"),
)
"""Layers that, where nothing is trained, hand on the very numbers that they get."""


def entered(model: Any, tensor: Any) -> list[Any]:
    """List the layers that get the numbers of an input as they are; also in nested models."""

    def handed_on(layer: Any, node: Any) -> list[Any]:
        same = type(layer).__name__ in _HANDING_ON and not _is_model(layer)
        return flat(node.outputs) if same else []

    return _walked(model, tensor, handed_on)


def following(model: Any, tensor: Any) -> list[Any]:
    """List the layers that see the timesteps of an input, as many or thinned out.

    The way to them leads through tensors of (batch, timesteps, …) alone: not through the last
    output of a recurrent layer, a Flatten or a RepeatVector.
    """

    def timesteps(layer: Any, node: Any) -> list[Any]:
        return [output for output in flat(node.outputs) if len(output.shape) > 2]

    return _walked(model, tensor, timesteps)


def _walked(model: Any, tensor: Any, onward: Callable[[Any, Any], list[Any]]) -> list[Any]:
    """List the layers that get a tensor, or one that leads on from it; into nested models too."""
    found: list[Any] = []
    waiting, seen = [(model, tensor)], set()
    while waiting:
        owner, current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        for layer, node in _uses(owner, current):
            found.append(layer)
            if _is_model(layer):
                waiting.append((layer, _entrance(layer, node, current)))
            waiting += [(owner, output) for output in onward(layer, node)]
    return found
