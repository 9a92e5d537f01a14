"""The timesteps of a call that a fused kernel computed: a second pass that leaves no trace.

Nothing per timestep can be seen of such a kernel. The equations go from the initial state of the
real pass, with its inputs, weights and mask, to a final state, which is compared with the real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, frozen
from lstm_state_probe.recording.verify import Evidence, equations_of, unfolded


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
    deviation = 0.0
    trajectories = unfolded(part, call, evidence, equations_of(part, engine))
    for k, trajectory in enumerate(trajectories):
        prefix = f"cell{k}/" if "/" in part.states[0] else ""
        for name, over_time in trajectory.states.items():
            final = call.states[prefix + name].final
            states[prefix + name] = frozen(over_time[list(kept)].astype(final.dtype))
            off = np.abs(widened(final).astype(np.float64) - trajectory.final[name])
            deviation = max(deviation, float(np.max(off, initial=0.0)))
        for name, over_time in trajectory.gates.items():
            gates[prefix + name] = frozen(over_time[list(kept)].astype(final.dtype))
    return Replayed(states, {name: gates[name] for name in part.gates if name in gates}, deviation)
