"""The one word for an array of any shape and dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def widened(array: Array) -> Array:
    """Return bfloat16, of which NumPy's own functions know little, as float32, exactly."""
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
