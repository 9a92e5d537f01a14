"""The recorder: observes every recurrent layer of a model, in the operation itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import (
    CUDNN,
    GENERIC,
    CallTensors,
    Engine,
    StepTensors,
    Watch,
)
from lstm_state_probe.engines.kernel import kernel_name
from lstm_state_probe.engines.wrapping import Release, override, resetting
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.recording.call import Call, Gates, Held, State, frozen, two_axes
from lstm_state_probe.recording.origin import Origins, Raw
from lstm_state_probe.recording.places import Places
from lstm_state_probe.recording.plan import ENDS, Plan
from lstm_state_probe.recording.sinks import CallbackSink, Receive, Sink, VariableSink
from lstm_state_probe.recording.steps import Steps
from lstm_state_probe.recording.store import Later, Store
from lstm_state_probe.recording.witness import Witness, drops, wanted

MARK = "_lstm_state_probe"
OWN_WAY = "no timesteps: {} computes them in its own way, past Keras's loop"
REPLAYED = "replayed from the equations: cuDNN ran, of which no timestep can be seen"
FORCED = "Keras's generic kernel in the place of cuDNN (--kernel generic)"


def recorder_of(layer: Any) -> Recorder | None:
    """Return the recorder that is attached to a recurrent layer."""
    found: Recorder | None = vars(layer).get(MARK)
    return found


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
    origins: Origins
    sink: Sink
    plan: Plan
    store: Store
    places: Places = field(default_factory=Places)
    calls: list[Call] = field(default_factory=list)
    lost: int = 0
    around: Callable[[str], AbstractContextManager[Any]] = nullcontext
    _releases: list[Release] = field(default_factory=list)
    _lasting: list[Release] = field(default_factory=list)
    _steps: dict[str, Steps] = field(default_factory=dict)
    _left: float = 0.0

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
        sink: Sink = VariableSink() if engine.jit_compiled(model) else CallbackSink()
        recorder = cls(engine, model, layers, origins, sink, plan, Store(plan.budget))
        recorder._intercept(layers)
        if engine.steps_per_execution(model) > 1:
            stepping = {"call": recorder.places.stepping(model.call)}
            recorder._lasting.append(override(model, stepping))
        recorder._left = plan.witness
        engine.retrace(model)
        if fresh:
            origins.built(recorder.held(), layers)
        return recorder

    def _intercept(self, layers: Sequence[Recurrent]) -> None:
        for part in layers:
            if recorder_of(part.layer) is None:
                self._lasting.append(override(part.layer, {MARK: self}))
            self._releases.append(self.engine.intercept(part.layer, self._watch(part)))

    def detach(self) -> None:
        """Restore the model wholly; a foreign function that was traced meanwhile goes quiet."""
        self.fall_silent()
        self.engine.retrace(self.model)

    def fall_silent(self) -> None:
        """Detach but for the functions that were traced, which go on to run and report nothing."""
        self._release()
        while self._lasting:
            self._lasting.pop()()
        self.collect()
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
            self._releases.pop()()

    def pause(self) -> None:
        """Leave what is traced or called from now on unobserved; resets are still noted.

        No function is traced anew: what was traced while the recorder observed goes on to report.
        """
        self._release()
        for part in self.layers:
            self._releases.append(override(part.layer, resetting(part.layer, self._on_reset(part))))

    def resume(self) -> None:
        """Observe again what is traced or called from now on."""
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
        self.collect()
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
        taken = tuple(self.calls), self.lost
        self.calls, self.lost, self._left = [], 0, self.plan.witness
        return taken

    def spilled(self) -> int:
        """Return how many bytes of timesteps went to disk since the last time."""
        written, self.store.written = self.store.written, 0
        return written

    def _on_reset(self, part: Recurrent) -> Callable[[], None]:
        def reset() -> None:
            self.collect()  # what waits was recorded before the reset
            self.origins.reset(part.addresses)

        return reset

    def _watch(self, part: Recurrent) -> Watch:
        level = self.plan.level(part.address)
        needed = level != "final" or drops(part)
        return Watch(
            self._observer(part),
            self._on_reset(part),
            self._steps_observer(part) if needed else None,
            states=level != "final",
            gates=level == "gates",
            masks=lambda inputs: wanted(part, self.engine.name, inputs, budget=self.plan.witness),
            compiled=isinstance(self.sink, VariableSink),
            generic=self.plan.kernel == GENERIC,
        )

    def _steps_observer(self, part: Recurrent) -> Callable[[StepTensors], None]:
        def observe(tensors: StepTensors) -> None:
            def receive(arrays: list[Array], skipped: int) -> None:
                self._steps[part.address] = Steps(
                    part, tensors.names, tensors.dtypes, tensors.kept_as, arrays
                )

            self.sink.emit(tensors.arrays, receive, copy=False)

        return observe

    def _observer(self, part: Recurrent) -> Callable[[CallTensors], None]:
        def observe(tensors: CallTensors) -> None:
            import tensorflow as tf

            replays = tensors.kernel.may_be_fused and self.plan.level(part.address) != "final"
            budget = math.inf if replays else self.plan.witness
            witness = Witness.of(part, self.engine.name, tensors, budget=budget)
            receive = self._receiver(part, tensors, witness)
            mask = [] if tensors.mask is None else [tf.cast(tensors.mask, tf.bool)]
            sizes = tf.shape(tensors.sequences)[1]
            states = [*tensors.initial, *tensors.final]
            runtime = [] if tensors.kernel.runtime is None else [tensors.kernel.runtime]
            read = [tensor for _, _, tensor in _read(tensors)]
            self.sink.emit([*states, sizes, *runtime, *mask, *read, *witness.tensors], receive)

        return observe

    def _receiver(self, part: Recurrent, tensors: CallTensors, witness: Witness) -> Receive:
        count, masked = len(part.states), tensors.mask is not None
        given, used = tensors.given, self.places.use(part.address)
        wanted, chosen = self.plan.level(part.address), tensors.kernel
        read = [(part.states[index], path) for index, path, _ in _read(tensors)]

        def receive(arrays: list[Array], skipped: int) -> None:
            initial, final = arrays[:count], arrays[count : 2 * count]
            timesteps, *rest = arrays[2 * count :]
            kernel = chosen.name if chosen.runtime is None else kernel_name(rest.pop(0))
            mask = two_axes(rest.pop(0)) if masked else None
            weights: dict[str, dict[str, Array]] = {}
            for name, path in read:
                weights.setdefault(name, {})[path] = rest.pop(0)
            started = dict(zip(part.states, initial, strict=True))
            raw = Raw(part, given, started, weights, skipped > 0)
            phase, epoch, batch, nth = self.places.place(part.address, used, skipped)
            ended = dict(zip(part.states, final, strict=True))
            origin = self.origins.call(raw, (phase, epoch, batch), ended)
            steps = self._steps.pop(part.address, None)
            size = max(array.size for array in initial)
            kept, states, gates = self._kept(steps, int(timesteps), size)
            call = Call(
                layer=part.address,
                phase=phase,
                epoch=epoch,
                batch=batch,
                use=nth,
                timesteps=int(timesteps),
                mask=mask,
                states={
                    name: State(frozen(a), frozen(b), origin[name], states.get(name))
                    for name, a, b in zip(part.states, initial, final, strict=True)
                },
                kept=kept,
                gates=Gates(gates),
                backwards=bool(part.layer.go_backwards),
                note=FORCED if chosen.forced else "",
                kernel=kernel,
            )
            verified, spent = witness.look(call, rest, steps, left=self._left)
            self._left -= spent
            call = replace(call, verified=verified)
            if steps is None and wanted != "final":
                call = self._replayed(call, witness, rest, gates=wanted == "gates")
            self._add(call)

        return receive

    def _kept(
        self, steps: Steps | None, timesteps: int, size: int
    ) -> tuple[Sequence[int], dict[str, Later], dict[str, Later]]:
        """Return which timesteps of the call that just arrived are kept, with states and gates."""
        kept = self._wanted(steps.part.address, timesteps) if steps is not None else ()
        if steps is None or not kept:
            return (), {}, {}
        return kept, *steps.chosen(kept, timesteps, self.store, size)

    def _wanted(self, address: str, timesteps: int) -> Sequence[int]:
        """Return which timesteps of a call that just arrived are to be kept."""
        if self.plan.level(address) == "final":
            return ()
        earlier = any(call.layer == address for call in self.calls)
        return () if self.plan.calls == "first" and earlier else self.plan.keep(timesteps)

    def _replayed(
        self, call: Call, witness: Witness, arrays: Sequence[Array], *, gates: bool
    ) -> Call:
        """Add the timesteps of a second pass where a fused kernel gave none; or say why not."""
        if call.kernel != CUDNN:
            return replace(call, note=OWN_WAY.format(type(witness.part.layer).__name__))
        kept = self._wanted(call.layer, call.timesteps)
        if not kept:
            return call
        found = witness.replay(call, arrays, kept)
        if found is None:
            return replace(call, note=f"no timesteps: cuDNN ran; no replay: {witness.why}")
        states = {
            name: State(s.initial, s.final, s.origin, self._stored(found.states[name]))
            for name, s in call.states.items()
        }
        over_time = {name: self._stored(array) for name, array in found.gates.items() if gates}
        return replace(
            call,
            states=states,
            gates=Gates(over_time),
            kept=kept,
            replayed=found.deviation,
            note=REPLAYED,
        )

    def _stored(self, array: Array) -> Later:
        pending = self.store.keep(lambda: array, array.nbytes)
        return lambda: pending.array

    def _add(self, call: Call) -> None:
        if self.plan.calls == "last":
            self.calls = [
                earlier.without_timesteps() if earlier.layer == call.layer else earlier
                for earlier in self.calls
            ]
        self.calls.append(call)


def _read(tensors: CallTensors) -> list[tuple[int, str, Any]]:
    """List (flat index of a state, path of a weight that it was made from, the weight's value)."""
    return [
        (index, path, weight)
        for index, weights in tensors.start.items()
        for path, weight in weights.items()
    ]
