"""The activations that a recurrent layer can name, in NumPy.

Each maps (batch, units) to (batch, units) of the same dtype. They take the defaults that Keras
gives them, and are written from their definitions, not from Keras's code.
"""

from __future__ import annotations

import math

import numpy as np

from lstm_state_probe.equations.base import Activation, Array, NoEquations

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
_LEAK = float(np.float32(0.2))
# both Kerases take this slope in float32 also where they compute in float64 (2.21, 3.15)
_erf = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x), through tanh so that nothing overflows."""
    y: Array = 0.5 * (1.0 + np.tanh(0.5 * x))
    return y


def softplus(x: Array) -> Array:
    """log(1 + e^x)."""
    return np.logaddexp(np.zeros_like(x), x)


def hard_sigmoid(x: Array) -> Array:
    """Rise from 0 at -3 to 1 at 3: the one of Keras 3."""
    y: Array = np.clip(x / 6.0 + 0.5, 0.0, 1.0)
    return y


def hard_sigmoid_of_tf_keras(x: Array) -> Array:
    """Rise from 0 at -2.5 to 1 at 2.5: the one of Keras 1 and 2 (seen in tf_keras 2.21)."""
    y: Array = np.clip(0.2 * x + 0.5, 0.0, 1.0)
    return y


def elu(x: Array) -> Array:
    """Clevert et al. 2016, alpha 1; CELU (Barron 2017) is the same there."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0.0)))


def selu(x: Array) -> Array:
    """Klambauer et al. 2017."""
    return _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


def gelu(x: Array) -> Array:
    """Hendrycks and Gimpel 2016, exact: x times the normal distribution function."""
    y: Array = 0.5 * x * (1.0 + _erf(x / math.sqrt(2.0)).astype(x.dtype))
    return y


def softmax(x: Array) -> Array:
    """e^x over its sum along the units of one gate."""
    return np.exp(log_softmax(x))


def log_softmax(x: Array) -> Array:
    """Return log(softmax), shifted by the largest entry so that nothing overflows."""
    shifted = x - x.max(axis=-1, keepdims=True)
    y: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return y


def sparse_plus(x: Array) -> Array:
    """Blondel et al. 2019: 0, then (x + 1)^2 / 4 between -1 and 1, then x."""
    y: Array = np.where(x < 1, np.maximum(x + 1.0, 0.0) ** 2 / 4.0, x)
    return y


def squareplus(x: Array) -> Array:
    """Barron 2021, with b = 4."""
    y: Array = 0.5 * (x + np.sqrt(x * x + 4.0))
    return y


_BOTH: dict[str, Activation] = {
    "elu": elu,
    "exponential": np.exp,
    "gelu": gelu,
    "leaky_relu": lambda x: np.where(x > 0, x, _LEAK * x),
    "linear": lambda x: x,
    "log_softmax": log_softmax,
    "mish": lambda x: x * np.tanh(softplus(x)),
    "relu": lambda x: np.maximum(x, 0.0),
    "relu6": lambda x: np.clip(x, 0.0, 6.0),
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "softmax": softmax,
    "softplus": softplus,
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "swish": lambda x: x * sigmoid(x),
    "tanh": np.tanh,
}
ACTIVATIONS: dict[str, dict[str, Activation]] = {
    "keras3": {
        **_BOTH,
        "celu": elu,
        "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, np.zeros_like(x)),
        "hard_sigmoid": hard_sigmoid,
        "hard_silu": lambda x: x * hard_sigmoid(x),
        "hard_swish": lambda x: x * hard_sigmoid(x),
        "hard_tanh": lambda x: np.clip(x, -1.0, 1.0),
        "log_sigmoid": lambda x: -softplus(-x),
        "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0.0),
        "sparse_plus": sparse_plus,
        "sparse_sigmoid": lambda x: np.clip(0.5 * (x + 1.0), 0.0, 1.0),
        "squareplus": squareplus,
        "tanh_shrink": lambda x: x - np.tanh(x),
    },
    "tf_keras": {**_BOTH, "hard_sigmoid": hard_sigmoid_of_tf_keras},
}

WITHOUT: dict[str, str] = {
    "glu": "it halves the units, so no cell can run it",
    "sparsemax": "Keras up to 3.15 computes something else, "
    "https://github.com/keras-team/keras/issues/23425",
    "threshold": "it has no default arguments, so no cell can run it",
}
"""Activations that Keras exports and the witness leaves out, each with the reason."""


def activation(name: object, *, engine: str = "keras3") -> Activation:
    """Return an activation by the name in a Keras configuration; None is linear, as in Keras.

    Raises `NoEquations` for those in `WITHOUT` and for the user's own functions and layers.
    """
    known = ACTIVATIONS[engine]
    if name is None:
        return known["linear"]
    if not isinstance(name, str) or name not in known:
        why = WITHOUT.get(str(name), "known: " + ", ".join(sorted(known)))
        raise NoEquations(f"no equations for the activation {name!r} of {engine}: {why}")
    return known[name]
