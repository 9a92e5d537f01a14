"""Watches the recurrent loop that Keras runs: the states and gates of every timestep.

`backend.rnn` runs a step function in `tf.while_loop`. While a watched layer's own call is traced
(or runs eagerly), the loop is given more loop variables: arrays to which each timestep writes its
states, as they are carried on (held where a mask says so), and the gates that the cell really
computed. Keras's own variables, outputs and operations stay as they are.

How the loop keeps them is told in `keeping`.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import ModuleType
from typing import Any

from lstm_state_probe.engines.base import StepTensors, Watch
from lstm_state_probe.engines.dropout import Masks, Read, masks_of
from lstm_state_probe.engines.gates import Taken, emptied, tapped
from lstm_state_probe.engines.keeping import Group, keeping
from lstm_state_probe.engines.wrapping import plain, replacing, swapped


@dataclass(frozen=True)
class LoopParts:
    """Where an engine keeps the parts of its loop.

    `backend` holds `rnn`; `module` is where `rnn` finds `tf`, whose `while_loop` stands at
    `path`; `fused` is the module of a kernel that computes without the cell, if there is one.
    `masks` reads the dropout masks that a cell drew, where each timestep may draw its own.
    """

    backend: ModuleType
    module: ModuleType
    path: tuple[str, ...]
    fused: ModuleType | None
    convert: Callable[[Callable[..., Any]], Callable[..., Any]]
    masks: Read | None = None


class LoopWatch:
    """Watches one call of one layer; `watch.steps` gets the tensors in the graph of the loop."""

    def __init__(self, parts: LoopParts, layer: Any, watch: Watch) -> None:
        self.parts, self.watch = parts, watch
        self.cells = cells_of(layer)
        self.taps = {
            k: tap for k, cell in enumerate(self.cells) if watch.gates and (tap := tapped(cell))
        }
        self.thread = threading.get_ident()
        self.armed = False
        self.latest = Taken()
        self.masked = False
        self.drawn: Masks = {}
        self.unrolled: list[tuple[list[Any], Taken]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the first loop that runs in the body on this thread."""
        self.armed = True
        with swapped(self.parts.backend, "rnn", self._rnn):
            yield

    def _rnn(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self.armed or threading.get_ident() != self.thread:
            return original(*args, **kwargs)
        self.armed = False
        bound = inspect.signature(original).bind(*args, **kwargs)
        bound.apply_defaults()
        call = bound.arguments
        constants = len(call["constants"] or ())
        call["step_function"] = self._step(call["step_function"], constants, call["unroll"])
        self.states, self.count = call["initial_states"], len(tuple(call["initial_states"]))
        self.timesteps = _timesteps(call)
        self.masked = (
            self.parts.masks is not None
            and not call["unroll"]
            and self.parts.fused is None
            and self.watch.masks(call["inputs"])
        )
        with ExitStack() as stack:
            if not call["unroll"]:
                stack.enter_context(self._wider_loop())
            result = original(*bound.args, **bound.kwargs)
        if call["unroll"]:
            self._stack_unrolled(result[2])
        return result

    def _step(self, original: Callable[..., Any], constants: int, unroll: bool) -> Any:
        def step(inputs: Any, states: Any) -> Any:
            for tap in self.taps.values():
                tap.clear()
            with self._tapping():
                result = original(inputs, states)
            self.latest = reduce(or_, (tap.taken(k) for k, tap in self.taps.items()), Taken())
            if self.masked and self.parts.masks is not None:
                self.drawn = masks_of(self.cells, self.parts.masks)
            if unroll:
                own = states[: len(states) - constants] if constants else states
                self.unrolled.append((_flat(own), self.latest))
            return result

        return plain(step)

    @contextmanager
    def _tapping(self) -> Iterator[None]:
        with ExitStack() as stack:
            for k, tap in self.taps.items():
                stack.enter_context(
                    tap.fused(self.parts.fused)
                    if self.parts.fused
                    else tap.on(self.cells[k], self.parts.convert)
                )
            yield

    @contextmanager
    def _wider_loop(self) -> Iterator[None]:
        tf = self.parts.module.tf
        entered = [False]

        def while_loop(original: Callable[..., Any], **kwargs: Any) -> Any:
            if entered[0] or threading.get_ident() != self.thread:
                return original(**kwargs)
            entered[0] = True
            return self._while_loop(original, **kwargs)

        owner = tf
        for name in self.parts.path[:-1]:
            owner = getattr(owner, name)
        replaced = replacing(tf, self.parts.path, while_loop, getattr(owner, self.parts.path[-1]))
        with swapped(self.parts.module, "tf", value=replaced):
            yield

    def _while_loop(
        self,
        original: Callable[..., Any],
        *,
        cond: Callable[..., Any],
        body: Callable[..., Any],
        loop_vars: Sequence[Any],
        **kwargs: Any,
    ) -> Any:
        own = len(loop_vars)
        kind = keeping(compiled=self.watch.compiled)
        states = _flat(self.states) if self.watch.states else []
        planned = self.latest
        groups = kind.groups([*enumerate(states), *planned.tensors.items()])
        groups += kind.groups([*self.drawn.items()])

        def wider(*variables: Any) -> Any:
            result = tuple(body(*variables[:own]))
            after = dict(enumerate(_flat(result[len(result) - self.count :])))
            self.latest = self.latest if self.latest.alike(planned) else emptied(planned)
            found = after | self.latest.tensors | self.drawn
            kept = [
                kind.put(array, variables[0], group, found)
                for group, array in zip(groups, variables[own:], strict=True)
            ]
            return (*result, *kept)

        out = original(
            cond=plain(lambda *variables: cond(*variables[:own])),
            body=plain(wider),
            loop_vars=(*loop_vars, *(kind.begin(group, self.timesteps) for group in groups)),
            **kwargs,
        )
        self._give(
            groups,
            [
                kind.end(array, group, self.timesteps)
                for array, group in zip(out[own:], groups, strict=True)
            ],
        )
        return out[:own]

    def _stack_unrolled(self, final: Any) -> None:
        """Stack the steps of an unrolled loop: after step t is what step t + 1 was given."""
        import tensorflow as tf

        if not self.watch.states:
            return
        kind = keeping(compiled=True)
        taken = [each for _, each in self.unrolled]
        if not all(each.alike(taken[0]) for each in taken):
            taken = [Taken()] * len(taken)
        self.latest = taken[0]
        groups = kind.groups([*enumerate(_flat(self.states)), *self.latest.tensors.items()])
        after = [states for states, _ in self.unrolled[1:]] + [_flat(final)]
        rows = [
            dict(enumerate(states)) | each.tensors
            for states, each in zip(after, taken, strict=True)
        ]
        self._give(groups, [tf.stack([group.row(row) for row in rows]) for group in groups])

    def _give(self, groups: Sequence[Group], arrays: Sequence[Any]) -> None:
        if not groups:
            return
        names = tuple(group.names for group in groups)
        dtypes = tuple(group.dtype.as_numpy_dtype for group in groups)
        kept_as = tuple(group.kept_as for group in groups)
        assert self.watch.steps is not None
        self.watch.steps(StepTensors(names, dtypes, kept_as, tuple(arrays), self.latest.recipes))


def cells_of(layer: Any) -> list[Any]:
    """List the cells of a layer, one for most kinds."""
    stacked = any(kind.__name__ == "StackedRNNCells" for kind in type(layer.cell).__mro__)
    return list(layer.cell.cells) if stacked else [layer.cell]


def _timesteps(call: dict[str, Any]) -> Any:
    import tensorflow as tf

    first = _flat(call["inputs"])[0]
    axis = 0 if call["time_major"] else 1
    static = first.shape[axis]
    return static if static is not None else tf.shape(first)[axis]


def _flat(nested: Any) -> list[Any]:
    import tensorflow as tf

    found: list[Any] = tf.nest.flatten(nested)
    return found
