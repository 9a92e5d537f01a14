"""Tells the recorder, from Keras's own callbacks, which batch of which epoch runs."""

from __future__ import annotations

from functools import cache
from typing import Any

from lstm_state_probe.engines.base import Engine
from lstm_state_probe.recording.recorder import Recorder


def batch_marker(engine: Engine, recorder: Recorder, *, fitting: bool) -> Any:
    """Make a Keras callback that marks the beginning of each batch and epoch."""
    marker = _marker_class(engine.keras.callbacks.Callback)()
    marker.recorder, marker.epoch = recorder, 0 if fitting else -1
    return marker


@cache
def _marker_class(base: Any) -> Any:
    """Make the class once for an engine: tf_keras keeps every class of callbacks (seen in 2.21)."""

    class BatchMarker(base):  # type: ignore[misc]
        """Marks batches; reads nothing and changes nothing."""

        recorder: Recorder
        epoch: int

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.recorder.batch("train", self.epoch, batch)

        def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.recorder.batch("test", self.epoch, batch)

        def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.recorder.batch("predict", -1, batch)

    return BatchMarker
