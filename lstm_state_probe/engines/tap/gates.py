"""Taps the gates of a cell: what its activations return while it computes a step.

In a graph a gate does not become a result of the loop: see `recipe`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from lstm_state_probe.engines.tap.leaves import Finder
from lstm_state_probe.engines.tap.recipe import Leaf, Recipe
from lstm_state_probe.engines.tap.swapping import swapped
from lstm_state_probe.engines.wrapping import plain

Plan = dict[str, tuple[str | None, ...]]
"""An activation to the gates that it computes, in the order in which the cell calls it.

None is no gate: an LSTM's activation of the cell state.
"""

_LSTM: Plan = {"recurrent_activation": ("i", "f", "o"), "activation": ("g", None)}
_GRU: Plan = {"recurrent_activation": ("z", "r"), "activation": ("g",)}
_PLANS: dict[str, Plan] = {"LSTMCell": _LSTM, "GRUCell": _GRU, "ConvLSTMCell": _LSTM}
_FUSED = {"recurrent_activation": "sigmoid", "activation": "tanh"}


def tapped(cell: Any) -> GateTap | None:
    """Return a tap for a cell of Keras's own; None for one that computes in its own way."""
    for kind in type(cell).__mro__:
        if kind.__name__ in _PLANS and kind.__module__.startswith(("keras.", "tf_keras.")):
            stock = type(cell).call is vars(kind)["call"] and "call" not in vars(cell)
            return GateTap(_PLANS[kind.__name__]) if stock else None
    return None


@dataclass(frozen=True)
class Taken:
    """What a step gives of the gates of some cells: tensors, and how gates are made from them.

    Eagerly nothing is fused, and the tensors are the gates, by (cell, gate).
    """

    tensors: dict[Leaf | tuple[int, str], Any] = field(default_factory=dict)
    recipes: dict[tuple[int, str], Recipe] = field(default_factory=dict)

    def __or__(self, other: Taken) -> Taken:
        return Taken(self.tensors | other.tensors, self.recipes | other.recipes)

    def alike(self, other: Taken) -> bool:
        """Tell whether another step gave the same tensors to make the same gates from."""
        dtypes = [{k: tensor.dtype for k, tensor in one.tensors.items()} for one in (self, other)]
        return (
            dtypes[0] == dtypes[1]
            and self.recipes.keys() == other.recipes.keys()
            and all(recipe.alike(other.recipes[gate]) for gate, recipe in self.recipes.items())
        )


class GateTap:
    """Collects what the two activations of a cell return in one step."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.thread = plan, threading.get_ident()
        self.seen: dict[str, list[Any]] = {}
        self.clear()

    def clear(self) -> None:
        """Begin a step."""
        import tensorflow as tf

        self.seen = {name: [] for name in self.plan}
        self.graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
        self.before = 0 if self.graph is None else len(self.graph.get_operations())

    def taken(self, cell: int) -> Taken:
        """Return what the step that ends now gives of the gates."""
        gates = self.gates()
        if self.graph is None:
            return Taken({(cell, name): tensor for name, tensor in gates})
        finder = Finder(cell, self.before, self.graph)
        recipes = {(cell, name): finder.recipe(tensor) for name, tensor in gates}
        return Taken(dict(finder.leaves.values()), recipes)

    def gates(self) -> list[tuple[str, Any]]:
        """Return (gate, tensor); nothing if the cell did not do what its plan says."""
        if any(len(self.seen[name]) != len(gates) for name, gates in self.plan.items()):
            return []
        pairs = [
            pair
            for name, gates in self.plan.items()
            for pair in zip(gates, self.seen[name], strict=True)
        ]
        return [(gate, tensor) for gate, tensor in pairs if gate is not None]

    @contextmanager
    def on(self, cell: Any, convert: Callable[..., Any]) -> Iterator[None]:
        """Tap a cell's activations while the body runs."""
        kept = {name: vars(cell)[name] for name in self.plan}
        vars(cell).update({name: self._tap(name, convert(kept[name])) for name in self.plan})
        try:
            yield
        finally:
            vars(cell).update(kept)

    @contextmanager
    def fused(self, module: ModuleType) -> Iterator[None]:
        """Tap a kernel that computes without the cell: the sigmoid and tanh of its module's tf."""
        with ExitStack() as stack:
            for name, function in _FUSED.items():
                stack.enter_context(swapped(module, f"tf.{function}", self._instead(name)))
            yield

    def _instead(self, name: str) -> Callable[..., Any]:
        return lambda original, *args, **kwargs: self._tap(name, original)(*args, **kwargs)

    def _tap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def activation(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            if threading.get_ident() == self.thread:  # another may compute with the same cell
                self.seen[name].append(result)
            return result

        return plain(activation)


def emptied(planned: Taken) -> Taken:
    """Return zeros in the place of tensors that a loop was to give and does not, and no recipe."""
    import tensorflow as tf

    zeros = {
        name: tf.zeros([dim or 0 for dim in tensor.shape], tensor.dtype)
        for name, tensor in planned.tensors.items()
    }
    return Taken(zeros)
