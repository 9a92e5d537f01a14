"""The one way from an operation that Keras carries out to its `Outcome`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.recording.call import Held
from lstm_state_probe.recording.outcome import Failure, Outcome, plain
from lstm_state_probe.recording.recorder import Recorder


@dataclass(frozen=True)
class Begun:
    """An operation that is under way: what was held before it, and when it began."""

    before: Held
    started: float

    def ended(
        self,
        recorder: Recorder,
        name: str,
        result: Any,
        failure: Failure | None,
        *,
        label: str | None = None,
        plain: Callable[[Any], Any] = plain,
    ) -> Outcome:
        """Take what was recorded since it began; `plain` makes arrays of what Keras returned.

        `recorder` is the one at the end: a `reload` leaves another model with another recorder.
        """
        seconds = time.perf_counter() - self.started
        calls, unrecorded = recorder.take()
        return Outcome(
            name,
            label,
            calls,
            self.before,
            recorder.held(),
            plain(result),
            failure,
            seconds,
            unrecorded,
            recorder.spilled(),
            recorder.missed(),
        )


def begin(recorder: Recorder, phase: str = "predict") -> Begun:
    """Begin an operation: calls from now on are of it, of no epoch and of its batch 0."""
    before = recorder.held()
    recorder.batch(phase, -1, 0)
    return Begun(before, time.perf_counter())
