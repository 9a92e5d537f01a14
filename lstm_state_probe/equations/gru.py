"""Gated recurrent unit.

K. Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation, 2014. https://arxiv.org/abs/1406.1078v3 resets before the matrix product
(`reset_after=False`), version v1 after it (`reset_after=True`, Keras's default).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lstm_state_probe.equations.activations import activation, sigmoid
from lstm_state_probe.equations.base import Activation, After, Before, Parameters


@dataclass(frozen=True)
class GRU:
    """The GRU of Keras: kernel blocks in the order z (update), r (reset), g (candidate)."""

    activation: Activation = np.tanh
    recurrent_activation: Activation = sigmoid
    reset_after: bool = True

    states: ClassVar[tuple[str, ...]] = ("h",)
    gates: ClassVar[tuple[str, ...]] = ("z", "r", "g")
    blocks: ClassVar[int] = 3

    @classmethod
    def from_config(cls, config: Mapping[str, object], *, engine: str = "keras3") -> GRU:
        """Read the activations and the place of the reset from a configuration."""
        return cls(
            activation(config.get("activation", "tanh"), engine=engine),
            activation(config.get("recurrent_activation", "sigmoid"), engine=engine),
            bool(config.get("reset_after", True)),
        )

    def state_shape(self, features: tuple[int, ...], parameters: Parameters) -> tuple[int, ...]:
        """Return (units,)."""
        return (len(parameters.U[0]),)

    def step(self, before: Before, parameters: Parameters) -> After:
        """Cho et al. 2014, equations 5 to 8: z = 1 keeps the old state, r = 0 forgets it in g.

        `d` is a second bias, on the recurrent side; it is zero unless the reset comes after.
        """
        sigma, phi = self.recurrent_activation, self.activation
        Wz, Wr, Wg = parameters.W
        Uz, Ur, Ug = parameters.U
        bz, br, bg = parameters.b
        dz, dr, dg = parameters.d
        xz, xr, xg = before.x
        hz, hr, hg = before.h

        z = sigma(xz @ Wz + bz + hz @ Uz + dz)
        r = sigma(xr @ Wr + br + hr @ Ur + dr)
        memory = r * (hg @ Ug + dg) if self.reset_after else (r * hg) @ Ug
        g = phi(xg @ Wg + bg + memory)
        h = z * before.states["h"] + (1.0 - z) * g
        return After({"h": h}, {"z": z, "r": r, "g": g})
