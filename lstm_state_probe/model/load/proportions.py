"""Layers of a configuration that would not fit into this machine."""

from __future__ import annotations

import math
from typing import Any

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.saved.saved_json import mappings

_FLOAT = 4
_RECURRENT = "recurrent_initializer"
_WIDTHS = ("units", "filters", "input_dim", "output_dim")
_SHAPES = ("batch_shape", "batch_input_shape", "build_input_shape", "input_shape")
MOST_UNROLLED = 20_000


def fit_the_machine(config: Any, name: str) -> None:
    """Refuse inputs, layers and states that are larger than the memory, before any is made.

    Raises:
        ModelError: with the figure.
    """
    parts = list(mappings(config))
    shapes = [shape for part in parts for key in _SHAPES if (shape := _shape(part.get(key)))]
    widths = [_whole(part.get(key)) for part in parts for key in _WIDTHS]
    batch = max((shape[0] for shape in shapes), default=1)
    inputs = max(map(math.prod, shapes), default=0)
    states = batch * max(widths, default=0)
    recurrent = max((_whole(p.get("units")) ** 2 for p in parts if _RECURRENT in p), default=0)
    sizes = {
        "one batch of an input": inputs,
        "the widest layer's states": states,
        "a recurrent kernel": recurrent,
    }
    for what, size in sizes.items():
        if size * _FLOAT > memory_limit():
            limit = say_bytes(memory_limit())
            raise ModelError(
                f"{name}: {what} would take {say_bytes(size * _FLOAT)}; this machine has {limit}"
            )
    longest = max((shape[1] for shape in shapes if len(shape) > 2), default=0)
    if longest > MOST_UNROLLED and any(part.get("unroll") is True for part in parts):
        raise ModelError(f"{name} unrolls {longest:,} timesteps, more than {MOST_UNROLLED:,}")


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _shape(value: Any) -> list[int]:
    return [max(_whole(dim), 1) for dim in value] if isinstance(value, list) else []
