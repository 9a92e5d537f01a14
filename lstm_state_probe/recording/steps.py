"""The timesteps of one call as they left the graph, and what is kept of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import Quantity
from lstm_state_probe.engines.tap.recipe import Leaf, Recipe
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.store import Later, OnDisk, Pending, Store


@dataclass(frozen=True, eq=False)  # lists of tensors cannot be compared
class Steps:
    """Arrays of bits, (timesteps, quantities, batch, …), with the names and dtypes of each."""

    part: Recurrent
    names: Sequence[Sequence[Quantity]]
    dtypes: Sequence[Any]
    kept_as: Sequence[Any]
    arrays: Sequence[Any]
    recipes: Mapping[tuple[int, str], Recipe] = field(default_factory=dict)

    def chosen(
        self, kept: Sequence[int], timesteps: int, store: Store
    ) -> tuple[dict[str, Later], dict[str, Later]]:
        """Return the states and the gates at the chosen timesteps, (timesteps, batch, units).

        Nothing is stacked, and no gate is made, before it is wanted.
        """
        states: dict[str, Later] = {}
        gates: dict[str, Later] = {}
        leaves: dict[Leaf, Later] = {}
        for names, dtype, kept_as, bits in self._groups(masks=False):
            load = partial(_stacked, bits, kept_as, dtype, kept, timesteps)
            pending = store.keep(load, _bytes(bits, kept_as))
            for place, name in enumerate(names):
                value = partial(_part, pending, place if len(names) > 1 else None)
                if isinstance(name, int):
                    states[self.part.states[name]] = value
                elif isinstance(name, Leaf):
                    leaves[name] = value
                elif len(name) == 2:
                    gates[self.gate(*name)] = value
        for gate, recipe in self.recipes.items():
            gates[self.gate(*gate)] = partial(_made, recipe, [leaves[n] for n in recipe.leaves])
        return states, {gate: gates[gate] for gate in self.part.gates if gate in gates}

    def end_with(self, final: Mapping[str, Array]) -> bool:
        """Tell whether the last timestep is the final states of a call, bit for bit."""
        for names, dtype, kept_as, bits in self._groups(masks=False):
            rows = bits if isinstance(bits, np.ndarray) else _listed(bits, kept_as)
            last = rows[-1:].view(dtype)[-1] if len(rows) else None
            for place, name in enumerate(names):
                if isinstance(name, int):
                    row = last if len(names) == 1 or last is None else last[place]
                    end = final[self.part.states[name]]
                    if row is None or row.tobytes() != end.tobytes():
                        return False
        return True

    def dropout(self, timesteps: int) -> dict[tuple[int, str, int], Array]:
        """Return the masks that every timestep drew for itself, (timesteps, batch, …)."""
        found = {}
        for names, dtype, kept_as, bits in self._groups(masks=True):
            array = _stacked(bits, kept_as, dtype, range(timesteps), timesteps)
            for place, name in enumerate(names):
                assert isinstance(name, tuple)
                assert len(name) == 3
                found[name] = array[:, place] if len(names) > 1 else array
        return found

    def _groups(self, *, masks: bool) -> Iterator[tuple[Sequence[Quantity], Any, Any, Any]]:
        groups = zip(self.names, self.dtypes, self.kept_as, self.arrays, strict=True)
        for group in groups:
            first = group[0][0]
            if (isinstance(first, tuple) and len(first) == 3) == masks:
                yield group

    def gate(self, cell: int, letter: str) -> str:
        """Return a gate's name in its layer: `i`, or `cell0/i` where cells are stacked."""
        stacked = f"cell{cell}/{letter}"
        return stacked if stacked in self.part.gates else letter


def _made(recipe: Recipe, leaves: Sequence[Later]) -> Array:
    """Carry out what leads to a gate; (timesteps, batch, units)."""
    made = recipe.over_time([leaf() for leaf in leaves]).view()
    made.flags.writeable = False
    return made


def _bytes(bits: Any, kept_as: Any) -> int:
    """Return how much memory an array takes, or a list of tensors, which all have one shape."""
    import tensorflow as tf

    if isinstance(bits, np.ndarray):
        return bits.nbytes
    with tf.init_scope():
        length = int(tf.raw_ops.TensorListLength(input_handle=bits))
        if not length:
            return 0
        first = tf.raw_ops.TensorListGetItem(
            input_handle=bits, index=0, element_shape=tf.constant(-1), element_dtype=kept_as
        )
    return length * int(first.shape.num_elements()) * int(kept_as.size)


def _part(pending: Pending | OnDisk, place: int | None) -> Array:
    array = pending.array
    return array if place is None else array[:, place]


def _stacked(bits: Any, kept_as: Any, dtype: Any, kept: Sequence[int], timesteps: int) -> Array:
    """Return the array of a group; a list of tensors is stacked here, outside any graph."""
    array = bits if isinstance(bits, np.ndarray) else _listed(bits, kept_as)
    return (array if len(kept) == timesteps else array[list(kept)]).view(dtype)


def _listed(handle: Any, kept_as: Any) -> Array:
    import tensorflow as tf

    with tf.init_scope():
        stacked = tf.raw_ops.TensorListStack(
            input_handle=handle, element_shape=tf.constant(-1), element_dtype=kept_as
        )
    if kept_as.name == "bfloat16":  # which no buffer can be of
        array: Array = stacked.numpy()
        return array
    return np.asarray(memoryview(stacked))
