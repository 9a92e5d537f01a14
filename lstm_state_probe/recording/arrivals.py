"""From what leaves a graph to the calls of an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CUDNN, CallTensors, StepTensors
from lstm_state_probe.engines.starts.running import running
from lstm_state_probe.engines.starts.starting import Start
from lstm_state_probe.engines.tap.boundary import CannotRecord
from lstm_state_probe.engines.tap.kernel import kernel_name
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.layers.given import given_by
from lstm_state_probe.recording.call import Call, Gates, Missed, State, frozen, two_axes
from lstm_state_probe.recording.origin import Origins, Raw
from lstm_state_probe.recording.places import Places
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.sinks import Receive
from lstm_state_probe.recording.steps import Steps
from lstm_state_probe.recording.store import Later, Store
from lstm_state_probe.recording.witness.ask import Witness

OWN_WAY = "no timesteps: {} computes them in its own way, past Keras's loop"
REPLAYED = "replayed from the equations: cuDNN ran, of which no timestep can be seen"
OTHER_STATES = "its state_size tells {} states, a call of it began with {} and ended with {}"
AT_ONCE = 64
"""Runs of one call whose timesteps may wait for the call: those of a graph on several threads."""
FORCED = "Keras's generic kernel in the place of cuDNN (--kernel generic)"


@dataclass
class Arrivals:
    """Makes a call of what each run of a graph gives, and keeps those of an operation.

    The timesteps of a call arrive just before the call itself.
    """

    plan: Plan
    origins: Origins
    store: Store
    places: Places = field(default_factory=Places)
    calls: list[Call] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    _steps: WeakKeyDictionary[Any, list[Steps]] = field(default_factory=WeakKeyDictionary)
    _left: float = 0.0

    def __post_init__(self) -> None:
        self._left = self.plan.witness

    def cut(self) -> tuple[Call, ...]:
        """Return the calls that arrived since the last time."""
        taken, self.calls, self._left = tuple(self.calls), [], self.plan.witness
        return taken

    def of_steps(self, part: Recurrent, tensors: StepTensors) -> Receive:
        """Return what takes the timesteps of a call."""

        def receive(arrays: list[Array], skipped: int) -> None:
            found = Steps(
                part, tensors.names, tensors.dtypes, tensors.kept_as, arrays, tensors.recipes
            )
            # the callback of the timesteps and that of their call share no data in the graph, so
            # that TensorFlow may run those of several threads in any order: they wait by frame
            waiting = self._steps.setdefault(tensors.frame, [])
            waiting.append(found)
            del waiting[:-AT_ONCE]

        return receive

    def of_missed(self, part: Recurrent, why: str) -> Receive:
        """Return what notes a call that runs and cannot be recorded."""
        used = self.places.use(part.address)

        def receive(arrays: list[Array], skipped: int) -> None:
            phase, epoch, batch, _ = self.places.place(part.address, used, skipped)
            self.miss(part.address, why, phase, epoch, batch)

        return receive

    def miss(self, layer: str, why: str, phase: str, epoch: int, batch: int) -> None:
        """Note that a call of a layer could not be recorded."""
        after = sum(call.layer == layer for call in self.calls)
        self.missed.append(Missed(layer, phase, epoch, batch, why, after))

    def cut_missed(self) -> tuple[Missed, ...]:
        """Return what could not be recorded since the last time."""
        taken, self.missed = tuple(self.missed), []
        return taken

    def of_call(self, part: Recurrent, tensors: CallTensors, witness: Witness) -> Receive:
        """Return what takes the values of `emitted`, in their order."""
        layout, used = Layout(part, tensors), self.places.use(part.address)
        wanted, chosen = self.plan.level(part.address), tensors.kernel
        givers = given_by(part, running())

        def receive(arrays: list[Array], skipped: int) -> None:
            found = layout.read(arrays)
            raw = Raw(part, found.given, found.initial, givers, found.starts, skipped > 0)
            phase, epoch, batch, use = self.places.place(part.address, used, skipped)
            origin = self.origins.call(raw, (phase, epoch, batch), found.final)
            steps = self._steps_of(tensors.frame, found.final)
            kept, states, gates = self._kept(steps, found.timesteps)
            call = Call(
                layer=part.address,
                phase=phase,
                epoch=epoch,
                batch=batch,
                use=use,
                timesteps=found.timesteps,
                mask=found.mask,
                states={
                    name: State(a, found.final[name], origin[name], states.get(name))
                    for name, a in found.initial.items()
                },
                kept=kept,
                gates=Gates(gates),
                backwards=bool(part.layer.go_backwards),
                note=FORCED if chosen.forced else tensors.lost if steps is not None else "",
                kernel=found.kernel,
                skipped=skipped,
            )
            verified, spent = witness.look(call, found.evidence, steps, left=self._left)
            self._left -= spent
            call = replace(call, verified=verified)
            if steps is None and wanted != "final":
                gated = wanted == "gates"
                call = self._replayed(call, witness, found.evidence, tensors.lost, gates=gated)
            self._add(call)

        return receive

    def _steps_of(self, frame: Any, final: Mapping[str, Array]) -> Steps | None:
        """Return the timesteps of a call: where a graph ran on several threads at once, those that
        end with the final states.
        """  # noqa: D205
        waiting = self._steps.get(frame) or []
        fitting = [steps for steps in waiting if len(waiting) == 1 or steps.end_with(final)]
        if not waiting:
            return None
        chosen = fitting[0] if fitting else waiting[-1]
        waiting.remove(chosen)
        return chosen

    def _kept(
        self, steps: Steps | None, timesteps: int
    ) -> tuple[Sequence[int], dict[str, Later], dict[str, Later]]:
        """Return which timesteps of the call that just arrived are kept, with states and gates."""
        kept = self._wanted(steps.part.address, timesteps) if steps is not None else ()
        if steps is None or not kept:
            return (), {}, {}
        return kept, *steps.chosen(kept, timesteps, self.store)

    def _wanted(self, address: str, timesteps: int) -> Sequence[int]:
        """Return which timesteps of a call that just arrived are to be kept."""
        if self.plan.level(address) == "final":
            return ()
        earlier = any(call.layer == address for call in self.calls)
        return () if self.plan.calls == "first" and earlier else self.plan.keep(timesteps)

    def _replayed(
        self,
        call: Call,
        witness: Witness,
        evidence: Sequence[Array],
        lost: str,
        *,
        gates: bool,
    ) -> Call:
        """Add the timesteps of a second pass where a fused kernel gave none; or say why not."""
        if call.kernel != CUDNN:
            own = OWN_WAY.format(type(witness.part.layer).__name__)
            return replace(call, note=f"no timesteps: {lost}" if lost else own)
        kept = self._wanted(call.layer, call.timesteps)
        if not kept:
            return call
        found, why = witness.replay(call, evidence, kept)
        if found is None:
            return replace(call, note=f"no timesteps: cuDNN ran; no replay: {why}")
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


def emitted(tensors: CallTensors, witness: Witness) -> list[Any]:
    """List what leaves the graph for a call, as `Layout` reads it."""
    import tensorflow as tf

    mask = [] if tensors.mask is None else [tf.cast(tensors.mask, tf.bool)]
    runtime = [] if tensors.kernel.runtime is None else [tensors.kernel.runtime]
    given = [] if isinstance(tensors.given, bool) else [tensors.given]
    read = [weight for start in tensors.start.values() for weight in start.weights.values()]
    states = [*tensors.initial, *tensors.final]
    first = tf.nest.flatten(tensors.sequences)[0]
    timesteps = tf.shape(first)[0 if tensors.time_major else 1]
    return [*states, timesteps, *given, *runtime, *mask, *read, *witness.tensors]


@dataclass(frozen=True)
class Arrived:
    """The values of one call; `starts` tells what a state was made from.

    `evidence` is for the witness.
    """

    initial: dict[str, Array]
    final: dict[str, Array]
    timesteps: int
    given: bool
    kernel: str
    mask: Array | None
    starts: dict[str, Start]
    evidence: Sequence[Array]


class Layout:
    """Knows what the values are that `emitted` listed for the calls of one trace."""

    def __init__(self, part: Recurrent, tensors: CallTensors) -> None:
        self.names, self.kernel = part.states, tensors.kernel
        found = len(tensors.initial), len(tensors.final)
        if found != (len(self.names),) * 2:
            raise CannotRecord(OTHER_STATES.format(len(self.names), *found))
        self.masked, self.time_major = tensors.mask is not None, tensors.time_major
        self.given = tensors.given
        self.starts = {part.states[index]: start for index, start in tensors.start.items()}

    def read(self, arrays: Sequence[Array]) -> Arrived:
        """Give the values their names."""
        count = len(self.names)
        initial, final = arrays[:count], arrays[count : 2 * count]
        timesteps, *rest = arrays[2 * count :]
        given = self.given if isinstance(self.given, bool) else bool(rest.pop(0))
        fixed = self.kernel.runtime is None
        kernel = self.kernel.name if fixed else kernel_name(rest.pop(0))
        mask = two_axes(rest.pop(0)) if self.masked else None
        if mask is not None and self.time_major:
            mask = mask.T
        starts = {
            name: Start({path: rest.pop(0) for path in start.weights}, start.kinds)
            for name, start in self.starts.items()
        }
        return Arrived(
            dict(zip(self.names, map(frozen, initial), strict=True)),
            dict(zip(self.names, map(frozen, final), strict=True)),
            int(timesteps),
            given,
            kernel,
            mask,
            starts,
            rest,
        )
