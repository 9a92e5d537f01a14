"""The recorder: observes every recurrent layer of a model, in the operation itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from lstm_state_probe.engines.base import (
    GENERIC,
    CallTensors,
    Engine,
    StepTensors,
    Watch,
)
from lstm_state_probe.engines.tap.boundary import SAVED, XLA, Aside
from lstm_state_probe.engines.wrapping import Release, laid_bare, override, plain, resetting
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.recording.arrivals import Arrivals, emitted
from lstm_state_probe.recording.call import Call, Held, Missed, frozen
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.places import Places
from lstm_state_probe.recording.plan import ENDS, Plan
from lstm_state_probe.recording.sinks import Receive, Sinks, compiled_by_xla, is_saved
from lstm_state_probe.recording.store import Store
from lstm_state_probe.recording.witness.ask import Witness, drops, wanted

MARK = "_lstm_state_probe"


def recorder_of(layer: Any) -> Recorder | None:
    """Return the recorder that is attached to a recurrent layer."""
    found: Mark | None = vars(layer).get(MARK)
    return None if found is None or found.layer is not layer else found.recorder


class Mark:
    """Says on a layer that it is recorded; on a copy of the layer it says nothing."""

    def __init__(self, layer: Any = None, recorder: Recorder | None = None) -> None:
        self.layer, self.recorder = layer, recorder

    def __reduce__(self) -> tuple[Any, ...]:
        return Mark, ()


@dataclass
class Recorder:
    """Attached to a model for as long as a scenario goes on with it.

    Nothing of the model's own changes: the layers get instance attributes in front of their
    methods, which `detach` removes; so does the model where one execution runs several batches.
    `around` is entered by whoever sets states from outside, with the name of what it does.
    """

    engine: Engine
    model: Any
    layers: Sequence[Recurrent]
    plan: Plan
    arrivals: Arrivals
    sink: Sinks = field(init=False)
    aside: Aside = field(init=False)
    lost: int = 0
    paused: bool = False
    around: Callable[[str], AbstractContextManager[Any]] = nullcontext
    _releases: list[Release] = field(default_factory=list)
    _lasting: list[Release] = field(default_factory=list)
    _refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.aside = Aside(lambda why: self.miss("", why))
        self.sink = Sinks(self.aside)

    @classmethod
    def attach(
        cls,
        engine: Engine,
        model: Any,
        origins: Origins,
        *,
        plan: Plan = ENDS,
        fresh: bool = True,
    ) -> Recorder:
        """Observe a model from now on; its functions are traced anew.

        `fresh` says that the layers were just made, so that their history begins here.
        """
        layers = find_recurrent(model)
        arrivals = Arrivals(plan, origins, Store(plan.budget))
        recorder = cls(engine, model, layers, plan, arrivals)
        try:
            recorder._attach(origins, fresh=fresh)
        except BaseException:
            recorder.detach()
            raise
        return recorder

    def _attach(self, origins: Origins, *, fresh: bool) -> None:
        self._intercept(self.layers)
        if hasattr(self.model, "train_function"):  # a layer alone runs no several batches
            stepping = {"call": plain(self.places.stepping(self.model.call, self._several))}
            self._lasting.append(override(self.model, stepping))
        if hasattr(self.model, "_trackable_children"):
            saving = {"_trackable_children": self._saving(self.model._trackable_children)}
            self._lasting.append(override(self.model, saving))
        self.engine.retrace(self.model)
        if fresh:
            origins.built(self.held(), self.layers)

    def _intercept(self, layers: Sequence[Recurrent]) -> None:
        for part in layers:
            if recorder_of(part.layer) is None:
                self._lasting.append(override(part.layer, {MARK: Mark(part.layer, self)}))
            self._releases.append(self.engine.intercept(part.layer, self._watch(part)))

    def _several(self) -> bool:
        return (self.aside.run(self.engine.steps_per_execution, self.model) or 1) > 1

    def detach(self) -> None:
        """Restore the model wholly; a foreign function that was traced meanwhile goes quiet."""
        self.fall_silent()
        self.engine.retrace(self.model)

    def fall_silent(self) -> None:
        """Detach but for the functions that were traced, which go on to run and report nothing."""
        self._release()
        while self._lasting:
            self.aside.run(self._lasting.pop())
        self.aside.run(self.collect)
        self.sink.close()

    def lasting(self, release: Release) -> None:
        """Do something else too when the recorder is detached."""
        self._lasting.append(release)

    def mute(self) -> None:
        """Let calls go unrecorded until `unmute`; resets are still noted."""
        self.collect()
        self.sink.mute(True)

    def unmute(self) -> None:
        """Record calls again; what was left meanwhile is noted."""
        self.sink.mute(False)
        self.origins.unseen(self.held())

    def _release(self) -> None:
        while self._releases:
            self.aside.run(self._releases.pop())

    def pause(self) -> None:
        """Leave what is traced or called from now on unobserved; resets are still noted.

        No function is traced anew: what was traced while the recorder observed goes on to report.
        """
        self.paused = True
        self._release()
        for part in self.layers:
            noting = resetting(part.layer, self._on_reset(part, traced=False))
            self._releases.append(override(part.layer, noting))

    def _saving(self, children: Callable[..., Any]) -> Callable[..., Any]:
        """Have `tf.saved_model.save`, which asks a model for this, meet no observer.

        tf_keras traces the layers' own methods then, and takes nothing else for one (2.16 to 2.21).
        """

        def unobserved(*args: Any, **kwargs: Any) -> Any:
            if self.paused or not is_saved():
                return children(*args, **kwargs)
            self.aside.run(self.pause)
            try:
                with laid_bare(self.model, "call"):
                    return children(*args, **kwargs)
            finally:
                self.aside.run(self.resume)

        return unobserved

    def resume(self) -> None:
        """Observe again what is traced or called from now on."""
        self.paused = False
        self._release()
        self._intercept(self.layers)
        self.collect()
        self.origins.unseen(self.held())

    def find_more(self) -> None:
        """Observe the layers that the model has made since the recorder was attached."""
        known = {id(part.layer) for part in self.layers}
        found = find_recurrent(self.model)
        self.layers = found
        self._intercept([part for part in found if id(part.layer) not in known])

    @property
    def origins(self) -> Origins:
        """The history of every held state."""
        return self.arrivals.origins

    @property
    def places(self) -> Places:
        """Which batch of which epoch runs."""
        return self.arrivals.places

    @property
    def addresses(self) -> list[str]:
        """The addresses of all states, in the order of the layers."""
        return [address for part in self.layers for address in part.addresses]

    def held(self) -> Held:
        """Return copies of what the stateful layers hold now."""
        return {
            address: frozen(value)
            for part in self.layers
            for address, value in zip(part.addresses, self.engine.held(part.layer), strict=False)
        }

    def batch(self, phase: str, epoch: int, batch: int) -> None:
        """Begin a batch: calls that are recorded from now on belong to it."""
        self.aside.run(self.collect)
        self.places.begin(phase, epoch, batch)

    def collect(self) -> None:
        """Take delivery of what waits in the sink."""
        self.lost += self.sink.collect()

    def take(self) -> tuple[tuple[Call, ...], int]:
        """Return the calls since the last time, and how many could not be recorded."""
        self.collect()
        return self.cut()

    def cut(self) -> tuple[tuple[Call, ...], int]:
        """Return the calls that were delivered so far; what waits comes later."""
        with self.sink.lock:
            lost, self.lost = self.lost, 0
            return self.arrivals.cut(), lost

    def missed(self) -> tuple[Missed, ...]:
        """Return what could not be recorded since the last time, with the reasons."""
        with self.sink.lock:
            return self.arrivals.cut_missed()

    def miss(self, layer: str, why: str, *, call: bool = False) -> None:
        """Note that something is not recorded which happens now: one call of a layer, or more."""
        with self.sink.lock:
            at = self.places.phase, self.places.epoch, self.places.batch
            if call:
                self.arrivals.miss(layer, why, *at)
            else:
                self.arrivals.missed.append(Missed(layer, *at, why))

    def spilled(self) -> int:
        """Return how many bytes of timesteps went to disk since the last time."""
        store = self.arrivals.store
        written, store.written = store.written, 0
        return written

    def _on_reset(self, part: Recurrent, *, traced: bool = True) -> Callable[[], None]:
        """Return what notes a reset: at once, or in each run of the graph that is `traced` now."""

        def reset() -> None:
            import tensorflow as tf

            if tf.executing_eagerly():
                self.collect()  # what waits was recorded before the reset
                self.origins.reset(part.addresses)
            elif traced and not self.refusal():
                self.sink.emit([], lambda arrays, skipped: self.origins.reset(part.addresses))

        return lambda: self.aside.run(reset)

    def _on_write(self, part: Recurrent) -> Callable[[int], None]:
        def written(index: int) -> None:
            self.collect()  # what waits was recorded before it
            self.origins.written(part.addresses[index], self.engine.held(part.layer)[index])

        return lambda index: self.aside.run(written, index)

    def _watch(self, part: Recurrent) -> Watch:
        level = self.plan.level(part.address)
        needed = level != "final" or self.aside.run(drops, part)
        return Watch(
            self._observer(part),
            self._on_reset(part),
            self._steps_observer(part) if needed else None,
            states=level != "final",
            gates=level == "gates",
            masks=lambda inputs: wanted(part, self.engine.name, inputs, budget=self.plan.witness),
            compiled=compiled_by_xla,
            generic=self.plan.kernel == GENERIC,
            written=self._on_write(part),
            missed=self._misser(part),
            refusal=self.refusal,
        )

    def refusal(self) -> str:
        """Say why what is traced now cannot be observed; '' if it can.

        Callbacks do not pass XLA. For the model's own functions there are variables, which are
        read after each; when a function of the user's runs nobody knows. What is saved must hold
        no observer, whoever saves it (`tf.saved_model.save` asks no method of the model).
        """
        if is_saved():
            return SAVED
        own = not compiled_by_xla() or self.engine.jit_compiled(self.model)
        return "" if own else XLA

    def _misser(self, part: Recurrent) -> Callable[[str], None]:
        """Return what notes each run of a call that cannot be recorded; once, where none can."""

        def missed(why: str) -> None:
            refused = self.refusal()
            if refused == SAVED:
                return
            if not refused:
                at_once = Aside(lambda _: self.miss(part.address, why, call=True))
                at_once.run(lambda: self.sink.emit([], self.arrivals.of_missed(part, why)))
            elif part.address not in self._refused:
                self._refused.add(part.address)
                self.miss(part.address, why)

        return missed

    def _safely(self, part: Recurrent, receive: Receive) -> Receive:
        """Have an error in taking a call tell of which layer it was."""
        aside = Aside(partial(self.miss, part.address, call=True))
        return lambda arrays, skipped: aside.run(receive, arrays, skipped)

    def _steps_observer(self, part: Recurrent) -> Callable[[StepTensors], None]:
        def observe(tensors: StepTensors) -> None:
            receive = self.arrivals.of_steps(part, tensors)
            self.sink.emit(tensors.arrays, receive, copy=False)

        return observe

    def _observer(self, part: Recurrent) -> Callable[[CallTensors], None]:
        def observe(tensors: CallTensors) -> None:
            replays = tensors.kernel.may_be_fused and self.plan.level(part.address) != "final"
            budget = math.inf if replays else self.plan.witness
            witness = Witness.of(part, self.engine.name, tensors, budget=budget)
            receive = self.arrivals.of_call(part, tensors, witness)
            self.sink.emit(emitted(tensors, witness), self._safely(part, receive))

        return observe
