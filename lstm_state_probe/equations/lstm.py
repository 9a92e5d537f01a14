"""Long short-term memory.

S. Hochreiter and J. Schmidhuber, Long Short-Term Memory, Neural Computation 9(8), 1997: the cell
state, the input and the output gate. F. A. Gers, J. Schmidhuber and F. Cummins, Learning to Forget:
Continual Prediction with LSTM, Neural Computation 12(10), 2000: the forget gate. No peepholes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lstm_state_probe.equations.activations import activation, sigmoid
from lstm_state_probe.equations.base import Activation, After, Before, Parameters


@dataclass(frozen=True)
class LSTM:
    """The LSTM of Keras: kernel blocks in the order i, f, g, o; states in the order h, c.

    `unit_forget_bias` only chooses a bias at birth, so the equations do not know it.
    """

    activation: Activation = np.tanh
    recurrent_activation: Activation = sigmoid

    states: ClassVar[tuple[str, ...]] = ("h", "c")
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    blocks: ClassVar[int] = 4

    @classmethod
    def from_config(cls, config: Mapping[str, object], *, engine: str = "keras3") -> LSTM:
        """Read the two activations from the configuration of a layer or of a cell."""
        return cls(
            activation(config.get("activation", "tanh"), engine=engine),
            activation(config.get("recurrent_activation", "sigmoid"), engine=engine),
        )

    def state_shape(self, features: tuple[int, ...], parameters: Parameters) -> tuple[int, ...]:
        """Return (units,)."""
        return (len(parameters.U[0]),)

    def step(self, before: Before, parameters: Parameters) -> After:
        """Gers et al. 2000 in matrix form; c keeps what f lets stay and takes what i lets in."""
        sigma, phi = self.recurrent_activation, self.activation
        Wi, Wf, Wg, Wo = parameters.W
        Ui, Uf, Ug, Uo = parameters.U
        bi, bf, bg, bo = parameters.b
        xi, xf, xg, xo = before.x
        hi, hf, hg, ho = before.h

        i = sigma(xi @ Wi + hi @ Ui + bi)
        f = sigma(xf @ Wf + hf @ Uf + bf)
        g = phi(xg @ Wg + hg @ Ug + bg)
        o = sigma(xo @ Wo + ho @ Uo + bo)
        c = f * before.states["c"] + i * g
        h = o * phi(c)
        return After({"h": h, "c": c}, {"i": i, "f": f, "g": g, "o": o})
