"""Finds every recurrent layer of a built model, also inside wrappers and nested models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.layers.families import (
    BASES,
    BIDIRECTIONAL,
    STACKED_CELLS,
    TIME_DISTRIBUTED,
    family_of,
    is_a,
)


@dataclass(frozen=True)
class Recurrent:
    """One recurrent layer where its loop runs.

    `states` and `gates` are in the flat order in which Keras keeps them; their address is
    `{address}/{name}`. `top` is the layer that the model's own reset would reach it through.
    """

    address: str
    layer: Any
    top: Any
    kind: str
    states: tuple[str, ...]
    gates: tuple[str, ...]

    @property
    def stateful(self) -> bool:
        """Whether the layer keeps its states from one call to the next."""
        return bool(self.layer.stateful)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the states, such as `lstm/h`."""
        return tuple(f"{self.address}/{state}" for state in self.states)


def find_recurrent(model: Any) -> list[Recurrent]:
    """List the recurrent layers of a model, or of a layer, in the order of its layers."""
    seen: set[int] = set()
    alone = is_a(model, *BASES, BIDIRECTIONAL, TIME_DISTRIBUTED)
    layers = [model] if alone else _children(model)
    found = [part for layer in layers for part in _walk(layer, layer.name, layer, seen)]
    return list(_unique(found))


def _walk(layer: Any, address: str, top: Any, seen: set[int]) -> Iterator[Recurrent]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    if is_a(layer, BIDIRECTIONAL):
        yield from _walk(layer.forward_layer, f"{address}/forward", top, seen)
        yield from _walk(layer.backward_layer, f"{address}/backward", top, seen)
    elif is_a(layer, TIME_DISTRIBUTED):
        yield from _walk(layer.layer, address, top, seen)
    elif is_a(layer, *BASES):
        yield _recurrent(layer, address, top)
    else:
        for child in _children(layer):
            yield from _walk(child, f"{address}/{child.name}", top, seen)


def _recurrent(layer: Any, address: str, top: Any) -> Recurrent:
    family = family_of(layer)
    if family is not None:
        return Recurrent(address, layer, top, _kind(layer), family.states, family.gates)
    states, gates = cell_names(layer.cell)
    return Recurrent(address, layer, top, _kind(layer), states, gates)


def cell_names(cell: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the states and gates of a cell: `h`, `cell0/h`, or `s0`, `s1`, … of a custom one."""
    if is_a(cell, STACKED_CELLS):
        parts = [(f"cell{k}/", cell_names(inner)) for k, inner in enumerate(cell.cells)]
        states = tuple(prefix + name for prefix, names in parts for name in names[0])
        return states, tuple(prefix + name for prefix, names in parts for name in names[1])
    family = family_of(cell)
    if family is not None:
        return family.states, family.gates
    return tuple(f"s{k}" for k in range(_count(getattr(cell, "state_size", None)))), ()


def _count(size: Any) -> int:
    """Count the states of a `state_size`, which may be nested; a shape is one state's."""
    if isinstance(size, dict):
        size = list(size.values())
    nested = isinstance(size, (list, tuple)) and type(size).__name__ != "TensorShape"
    return sum(map(_count, size)) if nested else 1


def _kind(layer: Any) -> str:
    name = type(layer).__name__
    cell = getattr(layer, "cell", None)
    if family_of(layer) is not None or cell is None:
        return name
    if is_a(cell, STACKED_CELLS):
        return f"{name}({', '.join(type(inner).__name__ for inner in cell.cells)})"
    return f"{name}({type(cell).__name__})"


def _children(layer: Any) -> Iterable[Any]:
    own = getattr(layer, "layers", None)
    if isinstance(own, (list, tuple)):
        return [child for child in own if hasattr(child, "_flatten_layers")]
    return list(layer._flatten_layers(include_self=False, recursive=False))


def _unique(found: list[Recurrent]) -> Iterator[Recurrent]:
    """Give layers that share an address a number, in the order in which they were found."""
    taken: dict[str, int] = {}
    for part in found:
        count = taken.get(part.address, 0)
        taken[part.address] = count + 1
        address = f"{part.address}_{count}" if count else part.address
        yield Recurrent(address, part.layer, part.top, part.kind, part.states, part.gates)
