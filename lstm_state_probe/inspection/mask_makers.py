"""Which layers made the mask that reaches a layer: its inputs are followed back through the graph.

On the way a tensor is followed where Keras marked it with a mask when the model was made. A nested
model was made before it was given masked inputs, so that in it each layer that hands masks on is
followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lstm_state_probe.layers.families import BIDIRECTIONAL, TIME_DISTRIBUTED, is_a
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.layers.given import flat

Owners = tuple[Any, ...]
"""The model that a layer is in, and those around it, the outermost first."""


def makers_of(part: Recurrent, model: Any) -> tuple[str, ...]:
    """Name the layers that make the mask of a layer, and inputs that are given as one.

    There are none where no graph tells, as in a model of a class of its own with several layers
    that make masks.
    """
    places = list(_holders(part.layer, (model,)))
    for marked in (True, False):  # Keras 3 does not mark what a nested model gives
        found = [n for owners, holder in places for n in _uses(owners, holder, marked=marked)]
        if found:
            return tuple(dict.fromkeys(found))
    makers = [layer.name for layer in model._flatten_layers() if _makes(layer)]
    return tuple(makers) if len(makers) == 1 else ()


def _makes(layer: Any) -> bool:
    return is_a(layer, "Masking") or (is_a(layer, "Embedding") and bool(layer.mask_zero))


def _holders(layer: Any, owners: Owners) -> Iterator[tuple[Owners, Any]]:
    """Yield where a layer stands in a graph: alone, or in the wrapper that calls it."""
    for child in getattr(owners[-1], "layers", ()):
        if layer in (child, *_wrapped(child)):
            yield owners, child
        elif _is_graph(child):
            yield from _holders(layer, (*owners, child))


def _wrapped(layer: Any) -> list[Any]:
    if is_a(layer, BIDIRECTIONAL):
        return [layer.forward_layer, layer.backward_layer]
    return [layer.layer] if is_a(layer, TIME_DISTRIBUTED) else []


def _is_graph(layer: Any) -> bool:
    return bool(getattr(layer, "layers", None)) and bool(getattr(layer, "inputs", None))


def _uses(owners: Owners, layer: Any, *, marked: bool) -> Iterator[str]:
    """Yield the makers behind each use of a layer: of the mask it is given, else of its input."""
    for node in layer._inbound_nodes:
        args, kwargs = _arguments(node)
        given = flat(args[0] if args else kwargs.get("sequences", kwargs.get("inputs")))
        carried = getattr(given[0], "_keras_mask", None) if given else None
        masks = [mask for mask in flat(kwargs.get("mask")) if _symbolic(mask)]
        apart = [mask for mask in masks if mask is not carried]  # Keras 3 notes its own here too
        yield from (mask._keras_history[0].name for mask in apart)
        if not apart and given and _symbolic(given[0]):
            yield from _behind(given[0], owners, marked=marked)


def _behind(tensor: Any, owners: Owners, *, marked: bool) -> Iterator[str]:
    """Yield the makers of the mask of a symbolic tensor."""
    layer, node_index, position = tensor._keras_history[:3]
    marks = marked and len(owners) == 1
    if marks and getattr(tensor, "_keras_mask", None) is None:
        return
    if is_a(layer, "InputLayer"):
        yield from _outside(tensor, owners, marked=marked)
    elif _makes(layer):
        yield layer.name
    elif _is_graph(layer):
        yield from _behind(layer.outputs[position], (*owners, layer), marked=marked)
    else:
        masked = list(_before(layer, node_index, marks=marks))
        for source in masked:
            yield from _behind(source, owners, marked=marked)
        if marks and not masked:
            yield layer.name  # it has a mask that none of its inputs has


def _before(layer: Any, node_index: int, *, marks: bool) -> Iterator[Any]:
    """Yield the inputs of a layer whose mask it may hand on."""
    ends = is_a(layer, "RNN", BIDIRECTIONAL) and not getattr(layer, "return_sequences", True)
    if ends or not getattr(layer, "supports_masking", False):
        return
    for given in _given(layer._inbound_nodes[node_index]):
        if not marks or getattr(given, "_keras_mask", None) is not None:
            yield given


def _outside(tensor: Any, owners: Owners, *, marked: bool) -> Iterator[str]:
    """Go on where a nested model was called with what its input stands for."""
    if len(owners) == 1:
        return
    *outer, nested = owners
    position = next((k for k, own in enumerate(nested.inputs) if own is tensor), 0)
    for node in nested._inbound_nodes:
        given = _given(node)
        if position < len(given):
            yield from _behind(given[position], tuple(outer), marked=marked)


def _arguments(node: Any) -> tuple[Any, Any]:
    arguments = getattr(node, "arguments", None)  # Keras 3
    return (arguments.args, arguments.kwargs) if arguments else (node.call_args, node.call_kwargs)


def _given(node: Any) -> list[Any]:
    keras2 = getattr(node, "keras_inputs", None)
    return list(keras2 if keras2 is not None else node.input_tensors)


def _symbolic(value: Any) -> bool:
    return getattr(value, "_keras_history", None) is not None
