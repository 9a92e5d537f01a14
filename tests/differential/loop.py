"""One recurrent layer: its cells called one timestep after the other, and the NumPy equations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstm_state_probe.equations import NoEquations, equations_for, unfold

STATES = {"LSTM": ("h", "c"), "GRU": ("h",), "SimpleRNN": ("h",), "ConvLSTM": ("h", "c")}


@dataclass
class Loop:
    """One recurrent layer where its loop runs, with what it holds, if it is stateful."""

    layer: Any
    address: str
    engine: str
    held: list[Any] | None = None
    origins: list[str] = field(default_factory=list)

    @property
    def cells(self) -> list[tuple[str, str, Any]]:
        """List the cells: the prefix of their states, the family, the cell."""
        stacked = hasattr(self.layer.cell, "cells")
        found = self.layer.cell.cells if stacked else [self.layer.cell]
        prefixes = [f"cell{k}/" if stacked else "" for k in range(len(found))]
        families = [type(cell).__name__.removesuffix("Cell") for cell in found]
        return list(zip(prefixes, families, found, strict=True))

    @property
    def names(self) -> list[str]:
        return [prefix + name for prefix, family, _ in self.cells for name in STATES[family]]

    @property
    def drops(self) -> bool:
        return any(cell.dropout or cell.recurrent_dropout for _, _, cell in self.cells)

    def zeros(self, x: Any) -> list[Any]:
        """Return zeros in the shapes of the states, for inputs (batch, timesteps, …)."""
        shapes = [
            _shape(cell, x.shape[2:]) for _, family, cell in self.cells for _ in STATES[family]
        ]
        return [np.zeros((x.shape[0], *shape)) for shape in shapes]

    def start(self, x: Any, given: Sequence[Any] | None) -> tuple[list[Any], list[str]]:
        """Return what a call starts from, and where that comes from."""
        held = self.zeros(x) if self.held is None else self.held
        origins = ["zeros"] * len(self.names) if self.held is None else self.origins
        # tf_keras takes what is given only while all that it holds is zero
        ignored = self.engine == "tf_keras" and self.layer.stateful and any(map(np.any, held))
        if given is None or ignored:
            return list(held), list(origins)
        return [wide(state) for state in given], ["given"] * len(self.names)

    def step(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """Call the cells once: x (batch, …) to the output and the new states."""
        import tensorflow as tf

        after: list[Any] = []
        for _, family, cell in self.cells:
            before = states[len(after) : len(after) + len(STATES[family])]
            x, *new = tf.nest.flatten(cell(x, before, training=False))
            after += new
        return x, after

    def unfold(self, x: Any, mask: Any, states: list[Any]) -> tuple[Any, list[list[Any]]]:
        """Walk over time; return the output as the layer does, and the states after each step."""
        import tensorflow as tf

        layer, last, outputs, history = self.layer, None, [], []
        states = [tf.cast(state, layer.compute_dtype or "float32") for state in states]
        zero = bool(getattr(layer, "zero_output_for_mask", False)) and mask is not None
        order = range(x.shape[1])[:: -1 if layer.go_backwards else 1]
        for t in order:
            out, after = self.step(x[:, t], states)
            if mask is not None:
                fill = tf.zeros_like(out) if last is None or (zero and not layer.unroll) else last
                out = _where(mask[:, t], out, fill)
                pairs = zip(after, states, strict=True)
                after = [_where(mask[:, t], new, old) for new, old in pairs]
            last, states = out, after
            outputs.append(out)
            history.append(after)
        if zero and layer.unroll:  # by the mask as it stands, also backwards (3.15, 2.21)
            pairs = enumerate(outputs)
            outputs = [_where(mask[:, k], out, tf.zeros_like(out)) for k, out in pairs]
            last = _where(mask[:, order[-1]], last, tf.zeros_like(last))
        return tf.stack(outputs, 1) if layer.return_sequences else last, history

    def by_equations(self, x: Any, mask: Any, states: list[Any]) -> dict[str, Any]:
        """Return states and gates as the NumPy equations say; {} if they lack something."""
        found: dict[str, Any] = {}
        x, states, backwards = wide(x), list(states), bool(self.layer.go_backwards)
        for prefix, family, cell in self.cells:
            own = dict(zip(STATES[family], states, strict=False))
            states = states[len(own) :]
            names = ("kernel", "recurrent_kernel", "bias")
            weights = {name: getattr(cell, name, None) for name in names}
            try:
                run = unfold(
                    equations_for(family, cell.get_config(), engine=self.engine),
                    x,
                    weights={n: None if w is None else wide(w) for n, w in weights.items()},
                    initial=own,
                    mask=None if mask is None else wide(mask).astype(bool),
                    go_backwards=backwards,
                )
            except NoEquations:
                return {}
            found |= {prefix + n: a for n, a in {**run.states, **run.gates}.items()}
            x = run.states["h"].swapaxes(0, 1)
            x = x[:, ::-1] if backwards else x
        return found


def wide(array: Any) -> Any:
    """Return a tensor, a variable or an array as float64."""
    return np.array(array.numpy() if hasattr(array, "numpy") else array).astype(np.float64)


def _where(valid: Any, left: Any, right: Any) -> Any:
    """Choose by sample: valid (batch,), left and right (batch, …)."""
    import tensorflow as tf

    return tf.where(tf.reshape(valid, [-1] + [1] * (len(left.shape) - 1)), left, right)


def _shape(cell: Any, features: Sequence[int]) -> tuple[int, ...]:
    """Return the shape of a state of one sample; a convolution has strides of one here."""
    if not hasattr(cell, "filters"):
        return (int(cell.units),)
    size = 0 if cell.padding == "same" else cell.kernel_size[0] - 1
    return (*(int(n) - size for n in features[:-1]), int(cell.filters))
