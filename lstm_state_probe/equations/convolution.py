"""The convolution of ConvLSTM: a cross-correlation, as in all of deep learning.

V. Dumoulin and F. Visin, A guide to convolution arithmetic for deep learning, 2016.
https://arxiv.org/abs/1603.07285
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.equations.base import Array


@dataclass(frozen=True)
class Convolution:
    """One over the spatial axes of (batch, …, channels), or (batch, channels, …) if `first`."""

    strides: Sequence[int]
    dilation: Sequence[int]
    same: bool = True
    first: bool = False

    def __call__(self, x: Array, W: Array) -> Array:
        """Convolve with a kernel (…, channels, filters)."""
        value = np.moveaxis(x, 1, -1) if self.first else x
        for axis, size in enumerate(W.shape[:-2]):
            value = self._padded(value, axis, size)
        y = _correlated(value, W, self.strides, self.dilation)
        return np.moveaxis(y, -1, 1) if self.first else y

    def _padded(self, x: Array, axis: int, size: int) -> Array:
        """Pad one spatial axis, so that the result has a place for each stride; more at the end."""
        if not self.same:
            return x
        length, stride = x.shape[axis + 1], self.strides[axis]
        places = -(-length // stride)
        reach = (size - 1) * self.dilation[axis] + 1
        missing = max((places - 1) * stride + reach - length, 0)
        around = [(0, 0)] * x.ndim
        around[axis + 1] = (missing // 2, missing - missing // 2)
        return np.pad(x, around)


def _correlated(x: Array, W: Array, strides: Sequence[int], dilation: Sequence[int]) -> Array:
    """Sum over the window and the channels, at each place."""
    rank = W.ndim - 2
    axes = tuple(range(1, rank + 1))
    reach = [(size - 1) * d + 1 for size, d in zip(W.shape[:rank], dilation, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=axes)
    places = tuple(slice(None, None, stride) for stride in strides)
    taps = tuple(slice(None, None, d) for d in dilation)
    windows = windows[(slice(None), *places, slice(None), *taps)]
    summed = list(range(rank + 1, 2 * rank + 2))  # the channels, then the window
    y: Array = np.tensordot(windows, W, (summed, [rank, *range(rank)]))
    return y
