"""The dropout masks that the cells of a layer drew for a call, read where each Keras keeps them.

Nothing is drawn here. A mask is already scaled: it is what the cell multiplies with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

Masks = dict[tuple[int, str, int], Any]
"""Masks by (cell, kind, number); a cell with one mask for all its gates has number 0 alone."""

Read = Callable[[Any, str], list[Any]]
RATES = {"dropout_mask": "dropout", "recurrent_dropout_mask": "recurrent_dropout"}


def masks_of(cells: Sequence[Any], read: Read) -> Masks:
    """Find the masks with which the cells compute."""
    return {
        (k, kind, number): mask
        for k, cell in enumerate(cells)
        for kind in kinds_of(cell)
        for number, mask in enumerate(_used(cell, read(cell, kind)))
    }


def kinds_of(cell: Any) -> Iterator[str]:
    """Tell which masks a cell computes with in training; at a rate of 1 a gated one does not."""
    for kind, rate in RATES.items():
        value = getattr(cell, rate, None)
        if not isinstance(value, (int, float)) or value <= 0:
            continue
        if value < 1 or not hasattr(cell, "recurrent_activation"):
            yield kind


def in_attribute(cell: Any, kind: str) -> list[Any]:
    """Read where a cell of Keras 3 keeps its masks: drawn once a call (3.12 to 3.15)."""
    return _flat(getattr(cell, f"_{kind}", None))


def in_cache(cell: Any, kind: str) -> list[Any]:
    """Read where one of tf_keras does: a cache by graph, so that a loop draws its own (2.21)."""
    cache = getattr(cell, f"_{kind}_cache", None)
    return [] if cache is None else _flat(cache.get(cache._key()))


def _used(cell: Any, masks: list[Any]) -> list[Any]:
    """Drop those that tf_keras draws and does not use: `implementation=2` takes the first alone."""
    return masks[:1] if getattr(cell, "implementation", 1) == 2 else masks


def _flat(nested: Any) -> list[Any]:
    import tensorflow as tf

    return [] if nested is None else list(tf.nest.flatten(nested))
