"""Convolutional LSTM.

X. Shi et al., Convolutional LSTM Network: A Machine Learning Approach for Precipitation Nowcasting,
2015. https://arxiv.org/abs/1506.04214 Without its peepholes, which Keras leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lstm_state_probe.equations.activations import activation, sigmoid
from lstm_state_probe.equations.base import Activation, After, Array, Before, Parameters
from lstm_state_probe.equations.convolution import Convolution

_DEFAULT = {"keras3": "sigmoid", "tf_keras": "hard_sigmoid"}


@dataclass(frozen=True)
class ConvLSTM:
    """The ConvLSTM of Keras: blocks of filters in the order i, f, g, o; states in the order h, c.

    Inputs are (batch, …, channels), states (batch, …, filters), or with the channels `first`. A
    kernel is (…, channels, blocks x filters). Strides, dilation and padding are those of the inputs
    alone; h keeps its size.
    """

    on_x: Convolution
    on_h: Convolution
    activation: Activation = np.tanh
    recurrent_activation: Activation = sigmoid

    states: ClassVar[tuple[str, ...]] = ("h", "c")
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    blocks: ClassVar[int] = 4

    @classmethod
    def from_config(cls, config: Mapping[str, object], *, engine: str = "keras3") -> ConvLSTM:
        """Read the convolutions and the activations from the configuration of a cell."""
        rank = len(_sizes(config["kernel_size"], 1))
        first = config.get("data_format") == "channels_first"
        one = _sizes(1, rank)
        strides = _sizes(config.get("strides", 1), rank)
        dilation = _sizes(config.get("dilation_rate", 1), rank)
        same = config.get("padding", "valid") == "same"
        return cls(
            Convolution(strides, dilation, same, first),
            Convolution(one, one, True, first),
            activation(config.get("activation", "tanh"), engine=engine),
            activation(config.get("recurrent_activation", _DEFAULT[engine]), engine=engine),
        )

    def state_shape(self, features: tuple[int, ...], parameters: Parameters) -> tuple[int, ...]:
        """Return (…, filters) for inputs (…, channels), or both with the channels first."""
        return self.on_x(np.zeros((1, *features)), parameters.W[0]).shape[1:]

    def step(self, before: Before, parameters: Parameters) -> After:
        """Shi et al. 2015, equation 3, with every W of a peephole zero."""
        sigma, phi = self.recurrent_activation, self.activation
        x_, h_ = self.on_x, self.on_h
        Wi, Wf, Wg, Wo = parameters.W
        Ui, Uf, Ug, Uo = parameters.U
        bi, bf, bg, bo = (self._everywhere(b) for b in parameters.b)
        xi, xf, xg, xo = before.x
        hi, hf, hg, ho = before.h

        i = sigma(x_(xi, Wi) + h_(hi, Ui) + bi)
        f = sigma(x_(xf, Wf) + h_(hf, Uf) + bf)
        g = phi(x_(xg, Wg) + h_(hg, Ug) + bg)
        o = sigma(x_(xo, Wo) + h_(ho, Uo) + bo)
        c = f * before.states["c"] + i * g
        h = o * phi(c)
        return After({"h": h, "c": c}, {"i": i, "f": f, "g": g, "o": o})

    def _everywhere(self, b: Array) -> Array:
        """Turn a bias (filters,) so that it is added at every place."""
        rank = len(self.on_x.strides)
        return b.reshape(-1, *[1] * rank) if self.on_x.first else b


def _sizes(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (int(value),) * rank
