"""`StateRecorder`: a callback of `fit` that keeps the states of every n-th batch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any
from weakref import finalize

from lstm_state_probe.api.hooks import Hooks
from lstm_state_probe.api.record import Timesteps, attach, plan_of
from lstm_state_probe.api.recorded.recording import Recording
from lstm_state_probe.api.recorded.summaries import Summaries
from lstm_state_probe.api.session import Operation
from lstm_state_probe.api.training import Training
from lstm_state_probe.engines.tap.boundary import Aside, reason
from lstm_state_probe.errors import ProbeError, UsageError
from lstm_state_probe.recording.plan import MEBIBYTE
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.recording.store import Store

FAILED = "StateRecorder records nothing more of this fit: {}"


class StateRecorder(Hooks):
    """A Keras callback: `model.fit(…, callbacks=[StateRecorder(every=100)])`.

    It serves Keras 3 and `tf_keras`. Of every n-th training batch, counted over all epochs, the
    states are kept as `recording`, which may be read while training goes on: in memory up to the
    budget, past it in a temporary file. What is trained is the same bits as without it.

    When `fit` raises in a training batch or in its validation, the model is restored at once;
    when another callback raises, with the next `fit`, with `close()`, or when this is let go.

    Args:
        every: keep the states of every n-th batch; the first is kept.
        timesteps: as of `record`; the initial and final states are always kept.
        gates: keep the gates too, of the timesteps that are kept.
        layers: of which recurrent layers timesteps and gates are kept, by address or glob.
        budget: bytes of states that stay in memory.
        log_dir: write TensorBoard summaries there: of each state a histogram, and max|.|, mean
            and standard deviation. Needs the package `tensorboard`.

    Raises:
        ProbeError: if an argument is wrong, or `tensorboard` is not installed.
    """

    def __init__(
        self,
        every: int = 1,
        *,
        timesteps: Timesteps = "final",
        gates: bool = False,
        layers: str | Sequence[str] = "*",
        budget: int | str = 256 * MEBIBYTE,
        log_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        if not isinstance(every, int) or isinstance(every, bool) or every < 1:
            raise UsageError(f"every={every!r}; expected a whole number, 1 or more")
        self.every = every
        self._plan = plan_of(timesteps, gates, layers, budget=budget)
        self._store = Store(self._plan.budget)
        self._summaries = None if log_dir is None else Summaries.at(log_dir)
        self._past: list[Operation] = []
        self._now: Training | None = None
        self._recording: Recording | None = None

    @property
    def recording(self) -> Recording:
        """What was kept so far; each `fit` is an operation.

        Raises:
            ProbeError: before the first `fit`.
        """
        if self._recording is None:
            raise UsageError("nothing is recorded yet: use it in fit(…, callbacks=[…])")
        return self._recording

    def close(self) -> None:
        """Let go of the model, if a `fit` was left by an exception; what was kept stays."""
        if self._now is not None:
            self._now.end()
        if self._recording is not None:
            self._recording.close()

    def on_train_begin(self, logs: Any = None) -> None:
        self.close()
        seen = self._now.seen if self._now else 0
        if self._now is not None:
            self._past.append(self._now.operation())
        self._now = None
        try:
            recorder = attach(self.model, self._plan)
        except ProbeError:
            raise  # what was asked for cannot be; nothing is trained yet
        except Exception as error:  # noqa: BLE001 - the boundary: an observer ends no training
            warnings.warn(FAILED.format(reason(error)), UserWarning, stacklevel=2)
            return
        finalize(self, recorder.fall_silent).atexit = False
        Aside(lambda why: self._give_up(recorder, why)).run(self._begin, recorder, seen)

    def _give_up(self, recorder: Recorder, why: str) -> None:
        self._now = None
        recorder.detach()
        warnings.warn(FAILED.format(why), UserWarning, stacklevel=2)

    def _begin(self, recorder: Recorder, seen: int) -> None:
        recorder.arrivals.store = self._store
        now = self._now = Training.begin(recorder, every=self.every, seen=seen)
        past = tuple(self._past)
        self._recording = Recording.of(recorder, now.place, lambda: (*past, now.operation()))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self._now is not None:
            self._now.epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self._now is not None:
            self._now.recorder.aside.run(self._now.batch_begins, batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self._now is not None:
            self._now.recorder.aside.run(self._batch_ends, self._now, batch)

    def _batch_ends(self, now: Training, batch: int) -> None:
        begun, seen = now.begun, now.seen
        calls = now.batch_ends(batch, (self.params or {}).get("steps"))
        if self._summaries is not None:
            for call in calls:
                self._summaries.write(call, step=seen + call.batch - begun)

    def on_train_end(self, logs: Any = None) -> None:
        aside = Aside(lambda why: warnings.warn(FAILED.format(why), UserWarning, stacklevel=2))
        aside.run(self.close)
        if self._summaries is not None:
            aside.run(self._summaries.flush)
