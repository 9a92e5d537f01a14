"""The timesteps of one call as they left the graph, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.store import Store


@dataclass(frozen=True)
class Steps:
    """Arrays of bits, (timesteps, quantities, batch, …), with the names and dtypes of each."""

    part: Recurrent
    names: Sequence[Sequence[int | tuple[int, str]]]
    dtypes: Sequence[Any]
    kept_as: Sequence[Any]
    arrays: Sequence[Any]
    dropout: Mapping[tuple[int, str, int], Array]

    def chosen(
        self, kept: Sequence[int], timesteps: int, store: Store
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the states and the gates at the chosen timesteps, (timesteps, batch, units)."""
        states: dict[str, Array] = {}
        gates: dict[str, Array] = {}
        groups = zip(self.names, self.dtypes, self.kept_as, self.arrays, strict=True)
        for names, dtype, kept_as, bits in groups:
            whole = len(kept) == timesteps
            stacked = _stacked(bits, kept_as)
            array = store.keep((stacked if whole else stacked[list(kept)]).view(dtype))
            for place, name in enumerate(names):
                value = array if len(names) == 1 else array[:, place]
                if isinstance(name, int):
                    states[self.part.states[name]] = value
                else:
                    gates[self.gate(*name)] = value
        return states, {gate: gates[gate] for gate in self.part.gates if gate in gates}

    def gate(self, cell: int, letter: str) -> str:
        """Return a gate's name in its layer: `i`, or `cell0/i` where cells are stacked."""
        stacked = f"cell{cell}/{letter}"
        return stacked if stacked in self.part.gates else letter


def _stacked(kept: Any, kept_as: Any) -> Array:
    """Return the array of a group; a list of tensors is stacked here, outside any graph."""
    if isinstance(kept, np.ndarray):
        return kept
    import tensorflow as tf

    with tf.init_scope():
        stacked = tf.raw_ops.TensorListStack(
            input_handle=kept, element_shape=tf.constant(-1), element_dtype=kept_as
        )
        array: Array = stacked.numpy()
        return array
