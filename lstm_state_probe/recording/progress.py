"""Tells the recorder, from Keras's own callbacks, which batch of which epoch runs."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.engines.base import Engine
from lstm_state_probe.recording.recorder import Recorder


def batch_marker(engine: Engine, recorder: Recorder, *, fitting: bool) -> Any:
    """Make a Keras callback that marks the beginning of each batch and epoch."""

    class BatchMarker(engine.keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        """Marks batches; reads nothing and changes nothing."""

        epoch = 0 if fitting else -1

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            recorder.batch("train", self.epoch, batch)

        def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
            recorder.batch("test", self.epoch, batch)

        def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
            recorder.batch("predict", -1, batch)

    return BatchMarker()
