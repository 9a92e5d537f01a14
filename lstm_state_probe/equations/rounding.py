"""Values with a bound for how far a computation in a smaller dtype may be off them.

The equations of a cell run on a `Rounded` as they do on an array: each sum, product and activation
passes on the errors of what went in and adds the rounding of its own. N. J. Higham, Accuracy and
Stability of Numerical Algorithms, 2002, section 3.3: the error of a sum follows the size of its
partial sums, not of the result, so that large terms that cancel leave a large one. N. J. Higham and
T. Mary, A New Approach to Probabilistic Rounding Error Analysis, 2019: roundings are independent,
so that what grows is the root of the sum of their squares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np

from lstm_state_probe.equations.activations import gelu, log_softmax, softmax, squareplus
from lstm_state_probe.equations.base import Activation, Array, Equations
from lstm_state_probe.equations.convolution import Convolution

_SIGMAS = 3.0
"""Bounds are so many times the root of the squares; each rounding has a third of its square."""
_BLOCKS = 16
"""Places at which the partial sums of a dot product are looked at."""


@dataclass(frozen=True)
class Precision:
    """A dtype: the largest error of one rounding, relative; the largest number.

    `factors` is the error of a factor of a product, where a GPU cuts it before it multiplies.
    `activation` says how many units an implementation of an activation may be off: most are
    approximations, those of 16 bits are computed in 32 (softplus was seen to be off by 1.7).
    """

    unit: float
    largest: float
    factors: float = 0.0
    activation: float = 8.0


_MAX = {name: float(np.finfo(name).max) for name in ("float16", "float32", "float64")}
PRECISIONS = {
    "float16": Precision(2.0**-11, _MAX["float16"], activation=4.0),
    "bfloat16": Precision(2.0**-8, 3.3895313892515355e38, activation=4.0),
    "float32": Precision(2.0**-24, _MAX["float32"]),
    "float64": Precision(2.0**-52, _MAX["float64"]),
    "tf32": Precision(2.0**-24, _MAX["float32"], 2.0**-11),
}
"""By dtype. float64 has a bit less: the equations are computed in it too.

