"""One model while the user's own calls of it are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.api.place import Place
from lstm_state_probe.engines.messages import whole_message
from lstm_state_probe.engines.wrapping import laid_bare
from lstm_state_probe.recording.call import Call, Held
from lstm_state_probe.recording.operate import Begun, begin
from lstm_state_probe.recording.outcome import Failure, Outcome, plain
from lstm_state_probe.recording.recorder import Recorder

ELSEWHERE = "elsewhere"
"""The name for calls that none of the model's own methods made: of a layer, of another model."""


@dataclass(frozen=True)
class Operation:
    """One call of a method of the user's, and where it stands in the user's code."""

    outcome: Outcome
    place: Place

    @property
    def name(self) -> str:
        """The name of the method: `fit`, `predict`, …; `call` for `model(x)`."""
        return self.outcome.operation

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of recurrent layers that were made in it, in their order."""
        return self.outcome.calls


@dataclass
class Session:
    """Cuts what a recorder takes into operations."""

    recorder: Recorder
    done: list[Operation] = field(default_factory=list)
    inside: bool = False
    paused: bool = False
    _loose: tuple[str, Place] = (ELSEWHERE, Place("<unknown>", 0))

    def __post_init__(self) -> None:
        self._between()
        self.recorder.around = self.operation

    @contextmanager
    def operation(self, name: str, phase: str = "predict") -> Iterator[list[Any]]:
        """Do an operation; what is put into the list is its result.

        Inside another one it belongs to that. What it raises passes, and is noted.
        """
        aside = self.recorder.aside
        if not self._enter():
            yield []
            return
        begun = aside.run(self._begin, phase)
        result: list[Any] = []
        failure = None
        try:
            yield result
        except BaseException as error:
            failure = aside.run(_failure, error)
            raise
        finally:
            self.inside = False
            if begun is not None:
                aside.run(self._end, name, *begun, result, failure)

    def _enter(self) -> bool:
        """Begin an operation, unless one is under way, on whichever thread."""
        with self.recorder.sink.lock:
            entered, self.inside = not self.inside, True
            return entered

    def _begin(self, phase: str) -> tuple[Place, Begun]:
        self.loose()
        self.recorder.origins.outside = ""
        return Place.of_caller(), begin(self.recorder, phase)

    def _end(
        self, name: str, place: Place, begun: Begun, result: list[Any], failure: Failure | None
    ) -> None:
        outcome = begun.ended(self.recorder, name, result, failure, plain=self._plain)
        self.done.append(Operation(outcome, place))
        self._between()

    def _plain(self, result: list[Any]) -> Any:
        """Turn a result into arrays; None for one that is nothing of the kind."""
        return self.recorder.aside.run(plain, result[0]) if result else None

    def loose(self) -> None:
        """Make an operation of the calls that arrived outside of any."""
        self.recorder.aside.run(self.recorder.collect)
        self._cut()

    @contextmanager
    def run_of_function(self, phase: str, place: Place) -> Iterator[None]:
        """Have each run of what is traced in the block be an operation of its own.

        The graph is that of a `tf.function` of the user's, which may run at any time.
        """

        def begun(arrays: Any, skipped: int) -> None:
            self._cut()
            self._loose = ("call", place)
            self.recorder.places.begin(phase, -1, 0)

        sink, aside = self.recorder.sink, self.recorder.aside
        observed = aside.run(self.recorder.refusal) == ""
        if observed:
            aside.run(sink.emit, [], begun)
        yield
        if observed:
            aside.run(sink.emit, [], lambda arrays, skipped: self._cut())

    def _cut(self) -> None:
        (calls, lost), missed = self.recorder.cut(), self.recorder.missed()
        name, place = self._loose
        self._loose = (ELSEWHERE, Place("<unknown>", 0))
        if calls or lost or missed:
            before, held = self._ends(calls)
            outcome = Outcome(
                name,
                None,
                calls,
                before,
                held,
                unrecorded=lost,
                on_disk=self.recorder.spilled(),
                missed=missed,
            )
            self.done.append(Operation(outcome, place))
            self._between()

    def _ends(self, calls: Sequence[Call]) -> tuple[Held, Held]:
        """Tell from the calls what stateful layers held before and after them."""
        stateful = {part.address for part in self.recorder.layers if part.stateful}
        states = [
            (f"{call.layer}/{name}", state)
            for call in calls
            if call.layer in stateful
            for name, state in call.states.items()
        ]
        before = {address: state.initial for address, state in reversed(states)}
        return before, {address: state.final for address, state in states}

    def _between(self) -> None:
        """Name the operation that comes next, and where a reset stands until it begins."""
        done, origins = len(self.done), self.recorder.origins
        origins.operation = f"operation {done + 1}"
        origins.outside = f"after operation {done}" if done else "before operation 1"
        self.recorder.places.begin("predict", -1, 0)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let the calls in the block go unrecorded."""
        recorder = self.recorder
        recorder.aside.run(recorder.mute)
        try:
            yield
        finally:
            recorder.aside.run(recorder.unmute)

    @contextmanager
    def unobserved(self) -> Iterator[None]:
        """Let what is traced in the block go without an observer, as an export must."""
        if self.paused:
            yield
            return
        aside = self.recorder.aside
        aside.run(self.recorder.pause)
        self.paused = True
        try:
            with laid_bare(self.recorder.model, "call"):
                yield
        finally:
            self.paused = False
            aside.run(self.recorder.resume)


def _failure(error: BaseException) -> Failure:
    return Failure(type(error).__name__, whole_message(error))
