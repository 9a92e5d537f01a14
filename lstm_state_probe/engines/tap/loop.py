"""Watches the recurrent loop that Keras runs: the states and gates of every timestep.

`backend.rnn` runs a step function in `tf.while_loop`. While a watched layer's own call is traced
(or runs eagerly), the loop is given more loop variables: arrays to which each timestep writes its
states, as they are carried on (held where a mask says so), and the gates that the cell really
computed. Keras's own variables, outputs and operations stay as they are.

How the loop keeps them is told in `keeping`. What fails here is told as the reason why a call has
no timesteps, and the loop goes on without: its further variables are handed on as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from types import ModuleType
from typing import Any

from lstm_state_probe.engines.base import Quantity, StepTensors, Watch
from lstm_state_probe.engines.tap.boundary import Aside
from lstm_state_probe.engines.tap.dropout import Masks, Read, masks_of
from lstm_state_probe.engines.tap.frames import Frame
from lstm_state_probe.engines.tap.gates import GateTap, Taken, emptied, tapped
from lstm_state_probe.engines.tap.keeping import Group, Keeping, keeping
from lstm_state_probe.engines.tap.recipe import Leaf
from lstm_state_probe.engines.tap.swapping import claimed, swapped
from lstm_state_probe.engines.tap.widening import Wide
from lstm_state_probe.engines.wrapping import plain

KERAS = ("keras.", "tf_keras.")
BUSY = "another thread computed with the same cell at that time, so that its gates are not recorded"
UNEVEN = "its cell computed other gates in one timestep than in another, so that none is recorded"
Keeps = tuple[Keeping, Sequence[Group], Taken]
"""How a loop keeps its timesteps: the groups, and what the first step gave of the gates."""


@dataclass(frozen=True)
class LoopParts:
    """Where an engine keeps the parts of its loop.

    `backend` holds `rnn`; `module` is where `rnn` finds its `while_loop`, at the dotted `path`;
    `fused` is the module of a kernel that computes without the cell, if there is one.
    `masks` reads the dropout masks that a cell drew, where each timestep may draw its own.
    """

    backend: ModuleType
    module: ModuleType
    path: str
    fused: ModuleType | None
    convert: Callable[[Callable[..., Any]], Callable[..., Any]]
    masks: Read | None = None


class LoopWatch:
    """Watches one call of one layer; `watch.steps` gets the tensors in the graph of the loop.

    The frame of the call gets what the loop ended with, and why it has no timesteps.
    """

    def __init__(self, parts: LoopParts, layer: Any, watch: Watch, frame: Frame) -> None:
        self.parts, self.watch, self.frame = parts, watch, frame
        self.aside = Aside(frame.lose)
        self.cells = cells_of(layer)
        self.taps: dict[int, GateTap] = {}
        self.armed = True
        self.latest = Taken()
        self.states: list[Any] = []
        self.after: list[Any] = []
        self.masked = False
        self.drawn: Masks = {}
        self.unrolled: list[tuple[list[Any], Taken]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the first loop of the layer that runs in the body on this thread."""
        with swapped(self.parts.backend, "rnn", self._rnn):
            yield

    def _rnn(self, original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        call = self.aside.run(self._begin, original, args, kwargs) if self.armed else None
        if call is None:
            return original(*args, **kwargs)
        # Keras's own loop runs inside of contexts, never inside of `run`: what it raises is the
        # user's and passes unchanged, and it cannot run twice because something of ours failed
        with self.aside.around(self._claiming), self.aside.around(partial(self._widening, call)):
            result = original(*call.args, **call.kwargs)
        self.aside.run(self._end, call, result)
        return result

    def _begin(
        self, original: Callable[..., Any], args: Any, kwargs: Any
    ) -> inspect.BoundArguments | None:
        """Read what a loop is given; None if it is not that of the layer itself."""
        bound = inspect.signature(original).bind(*args, **kwargs)
        bound.apply_defaults()
        call = bound.arguments
        self.states = _flat(call["initial_states"])
        # a cell may run a loop of its own, through the same `backend.rnn`: the layer's is the one
        # that starts from the tensors on which the layer settled (Keras 3.15, tf_keras 2.21)
        if self.parts.fused is None and not _same(self.states, self.frame.loop):
            return None
        self.armed = False
        self.count = len(tuple(call["initial_states"]))
        if self.watch.steps is not None:
            constants = len(call["constants"] or ())
            step = self._step(call["step_function"], constants, call["unroll"])
            self.timesteps = _timesteps(call)
            self.masked = (
                self.parts.masks is not None
                and not call["unroll"]
                and self.parts.fused is None
                and self.watch.masks(call["inputs"])
            )
            call["step_function"] = step
        return bound

    @contextmanager
    def _claiming(self) -> Iterator[None]:
        """Tap the gates of cells that no other thread computes with."""
        wanted = self.watch.gates and self.watch.steps is not None
        taps = {k: tap for k, cell in enumerate(self.cells) if wanted and (tap := _tapped(cell))}
        alone = () if self.parts.fused else (self.cells[k] for k in taps)
        with claimed(*alone) as free:
            if taps and not free:
                self.frame.no_gates = BUSY
            self.taps = taps if free else {}
            yield

    def _widening(self, call: inspect.BoundArguments) -> Any:
        if call.arguments["unroll"] or self.watch.steps is None:
            return nullcontext()
        entered: list[bool] = []

        def while_loop(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            # both Kerases call it with keywords; what comes by position, or comes second, is the
            # loop of a cell or an activation inside Keras's own
            if entered or args:
                return original(*args, **kwargs)
            entered.append(True)
            return self._while_loop(original, kwargs)

        return swapped(self.parts.module, self.parts.path, while_loop)

    def _end(self, call: inspect.BoundArguments, result: Any) -> None:
        if self.parts.fused is None:
            self.frame.final = _flat(result[2])
        if call.arguments["unroll"] and self.watch.steps is not None and not self.frame.lost:
            self._stack_unrolled(result[2])

    def _step(self, original: Callable[..., Any], constants: int, unroll: bool) -> Any:
        def step(inputs: Any, states: Any) -> Any:
            with self.aside.around(self._tapping):
                result = original(inputs, states)
            self.aside.run(self._noted, states, result, constants, unroll)
            return result

        return plain(step)

    def _noted(self, states: Any, result: Any, constants: int, unroll: bool) -> None:
        """Note the gates and masks of the step that was just computed, and what states it gave."""
        self.after = [  # a cell with a policy of its own, in a stack, gives another dtype
            new if new.dtype != old.dtype else old
            for old, new in zip(self.states, _flat(result[1]), strict=True)
        ]
        self.latest = reduce(or_, (tap.taken(k) for k, tap in self.taps.items()), Taken())
        if self.masked and self.parts.masks is not None:
            self.drawn = masks_of(self.cells, self.parts.masks)
        if unroll:
            own = states[: len(states) - constants] if constants else states
            self.unrolled.append((_flat(own), self.latest))

    @contextmanager
    def _tapping(self) -> Iterator[None]:
        with ExitStack() as stack:
            for k, tap in self.taps.items():
                tap.clear()
                stack.enter_context(
                    tap.fused(self.parts.fused)
                    if self.parts.fused
                    else tap.on(self.cells[k], self.parts.convert)
                )
            yield

    def _while_loop(self, original: Callable[..., Any], given: Mapping[str, Any]) -> Any:
        """Run Keras's loop with further variables; as it is where they cannot be had."""
        # The states are results of every timestep anyway: handing them on changes no bit. Outputs
        # of `rnn` would be the obvious place, but with `return_sequences` alone it gives h, not c,
        # and a mask is applied to the output otherwise than to the state.
        wide = self.aside.run(self._wide, given)
        if wide is None:
            return original(**given)
        try:
            out = original(**wide.arguments)
        except Exception as error:
            if wide.raised or _eager():
                raise  # what Keras's own condition or body raised
            out = original(**given)  # raises what Keras raises; else the fault was ours
            self.aside.failed(error)
            return out
        if not self.frame.lost:
            self.aside.run(self._give, wide.groups, wide.kind, out[wide.own :])
        return out[: wide.own]

    def _wide(self, given: Mapping[str, Any]) -> Wide:
        kind = keeping(compiled=self.watch.compiled())
        states = self.after if self.watch.states else []
        planned = self.latest
        groups = kind.groups([*enumerate(states), *planned.tensors.items()])
        groups += kind.groups([*self.drawn.items()])
        further = [kind.begin(group, self.timesteps) for group in groups]

        def put(arrays: Sequence[Any], time: Any, result: Sequence[Any]) -> Sequence[Any] | None:
            if self.frame.lost:
                return None
            return self.aside.run(self._put, (kind, groups, planned), arrays, time, result)

        return Wide(given, further, put, kind, groups)

    def _put(self, keeps: Keeps, arrays: Any, time: Any, result: Any) -> list[Any]:
        """Add what a timestep gave; `result` is what Keras's body returned."""
        kind, groups, planned = keeps
        if not self.latest.alike(planned):
            self.latest, self.frame.no_gates = emptied(planned), UNEVEN
        after = dict(enumerate(_flat(result[len(result) - self.count :])))
        found = after | self.latest.tensors | self.drawn
        return [
            kind.put(array, time, group, found) for group, array in zip(groups, arrays, strict=True)
        ]

    def _stack_unrolled(self, final: Any) -> None:
        """Stack the steps of an unrolled loop: after step t is what step t + 1 was given."""
        import tensorflow as tf

        if not self.watch.states:
            return
        # unrolled rows are all there at once: nothing is gained by a list of tensors
        kind = keeping(compiled=True)
        taken = [each for _, each in self.unrolled]
        if not all(each.alike(taken[0]) for each in taken):
            taken, self.frame.no_gates = [Taken()] * len(taken), UNEVEN
        self.latest = taken[0]
        groups = kind.groups([*enumerate(self.after), *self.latest.tensors.items()])
        after = [states for states, _ in self.unrolled[1:]] + [_flat(final)]
        rows = [
            dict(enumerate(states)) | each.tensors
            for states, each in zip(after, taken, strict=True)
        ]
        self._emit(groups, [tf.stack([group.row(row) for row in rows]) for group in groups])

    def _give(self, groups: Sequence[Group], kind: Keeping, arrays: Sequence[Any]) -> None:
        ended = [
            kind.end(array, group, self.timesteps)
            for array, group in zip(arrays, groups, strict=True)
        ]
        self._emit(groups, ended)

    def _emit(self, groups: Sequence[Group], arrays: Sequence[Any]) -> None:
        if not groups:
            return
        recipes = {} if self.frame.no_gates else self.latest.recipes
        names = tuple(tuple(map(self._told, group.names)) for group in groups)
        dtypes = tuple(group.dtype.as_numpy_dtype for group in groups)
        kept_as = tuple(group.kept_as for group in groups)
        assert self.watch.steps is not None
        self.watch.steps(StepTensors(names, dtypes, kept_as, tuple(arrays), recipes, self.frame))

    def _told(self, name: Quantity) -> Quantity:
        """Name what was kept; where gates turned out to be none, zeros stand in their place."""
        gate = isinstance(name, tuple) and len(name) == 2
        return Leaf(-1, 0) if gate and self.frame.no_gates else name


def cells_of(layer: Any) -> list[Any]:
    """List the cells of a layer, one for most kinds."""
    stacked = any(
        kind.__name__ == "StackedRNNCells" and kind.__module__.startswith(KERAS)
        for kind in type(layer.cell).__mro__
    )
    return list(layer.cell.cells) if stacked else [layer.cell]


def _tapped(cell: Any) -> GateTap | None:
    """Return a tap for a cell; a cell of tf.compat.v1 has the names of others, not their parts."""
    return None if hasattr(cell, "_is_tf_rnn_cell") else tapped(cell)


def _same(states: Sequence[Any], expected: Sequence[Any] | None) -> bool:
    """Tell whether a loop starts from the very tensors that its layer settled on."""
    if expected is None or len(states) != len(expected):
        return False
    return all(one is other for one, other in zip(states, expected, strict=True))


def _timesteps(call: dict[str, Any]) -> Any:
    import tensorflow as tf

    first = _flat(call["inputs"])[0]
    axis = 0 if call["time_major"] else 1
    static = first.shape[axis]
    return static if static is not None else tf.shape(first)[axis]


def _eager() -> bool:
    import tensorflow as tf

    return bool(tf.executing_eagerly())


def _flat(nested: Any) -> list[Any]:
    import tensorflow as tf

    found: list[Any] = tf.nest.flatten(nested)
    return found
