"""Who gives a layer its initial states, as the graph of the model tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstm_state_probe.layers.find import find_recurrent


def given_by(model: Any) -> Mapping[str, str]:
    """Return, for the layers that are called with an `initial_state`, the names of its sources."""
    found = {}
    for part in find_recurrent(model):
        sources = [name for node in part.top._inbound_nodes for name in _sources(node)]
        if sources:
            found[part.top.name] = ", ".join(dict.fromkeys(sources))
    return found


def _sources(node: Any) -> list[str]:
    """Name the layers whose outputs a node is given as states."""
    arguments = getattr(node, "arguments", None)
    args, kwargs = (
        (arguments.args, arguments.kwargs) if arguments else (node.call_args, node.call_kwargs)
    )
    states = flat(kwargs.get("initial_state"))
    if args and isinstance(args[0], (list, tuple)):  # tf_keras: [sequences, state, state]
        states += flat(args[0])[1:]
    return [str(state._keras_history[0].name) for state in states if _symbolic(state)]


def _symbolic(value: Any) -> bool:
    return getattr(value, "_keras_history", None) is not None


def flat(value: Any) -> list[Any]:
    """List the leaves of nested lists and mappings; nothing for None."""
    if value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]
