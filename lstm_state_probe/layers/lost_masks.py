"""A mask that a layer of a model makes, and another destroys before a recurrent layer sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.layers.given import flat


def lost_masks(model: Any) -> Mapping[str, str]:
    """Say, for the recurrent layers that a mask was lost on the way to, who made it, who lost it.

    The graph tells it: a tensor that has a mask goes into a layer that supports none (Keras 3 warns
    once, tf_keras says nothing), and what comes out has none. A model without a graph tells
    nothing, and whether a layer got a mask in a call is for that call to say.
    """
    found = {part.address: _lost(part) for part in find_recurrent(model)}
    return {address: words for address, words in found.items() if words}


def _lost(part: Recurrent) -> str:
    for layer in (part.layer, part.top):
        for node in _nodes(layer):
            destroyer = layer if _destroys(layer, node) else _destroyer(node)
            if destroyer is not None:
                return destroyer if isinstance(destroyer, str) else _words(destroyer, node)
    return ""


def _destroyer(node: Any) -> str | None:
    """Walk from a layer that gets no mask up to the layer that destroyed one."""
    waiting, seen = _inputs(node), set[int]()
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in seen or _masked(tensor):
            continue
        seen.add(id(tensor))
        for owner, above in _made_by(tensor):
            if _destroys(owner, above):
                return _words(owner, above)
            waiting += _inputs(above)
    return None


def _destroys(layer: Any, node: Any) -> bool:
    """Tell whether a layer gets a mask and knows nothing of masks; an LSTM that ends it uses it."""
    return not getattr(layer, "supports_masking", True) and any(map(_masked, _inputs(node)))


def _words(destroyer: Any, node: Any) -> str:
    makers = dict.fromkeys(name for tensor in _inputs(node) for name in _makers(tensor))
    by = f"that {', '.join(makers)} makes " if makers else ""
    return f"the mask {by}is destroyed by {destroyer.name} ({type(destroyer).__name__})"


def _makers(tensor: Any) -> Iterator[str]:
    """Name the layers above a masked tensor that have a mask and were given none."""
    for owner, node in _made_by(tensor) if _masked(tensor) else ():
        above = [given for given in _inputs(node) if _masked(given)]
        if not above:
            yield str(owner.name)
        for given in above:
            yield from _makers(given)


def _made_by(tensor: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the layer, and its node, that a symbolic tensor came from."""
    history = getattr(tensor, "_keras_history", None)
    if history is not None:
        owner, index, *_ = history
        nodes = _nodes(owner)
        if index < len(nodes):
            yield owner, nodes[index]


def _nodes(layer: Any) -> list[Any]:
    return list(getattr(layer, "_inbound_nodes", ()) or ())


def _inputs(node: Any) -> list[Any]:
    return flat(getattr(node, "input_tensors", None))


def _masked(tensor: Any) -> bool:
    return getattr(tensor, "_keras_mask", None) is not None