tf32 is float32 on a GPU, which multiplies it as TensorFloat-32, of 10 bits, unless TensorFlow is
told not to.
"""


class Rounded:
    """An array of float64, and a bound of the same shape for each element; None is exact.

    An infinite bound says that nothing is known: a partial sum may have passed the largest number.
    """

    __array_ufunc__ = None  # NumPy leaves `array * rounded` to `__rmul__`

    def __init__(self, value: Array, error: Array | None, precision: Precision) -> None:
        self.value, self.error, self.precision = value, error, precision

    @property
    def bound(self) -> Array:
        """The error as an array."""
        return np.zeros_like(self.value) if self.error is None else self.error

    def rearranged(self, move: Callable[[Array], Array]) -> Rounded:
        """Return the same elements at other places."""
        error = None if self.error is None else move(self.error)
        return Rounded(move(self.value), error, self.precision)

    def _once(self, value: Array, error: Array) -> Rounded:
        """Return a result with the errors of what went in; it is rounded once."""
        bound = error + self.precision.unit * np.abs(value)
        past = ~(np.abs(value) <= self.precision.largest)
        return Rounded(value, np.where(past | np.isnan(bound), np.inf, bound), self.precision)

    def __add__(self, other: Any) -> Rounded:
        value, error = _split(other)
        return self._once(self.value + value, self.bound + error)

    __radd__ = __add__

    def __rsub__(self, other: Any) -> Rounded:
        return self._once(other - self.value, self.bound)

    def __mul__(self, other: Any) -> Rounded:
        value, error = _split(other)
        crossed = np.abs(self.value) * error + np.abs(value) * self.bound + self.bound * error
        return self._once(self.value * value, crossed)

    __rmul__ = __mul__

    def __matmul__(self, weights: Array) -> Rounded:
        """Multiply (…, n) with exact weights (n, units)."""
        rows = self.value.reshape(-1, len(weights))
        total, squares = _dot(rows, weights, factors=self.precision.factors / self.precision.unit)
        squares *= self.precision.unit**2
        if self.error is not None:
            own = self.error.reshape(rows.shape) / _SIGMAS
            squares += np.square(own) @ np.square(weights)
        value = total.reshape(*self.value.shape[:-1], -1)
        return self._once(value, _SIGMAS * np.sqrt(squares).reshape(value.shape))


def _split(other: Any) -> tuple[Array, Any]:
    return (other.value, other.bound) if isinstance(other, Rounded) else (other, 0.0)


def _dot(x: Array, weights: Array, *, factors: float) -> tuple[Array, Array]:
    """Return x @ weights, and the sum of the squares of all that is rounded on the way.

    Those are the products and the partial sums, which are looked at in the order of the features;
    `factors` is how many times more a factor is rounded than a sum. Where a sum may have passed
    the largest float64, the squares are infinite.
    """
    total = np.zeros((len(x), weights.shape[1]))
    squares = np.zeros_like(total)
    for places in np.array_split(np.arange(len(weights)), min(len(weights), _BLOCKS) or 1):
        part, kernel = x[:, places], weights[places]
        before, total = total, total + part @ kernel
        products = np.square(part) @ np.square(kernel)
        sums = np.maximum(np.square(before), np.square(total))
        walked = 1.0 + (len(places) - 1) / 2.0  # between two places the sum walks at random
        squares += len(places) * sums + (walked + 2.0 * factors**2) * products
    return total, squares


def lifted(equations: Equations) -> Equations:
    """Return the same equations for `Rounded` in the place of arrays."""
    written: Any = equations
    found = {field.name: getattr(written, field.name) for field in fields(written)}
    changed = {name: _lifted(value) for name, value in found.items() if callable(value)}
    lifted: Equations = replace(written, **changed)
    return lifted


def _lifted(function: Any) -> Any:
    if isinstance(function, Convolution):
        return _Convolved(function.strides, function.dilation, function.same, function.first)
    return partial(carried, function)


class _Convolved(Convolution):
    """A convolution of a `Rounded`: a dot product of each window with the kernel."""

    def __call__(self, x: Any, W: Array) -> Any:
        windows = x.rearranged(lambda array: self.windows(array, W))
        return (windows @ W.reshape(-1, W.shape[-1])).rearranged(self.placed)


def carried(function: Activation, x: Rounded) -> Rounded:
    """Apply an activation; its error is what the argument's makes of it, and its own rounding.

    One that is unbounded may take a difference of numbers as large as its argument on the way,
    such as x + sqrt(x^2 + 4) for a negative x.
    """
    unit, coupled = x.precision.unit, _COUPLED.get(function)
    large = 4.0 * unit * np.abs(x.value)
    with np.errstate(all="ignore"):
        value = function(x.value)
        if coupled is not None:
            error = coupled(value, x.bound + large)
        else:
            high, low = (function(x.value + side * x.bound) for side in (1.0, -1.0))
            error = np.maximum(np.abs(high - value), np.abs(value - low))
            error = error + (_CONSTANTS[function](x) if function in _CONSTANTS else 0.0)
            error = error if _bounded(function) else error + large
        if function in _SQUARING:
            error = np.where(np.square(x.value) > x.precision.largest, np.inf, error)
        return x._once(value, error + x.precision.activation * unit * (1.0 + np.abs(value)))


def _of_gelu(x: Rounded) -> Array:
    """TensorFlow takes gelu's root of 2 in float32 in every dtype: off by 2^-25 at most.

    It is a divisor in 2.16 and a factor in 2.21, which are off to different sides.
    """
    moved: Array = 2.0**-25 * np.square(x.value) * np.exp(-np.square(x.value) / 2) * 0.4
    return moved


def _bounded(function: Activation) -> bool:
    """Tell whether an activation stays small for large arguments."""
    return bool(np.all(np.abs(function(np.array([[-1e4], [1e4]]))) <= 6.0))


def _of_log_softmax(value: Array, error: Array) -> Array:
    """Each element moves by its own error and by the mean of all, at most by the largest."""
    moved: Array = error + error.max(axis=-1, keepdims=True, initial=0.0)
    return moved


def _of_softmax(value: Array, error: Array) -> Array:
    moved: Array = value * np.expm1(_of_log_softmax(value, error))
    return moved


_COUPLED: dict[Activation, Callable[[Array, Array], Array]] = {
    softmax: _of_softmax,
    log_softmax: _of_log_softmax,
}
"""The activations of which one unit's result depends on the other units'."""
_CONSTANTS: dict[Activation, Callable[[Rounded], Array]] = {gelu: _of_gelu}
"""Those with a constant of float32 in every dtype, and what it makes of an argument."""
_SQUARING = frozenset({squareplus})
"""Those that square their argument on the way: float16 has no square of 300."""


def held(valid: Any, after: Any, before: Any) -> Any:
    """Return the state after a timestep, or that before it where a mask holds."""
    if not isinstance(after, Rounded):
        return np.where(valid, after, before)
    value = np.where(valid, after.value, before.value)
    return Rounded(value, np.where(valid, after.bound, before.bound), after.precision)
