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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRODUCTS = _words("MatMul BatchMatMulV2 Einsum Conv2D Conv3D")
_SUMS = _words("Add AddV2 BiasAdd")
_ROWS = _words(
    """Abs Add AddV2 Atan Atanh Asinh Cast ClipByValue Cos Cosh Div DivNoNan Elu Equal Erf Erfc Exp
    Expm1 Floor Greater GreaterEqual Identity IsFinite IsInf IsNan LeakyRelu Less LessEqual Log
    Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr Maximum Minimum Mul Neg NotEqual Pow RealDiv
    Reciprocal Relu Relu6 Rsqrt Select SelectV2 Selu Sigmoid Sign Sin Sinh Softmax Softplus
    Softsign Sqrt Square SquaredDifference StopGradient Sub Tan Tanh Xdivy Xlogy"""
)
"""Operations that compute each row of a batch for itself, whatever its number."""
_CUTS = _words("Split SplitV StridedSlice")
_OTHERS = _words(
    """All Any Concat ConcatV2 Cumsum ExpandDims Fill GatherV2 Max Mean Min OnesLike Pack Prod Range
    Rank Reshape ReverseV2 Shape Size Slice Squeeze Sum Tile TopKV2 Transpose Unpack
    ZerosLike"""
)
"""Operations without effects that may mix the rows: carried out timestep by timestep."""

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


class Finder:
    """Finds the recipes of one step of one cell, in the graph in which it was just traced.

    `before` are the operations of that graph from before the step, which are never repeated.
    """

    def __init__(self, cell: int, before: int, graph: Any) -> None:
        self.cell = cell
        self.own = {op.name for op in graph.get_operations()[before:]}
        self.leaves: dict[str, tuple[Leaf, Any]] = {}

    def found(self) -> dict[Leaf, Any]:
        """Return the leaves with their tensors."""
        return dict(self.leaves.values())

    def recipe(self, result: Any) -> Recipe:
        """Find how a tensor is made."""
        leaves: list[Leaf] = []
        constants: list[Array] = []
        steps: list[Step] = []
        known: dict[str, Place] = {}
        rows = True

        def place(tensor: Any) -> Place:
            op = tensor.op
            if tensor.name in known:
                return known[tensor.name]
            if op.type == "Const" and op.name in self.own:
                constants.append(_constant(op))
                found: Place = ("constant", len(constants) - 1, 0)
            elif op.name not in self.own or not _repeatable(op):
                leaf, _ = self.leaves.setdefault(
                    tensor.name, (Leaf(self.cell, len(self.leaves)), tensor)
                )
                leaves.append(leaf)
                found = ("leaf", len(leaves) - 1, 0)
            else:
                nonlocal rows
                inputs = tuple(place(each) for each in op.inputs)
                rows = rows and _by_rows(op)
                steps.append(Step(op.type, _attributes(op), inputs, len(op.outputs)))
                for output, each in enumerate(op.outputs):
                    known[each.name] = ("step", len(steps) - 1, output)
                return known[tensor.name]
            known[tensor.name] = found
            return found

        at = place(result)
        return Recipe(tuple(leaves), tuple(constants), tuple(steps), at, rows)


def _repeatable(op: Any) -> bool:
    """Tell whether an operation may be carried out after the run; a product's sum may not."""
    return op.type in _ROWS | _CUTS | _OTHERS and not _summed(op)


def _summed(op: Any) -> bool:
    """Tell whether a sum is that of a product with its bias, or with another product."""
    return op.type in _SUMS and any(
        each.op.type in _PRODUCTS or _summed(each.op) for each in op.inputs
    )


def _constant(op: Any) -> Array:
    import tensorflow as tf

    array: Array = tf.make_ndarray(op.get_attr("value"))
    return array


def _attributes(op: Any) -> tuple[Any, ...]:
    import tensorflow as tf

    found: list[Any] = []
    for attribute in op.op_def.attr:
        value = op.get_attr(attribute.name)
        found += [attribute.name, value.as_datatype_enum if isinstance(value, tf.DType) else value]
    return tuple(found)


def _by_rows(op: Any) -> bool:
    """Tell whether rows may be put together: nothing reaches across the first axis."""
    constants = [_constant(each.op) for each in op.inputs if each.op.type == "Const"]
    if op.type in _ROWS:
        return all(array.ndim == 0 for array in constants)
    if op.type == "Split":
        return bool(constants) and int(constants[0]) != 0
    if op.type == "SplitV":
        return len(constants) == 2 and int(constants[1]) > 0
    masks: Mapping[str, int] = (
        {name: op.get_attr(name) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
        if op.type == "StridedSlice"
        else {}
    )
    return (
        bool(masks)
        and bool(masks["begin_mask"] & masks["end_mask"] & ~masks["shrink_axis_mask"] & 1)
        and not op.get_attr("new_axis_mask")
        and not op.get_attr("ellipsis_mask")
    )
