"""Summaries of states for TensorBoard, where it is installed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from lstm_state_probe.arrays import widened
from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.call import Call


@dataclass
class Summaries:
    """Writes, of each final state, a histogram and three numbers, named by its address."""

    log_dir: str
    writer: Any = None

    @classmethod
    def at(cls, log_dir: str | os.PathLike[str]) -> Summaries:
        """Prepare to write; the folder is made with the first summary.

        Raises:
            UsageError: if TensorBoard, which knows the format, is not installed.
        """
        if find_spec("tensorboard") is None:
            raise UsageError(
                "log_dir needs tensorboard: pip install 'lstm-state-probe[tensorboard]'"
            )
        return cls(os.fspath(log_dir))

    def write(self, call: Call, *, step: int) -> None:
        """Write the final states of one call; `step` counts training batches."""
        import tensorflow as tf

        if self.writer is None:
            self.writer = tf.summary.create_file_writer(self.log_dir)
        with self.writer.as_default(step):
            for name, state in call.states.items():
                address, final = f"{call.layer}/{name}", widened(state.final)
                tf.summary.histogram(address, final)
                tf.summary.scalar(f"{address}/max_abs", np.max(np.abs(final), initial=0.0))
                tf.summary.scalar(f"{address}/mean", np.mean(final))
                tf.summary.scalar(f"{address}/std", np.std(final))

    def flush(self) -> None:
        """Put what was written onto the disk."""
        if self.writer is not None:
            self.writer.flush()
