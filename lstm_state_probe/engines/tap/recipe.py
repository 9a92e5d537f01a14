"""Gates without a gate as a result of the graph: what they are made from, and the way from there.

A tensor that becomes a result has one more reader, and the graph's optimiser (grappler) then fuses
what stands around it otherwise, which moves the last bit (TensorFlow 2.21: `hard_sigmoid`, `elu`,
everything of mixed precision). So a step gives what a product with the weights and its bias come
to, which no fusion reaches past, and the few operations from there to the gate, as they were
traced, are carried out after the run, by the same kernels, one operation after the other.

Whatever is not known to be free of effects (a random number, a variable that is read) is itself
given by the step, so that nothing is drawn, read or called a second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array

Place = tuple[str, int, int]
"""Where a value stands: ("leaf", k, 0), ("constant", k, 0), or ("step", k, output)."""


@dataclass(frozen=True)
class Leaf:
    """A tensor of a cell that a step gives; `number` in the order in which it is found."""

    cell: int
    number: int


@dataclass(frozen=True)
class Step:
    """One operation as it was traced."""

    kind: str
    attributes: tuple[Any, ...]
    inputs: tuple[Place, ...]
    outputs: int


@dataclass(frozen=True)
class Recipe:
    """How a gate is made from leaves: (batch, …) each; `by_rows` if rows may be put together."""

    leaves: tuple[Leaf, ...]
    constants: tuple[Array, ...]
    steps: tuple[Step, ...]
    result: Place
    by_rows: bool

    def alike(self, other: Recipe) -> bool:
        """Tell whether another recipe makes the same of the same."""
        return (
            (self.leaves, self.steps, self.result) == (other.leaves, other.steps, other.result)
            and len(self.constants) == len(other.constants)
            and all(map(np.array_equal, self.constants, other.constants))
        )

    def over_time(self, leaves: Sequence[Array]) -> Array:
        """Carry it out for leaves of (timesteps, batch, …) each."""
        import tensorflow as tf

        with tf.init_scope(), tf.device("CPU:0"):
            if not self.steps or not len(leaves[0]):
                return leaves[self.result[1]]
            if self.by_rows and len({leaf.shape[:2] for leaf in leaves}) == 1:
                timesteps, batch = leaves[0].shape[:2]
                rows = [leaf.reshape(timesteps * batch, *leaf.shape[2:]) for leaf in leaves]
                made = self._once(rows)
                return made.reshape(timesteps, batch, *made.shape[1:])
            return np.stack([self._once(row) for row in zip(*leaves, strict=True)])

    def _once(self, leaves: Sequence[Array]) -> Array:
        import tensorflow as tf

        given = {"leaf": leaves, "constant": self.constants}
        made: list[Any] = []

        def value(place: Place) -> Any:
            kind, k, output = place
            return made[k][output] if kind == "step" else tf.convert_to_tensor(given[kind][k])

        for step in self.steps:
            made.append(_carried_out(step, [value(place) for place in step.inputs]))
        array: Array = value(self.result).numpy()
        return array


def _carried_out(step: Step, inputs: list[Any]) -> Any:
    from tensorflow.python.eager import context, execute

    name = step.kind.encode()
    return execute.execute(name, step.outputs, inputs, step.attributes, context.context())
