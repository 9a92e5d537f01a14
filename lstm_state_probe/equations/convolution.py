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
        return self.placed(self.windows(x, W) @ W.reshape(-1, W.shape[-1]))

    def windows(self, x: Array, W: Array) -> Array:
        """Return what the kernel lies on at each place: (batch, …, window x channels)."""
        value = np.moveaxis(x, 1, -1) if self.first else x
        for axis, size in enumerate(W.shape[:-2]):
            value = self._padded(value, axis, size)
        return _windows(value, W.shape[:-2], self.strides, self.dilation)

    def placed(self, y: Array) -> Array:
        """Put the filters of (batch, …, filters) where the channels of the inputs are."""
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


def _windows(
    x: Array, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]
) -> Array:
    rank = len(window)
    axes = tuple(range(1, rank + 1))
    reach = [(size - 1) * d + 1 for size, d in zip(window, dilation, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(x, reach, axis=axes)
    places = tuple(slice(None, None, stride) for stride in strides)
    taps = tuple(slice(None, None, d) for d in dilation)
    windows = windows[(slice(None), *places, slice(None), *taps)]
    moved = np.moveaxis(windows, rank + 1, -1)  # the channels behind the window, as in a kernel
    return moved.reshape(*moved.shape[: rank + 1], -1)
