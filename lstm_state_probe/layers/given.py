"""Who gives a layer its initial states, as the graph of a functional model tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from lstm_state_probe.layers.families import BIDIRECTIONAL, is_a
from lstm_state_probe.layers.find import Recurrent

CONSTANT = "a constant of the model"


class Runs(Protocol):
    """A node of a functional model while it calls its layer."""

    @property
    def model(self) -> Any: ...
    @property
    def node(self) -> Any: ...
    @property
    def layer(self) -> Any: ...


def given_by(part: Recurrent, running: Sequence[Runs]) -> Mapping[str, str]:
    """Return for each state that is given who gives it, in this very use of the layer.

    `running` are the nodes that run, the innermost first. What an input of a nested model is
    given is told by the node that calls that model. Nothing is known outside functional models.
    """
    if not running:
        return {}
    states = _of_part(part, running[0])
    return {
        name: _named(state, running[0], running[1:])
        for name, state in zip(part.states, states, strict=False)
    }


def _of_part(part: Recurrent, runs: Runs) -> list[Any]:
    """List the states that a node gives to a layer, which may be the half of a Bidirectional."""
    given = _given(runs)
    if runs.layer is part.layer:
        return flat(given)
    if is_a(runs.layer, BIDIRECTIONAL):
        half = len(given) // 2
        if runs.layer.forward_layer is part.layer:
            return flat(given[:half])
        if runs.layer.backward_layer is part.layer:
            return flat(given[half:])
    return []


def _given(runs: Runs) -> list[Any]:
    """List the states that stand in the arguments of a node, as they are nested."""
    args, kwargs = _arguments(runs.node)
    given = kwargs.get("initial_state")
    if given is None and args and isinstance(args[0], list):  # tf_keras: [sequences, state, …]
        constants = getattr(runs.layer, "_num_constants", None) or 0
        given = args[0][1 : len(args[0]) - constants]
    elif given is None and len(args) > 1:
        given = args[1]
    return list(given) if isinstance(given, (list, tuple)) else flat(given)


def _arguments(node: Any) -> tuple[Sequence[Any], Mapping[str, Any]]:
    arguments = getattr(node, "arguments", None)
    if arguments is not None:
        return arguments.args, arguments.kwargs
    return node.call_args, node.call_kwargs


def _named(state: Any, runs: Runs, outer: Sequence[Runs]) -> str:
    """Name the layer that a state comes from, seen from the outermost model."""
    history = getattr(state, "_keras_history", None)
    if history is None or history[0] is None:
        return str(getattr(state, "path", "")) or CONSTANT
    name = str(history[0].name)
    if outer and outer[0].layer is runs.model and is_a(history[0], "InputLayer"):
        for given in _given_to_input(state, name, runs.model, outer[0].node):
            return _named(given, outer[0], outer[1:])
    return name


def _given_to_input(state: Any, name: str, model: Any, node: Any) -> Iterator[Any]:
    """Yield what a node gives to an input of the model that it calls, if that can be told."""
    args, _ = _arguments(node)
    given = args[0] if args else None
    structure = getattr(model, "_inputs_struct", None) or getattr(model, "_nested_inputs", None)
    if isinstance(given, dict):
        keys = structure if isinstance(structure, dict) else {}
        key = next((key for key, value in keys.items() if value is state), name)
        if key in given:
            yield given[key]
    elif not isinstance(structure, dict):
        inputs, leaves = flat(structure), flat(given)
        if len(inputs) == len(leaves):
            yield from (leaf for leaf, one in zip(leaves, inputs, strict=True) if one is state)


def flat(value: Any) -> list[Any]:
    """List the leaves of nested lists and mappings; nothing for None."""
    if value is None:
        return []
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in flat(item)]
    return [value]
