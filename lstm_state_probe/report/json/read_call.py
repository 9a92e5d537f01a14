"""The calls and the verdicts of a JSON report, read back."""

from __future__ import annotations

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import brief
from lstm_state_probe.expectations.verdict import Broken, Verdict, Worst
from lstm_state_probe.recording.call import Call, Origin, State, Verified
from lstm_state_probe.report.json import document as doc
from lstm_state_probe.report.values import array, number

NOT_VERIFIED = "not asked for"


def call_of(read: doc.Call) -> Call:
    """Read one call of a layer."""
    asked = read.verified is not None or read.verified_why != NOT_VERIFIED
    return Call(
        layer=read.layer,
        phase=read.phase,
        epoch=-1 if read.epoch is None else read.epoch,
        batch=read.batch,
        use=read.use,
        timesteps=read.timesteps,
        mask=None if read.mask is None else array(read.mask, "bool"),
        states={name: _state(state, read, name) for name, state in read.states.items()},
        kept=tuple(read.kept),
        gates={name: array(gate.timesteps, gate.dtype) for name, gate in read.gates.items()},
        backwards=read.backwards,
        verified=Verified(read.verified, read.deviation, read.verified_why) if asked else None,
        note=read.note,
        kernel=read.kernel,
        replayed=None if read.replayed is None else number(read.replayed),
    )


def _state(read: doc.State, call: doc.Call, name: str) -> State:
    origin = Origin(call.origin[name], call.origin_words[name])
    steps = None if read.timesteps is None else array(read.timesteps, read.dtype)
    return State(array(read.initial, read.dtype), array(read.final, read.dtype), origin, steps)


def must_fit(call: Call) -> None:
    """Refuse arrays that do not fit together: whoever shows them relies on it.

    Raises:
        ValueError: with what does not fit.
    """
    if any(not 0 <= timestep < call.timesteps for timestep in call.kept):
        raise ValueError(f"{brief(call.layer)} has timesteps that its call does not have")
    for name, state in call.states.items():
        if state.initial.shape != state.final.shape or not state.final.ndim:
            raise ValueError(f"{brief(call.layer)}: {name!r} has states of several shapes")
        if state.timesteps is not None:
            _as_long(call, state.timesteps, state.final.shape, name)
    shape = next((state.final.shape for state in call.states.values()), ())
    for name, gate in call.gates.items():
        _as_long(call, gate, gate.shape[1:], name)
    mask = call.mask
    if mask is not None and (mask.ndim != 2 or mask.shape[1] < call.timesteps):
        raise ValueError(f"{brief(call.layer)} has a mask of another shape")
    if mask is not None and shape and mask.shape[0] != shape[0]:
        raise ValueError(f"{brief(call.layer)} has a mask of other samples")


def _as_long(call: Call, steps: Array, shape: tuple[int, ...], name: str) -> None:
    fits = steps.ndim >= 2 and steps.shape[1:] == shape
    if fits and call.mask is not None:  # which says of each timestep and sample whether it counts
        fits = steps.shape[:2] == (len(call.kept), len(call.mask))
    if not fits:
        raise ValueError(f"{brief(call.layer)}: {name!r} has timesteps of another shape")


def verdict_of(read: doc.Expectation) -> Verdict:
    """Read what became of one expectation."""
    return Verdict(
        read.selector,
        read.condition,
        read.passed,
        read.message,
        read.line,
        read.column,
        tuple(Broken(b.quantity, b.expected, b.found, _worst(b.worst)) for b in read.broken),
        read.source,
    )


def _worst(read: doc.Worst | None) -> Worst | None:
    if read is None:
        return None
    expected, deviation = (
        None if v is None else number(v) for v in (read.expected, read.deviation)
    )
    return Worst(tuple(read.index), read.timestep, number(read.found), expected, deviation)
