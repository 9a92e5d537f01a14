"""The matrix of `neutral`: every layer kind with every activation, dtype and operation."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.engines import Engine

ACTIVATIONS = {
    name: words.split()
    for name, words in {
        "keras3": "celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh "
        "leaky_relu linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink "
        "softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus tanh "
        "tanh_shrink",
        "tf_keras": "elu exponential gelu hard_sigmoid leaky_relu linear mish relu selu sigmoid "
        "softmax softplus softsign swish tanh",
    }.items()
}
"""All that each Keras has by name and that needs no argument."""
DTYPES = ("float32", "float64", "mixed_float16", "mixed_bfloat16")
TIMESTEPS = (5, 1)
OPERATIONS = ("predict", "train", "call")
ROW, LINE, PLANE = (3,), (4, 2), (4, 3, 2)
Make = Callable[..., Any]


def _stacked(layers: Any, activation: str, recurrent_activation: str, **rest: Any) -> Any:
    both = {"activation": activation, "recurrent_activation": recurrent_activation}
    cells = [layers.LSTMCell(3, **both), layers.GRUCell(4, **both)]
    return layers.RNN(cells, **rest)


KINDS: dict[str, tuple[tuple[int, ...], Make]] = {
    "LSTM": (ROW, lambda K, **rest: K.LSTM(4, **rest)),
    "GRU": (ROW, lambda K, **rest: K.GRU(4, **rest)),
    "GRU, reset before": (ROW, lambda K, **rest: K.GRU(4, reset_after=False, **rest)),
    "SimpleRNN": (ROW, lambda K, recurrent_activation, **rest: K.SimpleRNN(4, **rest)),
    "ConvLSTM1D": (LINE, lambda K, **rest: K.ConvLSTM1D(2, 2, **rest)),
    "ConvLSTM2D": (PLANE, lambda K, **rest: K.ConvLSTM2D(2, 2, **rest)),
    "Bidirectional": (
        ROW,
        lambda K, name, **rest: K.Bidirectional(K.LSTM(4, **rest), name=name),
    ),
    "RNN of cells": (ROW, _stacked),
}


@dataclass(frozen=True)
class Case:
    """One branch of a model, and what is done with it."""

    engine: str
    operation: str
    kind: str
    activation: str
    recurrent: str
    dtype: str
    timesteps: int
    stateful: bool = False
    options: tuple[tuple[str, Any], ...] = ()

    def layer(self, engine: Engine, name: str) -> Any:
        """Make the layer."""
        with engine.policy(self.dtype):
            return KINDS[self.kind][1](
                engine.keras.layers,
                name=name,
                activation=self.activation,
                recurrent_activation=self.recurrent,
                stateful=self.stateful and not self._float32_states,
                **dict(self.options),
            )

    @property
    def _float32_states(self) -> bool:
        """Whether tf_keras makes float32 states for a stateful layer, and cannot assign others."""
        return self.engine == "tf_keras" and "Conv" in self.kind and "mixed" in self.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its inputs, without the batch."""
        return self.timesteps, *KINDS[self.kind][0]


def matrix(engine: str) -> Iterator[Case]:
    """List every case of an engine."""
    names = ACTIVATIONS[engine]
    axes = (OPERATIONS, KINDS, names, names, DTYPES, TIMESTEPS)
    for number, axis in enumerate(itertools.product(*axes)):
        if axis[1] != "SimpleRNN" or axis[3] == "tanh":  # which has no recurrent activation
            yield Case(engine, *axis, stateful=number % 2 == 1)


def drawn(engine: str, operation: str, count: int, seed: int) -> list[Case]:
    """Draw cases so that every kind, dtype and activation comes as often as any other."""
    draw = random.Random(f"{engine} {operation} {seed}")

    def spread(values: Sequence[Any]) -> list[Any]:
        rounds = [draw.sample(list(values), len(values)) for _ in range(count // len(values) + 1)]
        return [value for each in rounds for value in each][:count]

    names = ACTIVATIONS[engine]
    axes = (list(KINDS), names, names, DTYPES, TIMESTEPS, (False, True))
    return [Case(engine, operation, *row) for row in zip(*map(spread, axes), strict=True)]
