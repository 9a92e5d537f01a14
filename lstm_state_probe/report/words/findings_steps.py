"""Recorded timesteps that no mask held, block by block."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.finite import blocks


def used(call: Call, steps: Array) -> Iterator[Array]:
    """Yield the values at timesteps that no mask held: blocks of (timesteps and batch, units)."""
    for start, block in blocks(steps):
        rows = block.reshape(len(block) * block.shape[1], *block.shape[2:])
        if call.mask is None:
            yield rows
            continue
        inputs = [call.input_index(t) for t in call.kept[start : start + len(block)]]
        yield rows[call.mask.astype(bool)[:, inputs].T.ravel()]
