"""Sizes that would not fit into memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.layers.families import FAMILIES
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.data import shape_of
from lstm_state_probe.scenario.written.spec import Scenario

Found = tuple[Path, str, bool]
_FLOAT = 4
_DERIVED = 8


def check_arrays(scenario: Scenario, engine: str) -> Iterator[Found]:
    """Yield arrays that would not fit into this machine's memory, alone or together."""
    limit = memory_limit()
    sizes = {name: _bytes(scenario, name) for name in scenario.data}
    large = [name for name, size in sizes.items() if size > limit]
    for name in large:
        yield ("data", name), _too_large(f"making the array {name!r}", sizes[name], limit), True
    if sum(sizes.values()) > limit and not large:
        total = sum(sizes.values())
        yield ("data",), _too_large("making the arrays under 'data'", total, limit), True


def _bytes(scenario: Scenario, name: str) -> int:
    entry = scenario.data[name]
    if entry.derived is None:
        return entry.static_bytes()
    return math.prod(shape_of(scenario.data, name) or [entry.derived.padding or 0]) * _DERIVED


def check_model(scenario: Scenario, engine: str) -> Iterator[Found]:
    """Yield inputs and recurrent layers that would not fit into this machine's memory."""
    if not scenario.model.is_written:
        return
    limit, batch = memory_limit(), 1
    for name, shape in scenario.model.input_shapes().items():
        batch = max(batch, shape[0] or 1)
        size = math.prod(dim or 1 for dim in shape) * _FLOAT
        if size > limit:
            path: Path = ("model",) if name is None else ("model", "inputs", name)
            yield (*path, "batch_shape"), _too_large("one batch of the input", size, limit), False
    for index, entry in enumerate(scenario.model.layers or ()):
        here: Path = ("model", "layers", index, entry.class_name)
        for below, units, gates in _recurrent_units(entry.class_name, entry.arguments):
            size = (units * units * max(gates, 1) + batch * units) * _FLOAT
            if size > limit:
                what = f"the recurrent kernel and the states of {units:,} units"
                yield (*here, *below), _too_large(what, size, limit), False


def _recurrent_units(kind: str, arguments: Any) -> Iterator[tuple[Path, int, int]]:
    """Yield (path of 'units', units, number of gates) of the recurrent layers in a layer."""
    if not isinstance(arguments, dict):
        return
    family, units = FAMILIES.get(kind), arguments.get("units")
    if family and isinstance(units, int) and not isinstance(units, bool):
        yield ("units",), units, len(family.gates)
    for key, value in arguments.items():
        for k, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict) and len(item) == 1:
                (inner, below), *_ = item.items()
                step: Path = (key, k, inner) if isinstance(value, list) else (key, inner)
                for path, inner_units, gates in _recurrent_units(str(inner), below):
                    yield (*step, *path), inner_units, gates


def _too_large(what: str, size: int, limit: int) -> str:
    return f"{what} would take {say_bytes(size)}; this machine has {say_bytes(limit)} of memory"
