"""The recorder: observes every recurrent layer of a model, in the operation itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors, Engine, Release
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.recording.call import Call, Held, State, frozen
from lstm_state_probe.recording.origin import Origins, Raw
from lstm_state_probe.recording.sinks import CallbackSink, Sink, VariableSink


@dataclass
class Recorder:
    """Attached to a model for as long as a scenario goes on with it.

    Nothing of the model's own changes: the layers get instance attributes in front of their
    methods, which `detach` removes. `several` says that one execution runs several batches
    (`steps_per_execution`); the uses within a trace tell them apart then.
    """

    engine: Engine
    model: Any
    layers: Sequence[Recurrent]
    origins: Origins
    sink: Sink
    several: bool = False
    calls: list[Call] = field(default_factory=list)
    lost: int = 0
    _releases: list[Release] = field(default_factory=list)
    _bracket: tuple[str, int, int] = ("predict", -1, 0)
    _seen: dict[tuple[str, int], int] = field(default_factory=dict)
    _uses: WeakKeyDictionary[Any, dict[str, int]] = field(default_factory=WeakKeyDictionary)

    @classmethod
    def attach(
        cls, engine: Engine, model: Any, origins: Origins, *, fresh: bool = True
    ) -> Recorder:
        """Observe a model from now on; its functions are traced anew.

        `fresh` says that the layers were just made, so that their history begins here.
        """
        layers = find_recurrent(model)
        sink: Sink = VariableSink() if engine.jit_compiled(model) else CallbackSink()
        several = engine.steps_per_execution(model) > 1
        recorder = cls(engine, model, layers, origins, sink, several)
        for part in layers:
            release = engine.intercept(
                part.layer, recorder._observer(part), recorder._on_reset(part)
            )
            recorder._releases.append(release)
        engine.retrace(model)
        if fresh:
            origins.built(recorder.held())
        return recorder

    def detach(self) -> None:
        """Restore the model wholly."""
        while self._releases:
            self._releases.pop()()
        self.engine.retrace(self.model)

    @property
    def addresses(self) -> list[str]:
        """The addresses of all states, in the order of the layers."""
        return [address for part in self.layers for address in part.addresses]

    def held(self) -> Held:
        """Return copies of what the stateful layers hold now."""
        return {
            address: frozen(value)
            for part in self.layers
            for address, value in zip(part.addresses, self.engine.held(part.layer), strict=True)
        }

    def batch(self, phase: str, epoch: int, batch: int) -> None:
        """Begin a batch: calls that are recorded from now on belong to it."""
        self.collect()
        self._bracket = (phase, epoch, batch)
        self._seen.clear()

    def collect(self) -> None:
        """Take delivery of what waits in the sink."""
        self.lost += self.sink.collect()

    def take(self) -> tuple[tuple[Call, ...], int]:
        """Return the calls since the last time, and how many could not be recorded."""
        self.collect()
        taken = tuple(self.calls), self.lost
        self.calls, self.lost = [], 0
        return taken

    def _on_reset(self, part: Recurrent) -> Callable[[], None]:
        return lambda: self.origins.reset(part.addresses)

    def _observer(self, part: Recurrent) -> Callable[[CallTensors], None]:
        def observe(tensors: CallTensors) -> None:
            import tensorflow as tf

            use = self._use(part.address)
            receive = self._receiver(part, use, tensors)
            mask = [] if tensors.mask is None else [tensors.mask]
            sizes = tf.shape(tensors.sequences)[1]
            self.sink.emit([*tensors.initial, *tensors.final, sizes, *mask], receive)

        return observe

    def _use(self, address: str) -> int | None:
        """Count the uses of a layer within one trace; eager code has none to count in."""
        import tensorflow as tf

        if tf.executing_eagerly():
            return None
        graph = tf.compat.v1.get_default_graph()
        counts = self._uses.setdefault(graph, {})
        counts[address] = counts.get(address, -1) + 1
        return counts[address]

    def _receiver(
        self, part: Recurrent, use: int | None, tensors: CallTensors
    ) -> Callable[[list[Array]], None]:
        count = len(part.states)
        given = tensors.given

        def receive(arrays: list[Array]) -> None:
            initial, final, (timesteps, *mask) = (
                arrays[:count],
                arrays[count : 2 * count],
                arrays[2 * count :],
            )
            raw = Raw(part, given, dict(zip(part.states, initial, strict=True)))
            phase, epoch, batch, nth = self._place(part.address, use)
            origin = self.origins.call(
                raw, (phase, epoch, batch), dict(zip(part.states, final, strict=True))
            )
            states = {
                name: State(frozen(a), frozen(b), origin[name])
                for name, a, b in zip(part.states, initial, final, strict=True)
            }
            kept = frozen(mask[0]) if mask else None
            self.calls.append(
                Call(part.address, phase, epoch, batch, nth, int(timesteps), kept, states)
            )

        return receive

    def _place(self, address: str, use: int | None) -> tuple[str, int, int, int]:
        """Tell the phase, epoch, batch and use of a call that just arrived."""
        phase, epoch, batch = self._bracket
        key = (address, use if use is not None and self.several else -1)
        seen = self._seen.get(key, 0)
        self._seen[key] = seen + 1
        if key[1] < 0:  # one batch at a time: a further call is a further use
            return phase, epoch, batch, seen
        return phase, epoch, batch + seen, key[1]
