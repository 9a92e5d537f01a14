"""`record`: a context in which the user's own calls of a model are recorded."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Literal

from lstm_state_probe.amounts import FORMS, read_bytes
from lstm_state_probe.api.methods import observed
from lstm_state_probe.api.place import Place
from lstm_state_probe.api.recorded.recording import Recording
from lstm_state_probe.api.session import Session
from lstm_state_probe.api.subject import Subject
from lstm_state_probe.engines.wrapping import Release
from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import MEBIBYTE, UNASKED, Plan
from lstm_state_probe.recording.recorder import Recorder

Timesteps = str | int | Sequence[int]
NOTHING = (
    "record saw no call of a recurrent layer: a tf.function of your own that was traced before"
    " runs unobserved; trace it in the block, or call the model's methods there"
)


@contextmanager
def record(
    model: Any,
    *,
    timesteps: Timesteps = "all",
    gates: bool = False,
    layers: str | Sequence[str] = "*",
    calls: Literal["all", "first", "last"] = "all",
    budget: int | str = 256 * MEBIBYTE,
    verify: bool = False,
) -> Iterator[Recording]:
    """Record every call of the model's recurrent layers that is made in the block.

    `fit`, `evaluate`, `predict`, the three `…_on_batch`, and `model(x)`, also in a training loop
    of your own, are each an operation of the recording. The results of the model are the same
    bits as without it. When the block ends, also by an exception, the model is as it was; what
    was recorded stays.

    Args:
        model: a model, or a layer, of Keras 3 or `tf_keras`; it need not be built.
        timesteps: which are kept: `"all"`, `"final"` (none but the ends), a list of indices, or
            every n-th.
        gates: keep the gates of LSTM, GRU and ConvLSTM too.
        layers: of which recurrent layers timesteps and gates are kept, by address or glob. The
            initial and final states are recorded of every layer.
        calls: of which calls in an operation the timesteps are kept.
        budget: bytes of timesteps that stay in memory, or a text such as "64MiB"; the rest goes
            to a temporary file.
        verify: recompute every call from the equations; see `Recording.verified`.

    Raises:
        TypeError: if `model` is neither a model nor a layer of a Keras.
        ProbeError: if it has no recurrent layer, or is being recorded already.
    """
    plan = plan_of(timesteps, gates, layers, calls=calls, budget=budget, verify=verify)
    recorder = attach(model, plan)
    with ExitStack() as stack:
        stack.callback(recorder.detach)
        session = Session(recorder)
        built = bool(getattr(model, "built", True))
        release = observed(session, built=built)
        stack.callback(recorder.aside.run, release)
        recording = Recording.live(session, Place.of_caller())
        stack.callback(recorder.aside.run, _closing, recorder, session, recording, release)
        yield recording
    _warn(recording)


def _closing(recorder: Recorder, session: Session, recording: Recording, release: Release) -> None:
    release()
    recorder.detach()
    session.loose()
    recording.close()


def _warn(recording: Recording) -> None:
    """Tell what could not be recorded, each reason once; or that nothing was there to record."""
    reasons = dict.fromkeys((one.layer, one.why) for one in recording.missed)
    if reasons:
        told = "".join(f"\n  {f'{layer}: ' if layer else ''}{why}" for layer, why in reasons)
        warnings.warn(f"record could not record everything:{told}", UserWarning, stacklevel=4)
    elif not any(operation.calls for operation in recording.operations):
        warnings.warn(NOTHING, UserWarning, stacklevel=4)


def attach(model: Any, plan: Plan) -> Recorder:
    """Attach a recorder to a model that goes on with the states that it has.

    Raises:
        UsageError: if it has no recurrent layer, or one that is being recorded.
        NoSuchState: if the plan names a layer that it has not; a KeyError.
    """
    subject = Subject.of(model)
    if not subject.parts and getattr(model, "built", True):
        raise UsageError(f"the model {model.name!r} has no recurrent layer: nothing to record")
    if any(True for _ in subject.recorders()):
        raise UsageError(f"the model {model.name!r} has a layer that is being recorded already")
    if subject.parts and plan.layers != ("*",):
        plan = replace(plan, layers=tuple(p.address for p in subject.chosen(plan.layers)))
    recorder = Recorder.attach(subject.engine, model, Origins(), plan=plan, fresh=False)
    try:
        recorder.origins.found(recorder.held())
        recorder.origins.found_learned(recorder.layers)
    except BaseException:
        recorder.detach()
        raise
    return recorder


def plan_of(
    timesteps: Timesteps,
    gates: bool,
    layers: str | Sequence[str],
    *,
    calls: str = "all",
    budget: int | str = 256 * MEBIBYTE,
    verify: bool = False,
) -> Plan:
    """Make a plan of what a user wrote.

    Raises:
        UsageError: if the timesteps, calls or budget are none that can be chosen.
    """
    if calls not in ("all", "first", "last"):
        raise UsageError(f"calls={calls!r}; allowed: 'all', 'first', 'last'")
    size = read_bytes(budget)
    if size is None:
        raise UsageError(f"budget={budget!r}; expected {FORMS}")
    return Plan(
        timesteps=_timesteps(timesteps),
        gates=gates,
        layers=(layers,) if isinstance(layers, str) else tuple(layers),
        calls=calls,
        witness=math.inf if verify else UNASKED,
        budget=size,
    )


def _timesteps(written: Timesteps) -> str | int | tuple[int, ...]:
    if isinstance(written, str) and written in ("all", "final"):
        return written
    if isinstance(written, int) and not isinstance(written, bool) and written > 0:
        return written
    if isinstance(written, Sequence) and not isinstance(written, str) and written:
        return tuple(int(index) for index in written)
    allowed = "'all', 'final', a list such as [0, 5, -1], or n for every n-th"
    raise UsageError(f"timesteps={written!r} chooses no timesteps; allowed: {allowed}")
