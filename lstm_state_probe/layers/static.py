"""The addresses of a model that is only written down: what can be known without Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lstm_state_probe.layers.families import (
    BIDIRECTIONAL,
    FAMILIES,
    STACKED_CELLS,
    TIME_DISTRIBUTED,
    auto_name,
)

Written = tuple[str, Mapping[str, Any]]
_NESTED = ("Sequential",)
_MOST_PARTS = 4096


@dataclass(frozen=True)
class Quantities:
    """The addresses that a written model will have; `complete` if no other can appear."""

    states: tuple[str, ...]
    gates: tuple[str, ...]
    complete: bool


def static_quantities(layers: Sequence[tuple[str, str, Mapping[str, Any]]]) -> Quantities:
    """Work out the addresses of layers given as (name, class name, arguments)."""
    states: list[str] = []
    gates: list[str] = []
    complete = True
    for layer in layers:
        parts = list(islice(_parts(*layer), _MOST_PARTS))
        complete = complete and len(parts) < _MOST_PARTS
        for address, kind in parts:
            family = FAMILIES.get(kind)
            complete = complete and kind != ""
            if family:
                states += [f"{address}/{state}" for state in family.states]
                gates += [f"{address}/{gate}" for gate in family.gates]
    return Quantities(tuple(states), tuple(gates), complete)


def written_object(value: object) -> Written | None:
    """Read the one-key form `ClassName` or `{ClassName: {arguments}}`; None for anything else."""
    if isinstance(value, str) and value[:1].isupper():
        return value, {}
    if isinstance(value, Mapping) and len(value) == 1:
        (name, arguments), *_ = value.items()
        arguments = {} if arguments is None else arguments
        if isinstance(name, str) and name[:1].isupper() and isinstance(arguments, Mapping):
            return name, arguments
    return None


def _parts(address: str, kind: str, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (address, family name) of each loop below a layer; the name is '' if unknown."""
    if kind in FAMILIES:
        yield address, kind
    elif kind == BIDIRECTIONAL:
        forward = written_object(arguments.get("layer")) or ("?", {})
        backward = written_object(arguments.get("backward_layer")) or forward
        yield from _parts(f"{address}/forward", *forward)
        yield from _parts(f"{address}/backward", *backward)
    elif kind == TIME_DISTRIBUTED:
        yield from _parts(address, *(written_object(arguments.get("layer")) or ("?", {})))
    elif kind == "RNN":
        yield from _cells(address, arguments.get("cell"))
    elif kind in _NESTED and isinstance(arguments.get("layers"), list):
        for name, inner_kind, inner in name_layers(arguments["layers"]):
            yield from _parts(f"{address}/{name}", inner_kind, inner)
    elif kind in (*_NESTED, "?", "Functional", "Model") or _holds_layers(arguments):
        yield address, ""


def _cells(address: str, cell: object) -> Iterator[tuple[str, str]]:
    if isinstance(cell, list):
        for k, inner in enumerate(cell):
            yield from _cells(f"{address}/cell{k}", inner)
        return
    kind, arguments = written_object(cell) or ("", {})
    if kind == STACKED_CELLS:
        yield from _cells(address, arguments.get("cells"))
    else:
        yield address, kind if kind in FAMILIES else ""


def _holds_layers(arguments: Mapping[str, Any]) -> bool:
    return any(key in arguments for key in ("layer", "layers", "cell"))


def name_layers(entries: Sequence[Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Name written layers as Keras would in a fresh session: `lstm`, then `lstm_1`."""
    counts: dict[str, int] = {}
    named = []
    for entry in entries:
        kind, arguments = written_object(entry) or ("?", {})
        name = arguments.get("name")
        if name is None:
            base = auto_name(kind)
            count = counts.get(base, 0)
            counts[base] = count + 1
            name = f"{base}_{count}" if count else base
        named.append((str(name), kind, arguments))
    return named
