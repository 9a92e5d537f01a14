"""The timesteps of a call that a fused kernel computed: a second pass that leaves no trace.

Nothing per timestep can be seen of such a kernel. The equations go from the initial state of the
real pass, with its inputs, weights and mask, to a final state, which is compared with the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, frozen
from lstm_state_probe.recording.witness.evidence import Evidence, equations_of, wide
from lstm_state_probe.recording.witness.recompute import recomputed


@dataclass(frozen=True)
class Replayed:
    """States and gates at the kept timesteps, (kept timesteps, batch, units).

    `deviation` is the largest absolute one of a replayed final state from the real one.
    """

    states: Mapping[str, Array]
    gates: Mapping[str, Array]
    deviation: float


def replay(
    part: Recurrent, call: Call, evidence: Evidence, *, engine: str, kept: Sequence[int]
) -> Replayed:
    """Compute what the call's kernel did not show.

    Raises:
        NoEquations: for a layer that has none.
    """
    states: dict[str, Array] = {}
    gates: dict[str, Array] = {}
    deviations = [0.0]
    for cell in recomputed(part, call, evidence, equations_of(part, engine)):
        prefix, trajectory = cell.prefix, cell.values
        for name, over_time in trajectory.states.items():
            final = call.states[prefix + name].final
            states[prefix + name] = frozen(over_time[list(kept)].astype(final.dtype))
            deviations.append(_deviation(wide(final), trajectory.final[name]))
        for name, over_time in trajectory.gates.items():
            gates[prefix + name] = frozen(over_time[list(kept)].astype(final.dtype))
    named = {name: gates[name] for name in part.gates if name in gates}
    return Replayed(states, named, float(np.max(deviations)))


def _deviation(real: Array, replayed: Array) -> float:
    """Return the largest difference; NaN where one alone is NaN."""
    same = (real == replayed) | (np.isnan(real) & np.isnan(replayed))
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(same, 0.0, np.abs(real - replayed)), initial=0.0))
