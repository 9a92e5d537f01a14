"""The timesteps of one call as they left the graph, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.store import Store


@dataclass(frozen=True)
class Steps:
    """Arrays of bits, (timesteps, quantities, batch, …), with the names and dtypes of each."""

    part: Recurrent
    names: Sequence[Sequence[int | tuple[int, str]]]
    dtypes: Sequence[Any]
    arrays: Sequence[Array]
    dropout: Mapping[tuple[int, str, int], Array]

    def chosen(
        self, kept: Sequence[int], timesteps: int, store: Store
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return the states and the gates at the chosen timesteps, (timesteps, batch, units)."""
        states: dict[str, Array] = {}
        gates: dict[str, Array] = {}
        for names, dtype, bits in zip(self.names, self.dtypes, self.arrays, strict=True):
            whole = len(kept) == timesteps
            array = store.keep((bits if whole else bits[list(kept)]).view(dtype))
            for place, name in enumerate(names):
                if isinstance(name, int):
                    states[self.part.states[name]] = array[:, place]
                else:
                    gates[self.gate(*name)] = array[:, place]
        return states, {gate: gates[gate] for gate in self.part.gates if gate in gates}

    def gate(self, cell: int, letter: str) -> str:
        """Return a gate's name in its layer: `i`, or `cell0/i` where cells are stacked."""
        stacked = f"cell{cell}/{letter}"
        return stacked if stacked in self.part.gates else letter
