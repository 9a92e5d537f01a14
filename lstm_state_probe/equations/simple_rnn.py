"""The simple recurrent network.

J. L. Elman, Finding Structure in Time, Cognitive Science 14(2), 1990.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lstm_state_probe.equations.activations import activation
from lstm_state_probe.equations.base import Activation, After, Before, Parameters


@dataclass(frozen=True)
class SimpleRNN:
    """The SimpleRNN of Keras: one block of units, one state, no gate."""

    activation: Activation = np.tanh

    states: ClassVar[tuple[str, ...]] = ("h",)
    gates: ClassVar[tuple[str, ...]] = ()
    blocks: ClassVar[int] = 1

    @classmethod
    def from_config(cls, config: Mapping[str, object], *, engine: str = "keras3") -> SimpleRNN:
        """Read the activation from the configuration of a layer or of a cell."""
        return cls(activation(config.get("activation", "tanh"), engine=engine))

    def state_shape(self, features: tuple[int, ...], parameters: Parameters) -> tuple[int, ...]:
        """Return (units,)."""
        return (len(parameters.U[0]),)

    def step(self, before: Before, parameters: Parameters) -> After:
        """Elman 1990: the hidden units see the input and their own last activations."""
        phi = self.activation
        (W,), (U,), (b,), _ = parameters
        (x,), (h,), _ = before

        h = phi(x @ W + h @ U + b)
        return After({"h": h}, {})
