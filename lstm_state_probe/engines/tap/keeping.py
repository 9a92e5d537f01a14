"""How a loop keeps what each timestep gave, for as little as possible.

A list grows by a tensor a timestep; no byte is copied in the graph, and it is stacked once it has
left the graph. XLA has no such lists: there an array is written to. Where a gradient may be taken
the bits are kept as integers, because a loop variable of floats would be given a gradient of
zeros in every timestep, whatever stops it later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

INTEGERS = {2: "int16", 4: "int32", 8: "int64"}
SMALL = 2**14
"""Bytes of a row of quantities up to which they are packed into one tensor a timestep."""


@dataclass(frozen=True)
class Group:
    """Quantities of one dtype and shape that are kept together; `bits` as integers."""

    names: tuple[Any, ...]
    dtype: Any
    shape: tuple[int | None, ...]
    bits: bool

    @property
    def kept_as(self) -> Any:
        """The dtype in which they are kept."""
        import tensorflow as tf

        return tf.as_dtype(INTEGERS.get(self.dtype.size, self.dtype)) if self.bits else self.dtype

    @property
    def row_shape(self) -> tuple[int | None, ...]:
        """The shape of what is kept of a timestep."""
        return self.shape if len(self.names) == 1 else (len(self.names), *self.shape)

    def row(self, found: dict[Any, Any]) -> Any:
        """Put the quantities of one timestep together: (quantities, batch, …), or the one."""
        import tensorflow as tf

        tensors = [found[name] for name in self.names]
        row = tensors[0] if len(tensors) == 1 else tf.stack(tensors)
        return (
            tf.stop_gradient(row) if self.kept_as == self.dtype else tf.bitcast(row, self.kept_as)
        )


class Keeping(Protocol):
    """Keeps rows: `begin` makes the loop variable, `put` adds a row, `end` gives the tensor."""

    def groups(self, quantities: Sequence[tuple[Any, Any]]) -> list[Group]:
        """Decide what is kept together."""
        ...

    def begin(self, group: Group, timesteps: Any) -> Any:
        """Make the loop variable of a group."""
        ...

    def put(self, kept: Any, time: Any, group: Group, found: dict[Any, Any]) -> Any:
        """Add the row of a timestep."""
        ...

    def end(self, kept: Any, group: Group, timesteps: Any) -> Any:
        """Return what leaves the graph."""
        ...


def keeping(*, compiled: bool) -> Keeping:
    """Return the way to keep rows: arrays under XLA and eagerly, else lists."""
    import tensorflow as tf

    return Arrays() if compiled or tf.executing_eagerly() else Lists()


class Lists:
    """Lists of tensors, which are stacked outside the graph."""

    def groups(self, quantities: Sequence[tuple[Any, Any]]) -> list[Group]:
        """Pack small rows, keep large ones apart."""
        # floats under no tape stay as they are: the conversion to integers costs at inference
        found = _grouped(quantities, bits=_taped())
        return [part for group, size in found for part in _apart(group, size)]

    def begin(self, group: Group, timesteps: Any) -> Any:
        import tensorflow as tf

        return tf.raw_ops.EmptyTensorList(
            element_shape=tf.constant(-1), max_num_elements=-1, element_dtype=group.kept_as
        )

    def put(self, kept: Any, time: Any, group: Group, found: dict[Any, Any]) -> Any:
        import tensorflow as tf

        return tf.raw_ops.TensorListPushBack(input_handle=kept, tensor=group.row(found))

    def end(self, kept: Any, group: Group, timesteps: Any) -> Any:
        return kept


class Arrays:
    """Arrays that the loop writes to, stacked in the graph."""

    def groups(self, quantities: Sequence[tuple[Any, Any]]) -> list[Group]:
        """Pack what has one dtype and shape."""
        return [group for group, _ in _grouped(quantities, bits=True)]

    def begin(self, group: Group, timesteps: Any) -> Any:
        import tensorflow as tf

        return tf.TensorArray(group.kept_as, size=timesteps, infer_shape=False)

    def put(self, kept: Any, time: Any, group: Group, found: dict[Any, Any]) -> Any:
        return kept.write(time, group.row(found))

    def end(self, kept: Any, group: Group, timesteps: Any) -> Any:
        stacked = kept.stack()
        stacked.set_shape([timesteps if isinstance(timesteps, int) else None, *group.row_shape])
        return stacked


def _grouped(quantities: Sequence[tuple[Any, Any]], *, bits: bool) -> list[tuple[Group, int]]:
    """Group by dtype and shape; with the bytes of a row, 0 where a dimension is not known."""
    import tensorflow as tf

    found: dict[Any, list[Any]] = {}
    for name, value in quantities:
        tensor = tf.convert_to_tensor(value)  # a stateful layer of Keras 3 gives its variable
        found.setdefault((tensor.dtype, tuple(tensor.shape)), []).append(name)
    return [
        (
            Group(tuple(names), dtype, shape, bits),
            len(names) * dtype.size * math.prod(d or 0 for d in shape),
        )
        for (dtype, shape), names in found.items()
    ]


def _apart(group: Group, size: int) -> list[Group]:
    if 0 < size <= SMALL:
        return [group]
    return [replace(group, names=(name,)) for name in group.names]


def _taped() -> bool:
    """Tell whether what is computed now may be differentiated."""
    from tensorflow.python.eager import record

    return bool(record.could_possibly_record())
