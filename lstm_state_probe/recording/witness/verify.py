"""The witness: compares what was recorded of a call with the papers' equations, in float64.

The weights, the inputs, the mask and the dropout masks are those of the call itself, taken inside
the operation before any update. How far a value may be off follows the arithmetic that led to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.equations import PRECISIONS, NoEquations
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, Verified
from lstm_state_probe.recording.witness.evidence import (
    Evidence,
    batch_of,
    dtypes_of,
    equations_of,
    every_timestep_kept,
    valid_in,
    wide,
)
from lstm_state_probe.recording.witness.recompute import Recomputed, recomputed

OPEN = 0.25
"""A bound of so much of (1 + |value|) and more leaves a value open: nothing is said of it."""

_AMPLIFIED = 64.0
"""Units of the last place from which on a bound is mostly that of a dot product."""
_TOGETHER = 0.5
"""Roundings are independent: the root of the mean square of many is a tenth of their bounds."""
_MANY = 8


def verify(part: Recurrent, call: Call, evidence: Evidence, *, engine: str) -> Verified:
    """Compare a call with the witness; what cannot be compared is told, not passed."""
    try:
        equations = equations_of(part, engine)
    except NoEquations as error:
        return Verified(None, None, str(error))
    if evidence.inputs.shape[0] not in (1, batch_of(call)):
        return Verified(None, None, "the inputs have another batch than the states")
    cells = recomputed(part, call, evidence, equations)
    compared = [_compare(*pair) for pair in _pairs(call, cells)]
    deviation = max((each.deviation for each in compared), default=0.0)
    for name, state in call.states.items() if every_timestep_kept(call) else ():
        assert state.timesteps is not None
        if not np.array_equal(wide(state.timesteps[-1]), wide(state.final), equal_nan=True):
            return Verified(False, deviation, f"the last timestep of {name} is not its final state")
    worst = max(compared, key=lambda each: each.times, default=None)
    if worst is not None and worst.times > 1:
        return Verified(False, deviation, worst.words)
    for each in compared:
        if each.many >= _MANY and each.together > _TOGETHER:
            why = f"{each.name} is off the equations by more than is rounded off, all together"
            return Verified(False, deviation, why)
    if 2 * sum(each.open for each in compared) > sum(each.count for each in compared):
        dtypes = ", ".join(dict.fromkeys(dtypes_of(part)))
        return Verified(None, None, f"what {dtypes} rounds off here leaves most values open")
    return Verified(True, deviation, "")


@dataclass(frozen=True)
class _Compared:
    """How one array compares: the largest deviation, and how many `times` its bound the worst is.

    `open` of its `count` elements have a bound that leaves them open. `together` is the root of the
    mean square of those deviations by their bounds that a dot product explains; `many` is how many
    different ones there are.
    """

    name: str
    deviation: float = 0.0
    times: float = 0.0
    words: str = ""
    open: int = 0
    count: int = 0
    together: float = 0.0
    many: int = 0


_Pair = tuple[str, Array, Array, Array]


def _pairs(call: Call, cells: Sequence[Recomputed]) -> Iterator[_Pair]:
    """List (name, recorded, witness, bound) of all that was recorded."""
    kept, valid = list(call.kept), valid_in(call)
    for cell in cells:
        values, bounds = cell.values, cell.bounds
        for name, expected in values.states.items():
            state = call.states[cell.prefix + name]
            yield cell.prefix + name, state.final, values.final[name], bounds.final[name]
            if state.timesteps is not None:
                bound = bounds.states[name][kept]
                yield cell.prefix + name, state.timesteps, expected[kept], bound
        for name, expected in values.gates.items():
            gate = call.gates.get(cell.prefix + name)
            if gate is not None:  # at a masked timestep a gate is computed and not used
                used = valid[kept]
                bound = bounds.gates[name][kept][used]
                yield cell.prefix + name, gate[used], expected[kept][used], bound


def _compare(name: str, found: Array, expected: Array, bound: Array) -> _Compared:
    """Compare one array; equal infinities and NaN for NaN agree."""
    recorded = wide(found)
    if not recorded.size:
        return _Compared(name)
    stored, size = PRECISIONS[found.dtype.name].unit, 1.0 + np.abs(expected)
    with np.errstate(all="ignore"):  # NaN and infinities are compared too
        bound = bound + stored * np.abs(expected)
        same = (recorded == expected) | (np.isnan(recorded) & np.isnan(expected))
        off = np.where(same, 0.0, np.abs(recorded - expected))
        wrong = np.isnan(off) & np.isfinite(bound)  # NaN on one side, and a number on the other
        times = np.where(same, 0.0, np.where(np.isfinite(bound), off / bound, 0.0))
        times = np.where(wrong, np.inf, times)
        unclear = ~same & ~(bound < OPEN * size)
        shares = times[(bound > _AMPLIFIED * stored * size) & (bound < OPEN * size)]
    worst = int(np.argmax(times))
    return _Compared(
        name,
        deviation=float(off[np.isfinite(off)].max(initial=0.0)),
        times=float(times.flat[worst]),
        words=f"{name} is off the equations by {_amount(off.flat[worst])}",
        open=int(unclear.sum()),
        count=recorded.size,
        together=float(np.sqrt(np.mean(np.square(shares)))) if shares.size else 0.0,
        many=len(np.unique(shares)),
    )


def _amount(off: float) -> str:
    return "NaN" if np.isnan(off) else f"{off:.3g}"
