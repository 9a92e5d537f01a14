"""One `fit` of a user's while the states of some of its batches are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from weakref import ref

from lstm_state_probe.api.place import Place
from lstm_state_probe.api.session import Operation
from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.messages import whole_message
from lstm_state_probe.engines.wrapping import override
from lstm_state_probe.recording.call import Call, Held, Missed
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.recording.recorder import Recorder

END_OF_DATA = ("StopIteration", "OutOfRangeError")
"""How a training function says that there is no further batch."""


@dataclass
class Training:
    """Listens to a recorder in the batches that are due; `seen` counts batches over all fits."""

    recorder: Recorder
    every: int
    seen: int
    place: Place
    before: Held
    calls: list[Call] = field(default_factory=list)
    epoch: int = 0
    begun: int = 0
    hearing: bool = False
    open: bool = True
    failure: Failure | None = None
    held: Held = field(default_factory=dict)
    missed: tuple[Missed, ...] = ()
    on_disk: int = 0

    @classmethod
    def begin(cls, recorder: Recorder, *, every: int, seen: int) -> Training:
        """Begin when `fit` has made its training function and is about to use it."""
        model = recorder.model
        training = cls(recorder, every, seen, Place.of_caller(), recorder.held())
        recorder.origins.operation = "fit"
        recorder.mute()
        model.make_train_function()  # anew: that of `fit` was forgotten, to be traced anew
        model.train_function = _guarded(ref(training), model.train_function)
        evaluate = {"evaluate": _guarded(ref(training), model.evaluate)}
        recorder.lasting(override(model, evaluate))
        return training

    def batch_begins(self, batch: int) -> None:
        """Listen if a batch of the execution that begins is due."""
        self.begun = batch
        several = self.recorder.engine.steps_per_execution(self.recorder.model)
        self.hearing = any(self._due(batch + k) for k in range(several))
        if self.hearing:
            self.recorder.unmute()
            self.recorder.batch("train", self.epoch, batch)

    def batch_ends(self, batch: int, steps: int | None) -> list[Call]:
        """Keep, and return, the calls of the batches that were due.

        `steps` is the number of batches of an epoch, where it is known: Keras 3 counts past it if
        the last execution has fewer batches than the others (seen in 3.15).
        """
        found: list[Call] = []
        if self.hearing:
            calls, _ = self.recorder.take()
            found = [self._stored(call) for call in calls if self._due(call.batch)]
            self.calls += found
            self.recorder.mute()
        end = batch + 1 if steps is None else min(batch + 1, max(steps, self.begun + 1))
        self.seen += end - self.begun
        self.hearing = False
        return found

    def _due(self, batch: int) -> bool:
        return (self.seen + batch - self.begun) % self.every == 0

    def _stored(self, call: Call) -> Call:
        """Put the ends of a call into the recorder's store, where the timesteps are."""
        store = self.recorder.arrivals.store

        def keep(array: Array) -> Callable[[], Array]:
            kept = store.keep(lambda: array, array.nbytes)
            return lambda: kept.array

        return call.stored(keep)

    def end(self, failure: BaseException | None = None) -> None:
        """Let go of the model."""
        if not self.open:
            return
        self.open = False
        if failure is not None:
            name = type(failure).__name__
            text = self.recorder.aside.run(whole_message, failure) or name
            self.failure = Failure(name, text)
        self.held = self.recorder.aside.run(self.recorder.held) or {}
        self.recorder.detach()
        self.missed += self.recorder.missed()

    def operation(self) -> Operation:
        """Return what was kept so far."""
        calls = tuple(self.calls)
        self.missed += self.recorder.missed()
        self.on_disk += self.recorder.spilled()
        outcome = Outcome(
            "fit",
            None,
            calls,
            self.before,
            self.held,
            failure=self.failure,
            missed=self.missed,
            on_disk=self.on_disk,
        )
        return Operation(outcome, self.place)


def _guarded(training: ref[Training], function: Callable[..., Any]) -> Callable[..., Any]:
    """Have the training end when a function raises: Keras then calls no `on_train_end`."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            known = training()
            if known is not None and type(error).__name__ not in END_OF_DATA:
                known.end(error)
            raise

    return guarded
