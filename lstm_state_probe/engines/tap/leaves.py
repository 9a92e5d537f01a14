"""Finds in a graph what a gate is made from, and how: see `recipe`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.tap.recipe import Leaf, Place, Recipe, Step


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRODUCTS = _words("MatMul BatchMatMulV2 Einsum Conv2D Conv3D")
_SUMS = _words("Add AddV2 BiasAdd")
_ROWS = _words(
    """Abs Add AddV2 Atan Atanh Asinh Cast ClipByValue Cos Cosh Div DivNoNan Elu Equal Erf Erfc Exp
    Expm1 Floor Greater GreaterEqual Identity IdentityN IsFinite IsInf IsNan LeakyRelu Less
    LessEqual Log Log1p LogSoftmax LogicalAnd LogicalNot LogicalOr Maximum Minimum Mul Neg
    NotEqual Pow RealDiv Reciprocal Relu Relu6 Rsqrt Select SelectV2 Selu Sigmoid Sign Sin Sinh
    Softmax Softplus Softsign Sqrt Square SquaredDifference StopGradient Sub Tan Tanh Xdivy
    Xlogy"""
)
"""Operations that compute each row of a batch for itself, whatever its number."""
_CUTS = _words("Split SplitV StridedSlice")
_OTHERS = _words(
    """All Any BroadcastTo Concat ConcatV2 Cumsum ExpandDims Fill GatherV2 Max Mean Min OnesLike
    Pack Prod Range Rank Reshape ReverseV2 Shape Size Slice Squeeze Sum Tile TopKV2 Transpose
    Unpack ZerosLike"""
)
"""Operations without effects that may mix the rows: carried out timestep by timestep."""


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
    found: list[Any] = []
    for attribute in op.op_def.attr:
        found += [attribute.name, _plain(op.get_attr(attribute.name))]
    return tuple(found)


def _plain(value: Any) -> Any:
    """Give an attribute as an operation is given it eagerly: a dtype by its number."""
    import tensorflow as tf

    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.as_datatype_enum if isinstance(value, tf.DType) else value


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
