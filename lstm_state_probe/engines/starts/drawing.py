"""What kind of operations a tensor was made by: does a random number stand in it, a variable?

In a graph the operations are there to be looked at. Eagerly each is told to a callback as it runs,
which is how TensorFlow's own debugger sees them; the values stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

RANDOM, SEEDED, PYTHON, VARIABLE = "random", "seeded", "python", "variable"
"""A random number; one from a seed that never changes; Python's code; the value of a variable."""
Kinds = frozenset[str]
NOTHING: Kinds = frozenset()

_DRAWS = re.compile(
    r"Random|Multinomial|TruncatedNormal|^Rng|^Stateful(StandardNormal|Uniform)|NonDeterministic"
    r"|Stateless(Shuffle|SampleDistorted)"
)
_PASSES_ON = re.compile(r"^StatelessRandomGet|^ConcatenateSeed")
_CUTS_OFF = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "Const"}
_READS = {"ReadVariableOp", "ResourceGather", "VariableV2", "Variable"}
_CALLS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}


def kinds_of_op(name: str, inputs: Kinds) -> Kinds:
    """Tell what the results of an operation are made by, from what its inputs were made by."""
    if name in _CUTS_OFF:
        return NOTHING
    if name in _CALLS:
        return inputs | {PYTHON}
    if name in _READS:
        return inputs | {VARIABLE}
    if not _DRAWS.search(name) or _PASSES_ON.search(name):
        return inputs
    if not name.startswith("Stateless"):
        return inputs | {RANDOM}
    moves = inputs & {RANDOM, VARIABLE}  # a generator keeps its seed in a variable
    return inputs | ({RANDOM} if moves else NOTHING if PYTHON in inputs else {SEEDED})


@dataclass
class Drawing:
    """Watches the operations that run, or are put into the graph, while the block is entered."""

    before: int = 0
    graph: Any = None
    eager: dict[int, Kinds] = field(default_factory=dict)

    def __enter__(self) -> Drawing:
        import tensorflow as tf
        from tensorflow.python.framework import op_callbacks

        if tf.executing_eagerly():
            op_callbacks.add_op_callback(self._ran)
        else:
            self.graph = tf.compat.v1.get_default_graph()
            self.before = len(self.graph.get_operations())
        return self

    def __exit__(self, *_: object) -> None:
        from tensorflow.python.framework import op_callbacks

        if self.graph is None:
            op_callbacks.remove_op_callback(self._ran)

    def kinds(self, tensor: Any) -> Kinds:
        """Tell what a tensor was made by in the block; what stood before it is not looked at."""
        if self.graph is None:
            return self.eager.get(getattr(tensor, "_id", -1), NOTHING)
        if getattr(tensor, "graph", None) is not self.graph:
            return NOTHING
        return self._in_graph()[tensor.op.name]

    def _in_graph(self) -> Mapping[str, Kinds]:
        found: dict[str, Kinds] = {}
        library = _Library(lambda: self.graph.as_graph_def().library.function)
        for op in self.graph.get_operations()[self.before :]:  # made in the order of their inputs
            inputs = _union(found.get(source.op.name, NOTHING) for source in op.inputs)
            called = (name for attr in op.node_def.attr.values() for name in _functions(attr))
            found[op.name] = kinds_of_op(op.type, inputs) | library.kinds(called, inputs)
        return _Known(found)

    def _ran(
        self,
        kind: Any,
        inputs: Any,
        attrs: Any,
        outputs: Any,
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """Note an operation that ran eagerly; a function that runs is told by its name."""
        if graph is not None:
            return
        name = kind.decode() if isinstance(kind, bytes) else str(kind)
        known = _union(self.eager.get(getattr(one, "_id", -1), NOTHING) for one in inputs)
        found = kinds_of_op(name, known)
        if name.startswith("__"):
            found |= _Library(list).kinds([name], known)
        for output in outputs:
            self.eager[output._id] = found


class _Known(dict[str, Kinds]):
    def __missing__(self, name: str) -> Kinds:
        return NOTHING


class _Library:
    """What the functions of a graph, or of the eager context, do."""

    def __init__(self, definitions: Callable[[], Iterable[Any]]) -> None:
        self._definitions = definitions
        self._read: dict[str, Any] | None = None

    def kinds(self, names: Iterable[str], inputs: Kinds) -> Kinds:
        """Tell what the results of functions may be made by, whichever of their parts runs."""
        seen: set[str] = set()
        waiting, ops = list(names), set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                for node in self._nodes(name):
                    ops.add(node.op)
                    waiting += [n for attr in node.attr.values() for n in _functions(attr)]
        first = _union(kinds_of_op(op, inputs) for op in ops)
        return _union(kinds_of_op(op, inputs | first) for op in ops)  # a seed may be read in it

    def _nodes(self, name: str) -> Iterable[Any]:
        from tensorflow.python.eager import context

        if self._read is None:
            self._read = {one.signature.name: one for one in self._definitions()}
        if name not in self._read and context.context().has_function(name):
            self._read[name] = context.context().get_function_def(name)
        return self._read[name].node_def if name in self._read else ()


def _functions(attr: Any) -> Iterator[str]:
    """Yield the names of the functions that an attribute of an operation holds."""
    if attr.HasField("func"):
        yield attr.func.name
    for one in attr.list.func:
        yield one.name


def _union(kinds: Iterable[Kinds]) -> Kinds:
    return frozenset().union(*kinds)
