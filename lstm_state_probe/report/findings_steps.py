"""Recorded timesteps, block by block: those on disk are never read whole."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call

_BLOCK = 2**20
"""Elements that are looked at together."""


def blocks(steps: Array) -> Iterator[tuple[int, Array]]:
    """Cut (timesteps, batch, units) along the timesteps; yield each start and block."""
    size = max(1, _BLOCK // max(1, steps[:1].size))
    for start in range(0, len(steps), size):
        yield start, widened(steps[start : start + size])


def used(call: Call, steps: Array) -> Iterator[Array]:
    """Yield the values at timesteps that no mask held: blocks of (timesteps and batch, units)."""
    for start, block in blocks(steps):
        rows = block.reshape(len(block) * block.shape[1], *block.shape[2:])
        if call.mask is None:
            yield rows
            continue
        inputs = [call.input_index(t) for t in call.kept[start : start + len(block)]]
        yield rows[call.mask.astype(bool)[:, inputs].T.ravel()]
