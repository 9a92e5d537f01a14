"""Adds up the weights of a model before they are allocated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lstm_state_probe.amounts import memory_limit, say_bytes
from lstm_state_probe.engines import Engine

_FLOAT = 4


@contextmanager
def weighed(engine: Engine, complaint: Callable[[str], Exception]) -> Iterator[None]:
    """Refuse a weight that would take the model past this machine's memory.

    Raises:
        Exception: what `complaint` makes of the figure, before the weight is made.
    """
    owner = engine.keras.layers.Layer
    original = owner.add_weight
    limit, total = memory_limit(), 0

    def add_weight(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal total
        shape = kwargs.get("shape") or next((a for a in args if isinstance(a, (tuple, list))), ())
        total += math.prod(dim or 1 for dim in shape) * _FLOAT
        if total > limit:
            raise complaint(
                f"the weights up to the layer {self.name!r} would take {say_bytes(total)};"
                f" this machine has {say_bytes(limit)} of memory",
            )
        return original(self, *args, **kwargs)

    owner.add_weight = add_weight
    try:
        yield
    finally:
        owner.add_weight = original
