"""The calls: a first and a second prediction, and a call that trains nothing but runs as training.

They are the model's own, recorded inside. The training call is reported where a layer starts from
elsewhere in it than in a prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.inspection.data import CallInspection, StateChange
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, Origin
from lstm_state_probe.recording.finite import NotFinite, first_in_time
from lstm_state_probe.recording.operate import begin
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.outcome import leaves
from lstm_state_probe.recording.plan import ENDS, Plan
from lstm_state_probe.recording.recorder import Recorder

FIRST, SECOND, TRAINING = "first call", "second call", "training call"
EMPTY = Origin("zeros", "zeros: held before the inspection")
FULL = Origin("carried", "carried: held before the inspection")


@dataclass(frozen=True)
class Made:
    """One call of the model: what was recorded of it, the shapes that it returned, or a failure."""

    name: str
    calls: tuple[Call, ...]
    outputs: tuple[tuple[int, ...], ...]
    unrecorded: int
    failure: str | None


def make_calls(
    engine: Engine, model: Any, inputs: Any, *, loaded: bool, plan: Plan = ENDS
) -> tuple[Made, ...]:
    """Call the model with `inputs`, in the structure that it takes, until a call fails.

    `loaded` says that the model was just built from a file that keeps no states. It moves
    what a call moves; whoever asks puts it back.
    """
    origins = Origins()
    recorder = Recorder.attach(engine, model, origins, plan=plan, fresh=False)
    if loaded:
        origins.built(recorder.held(), recorder.layers)
    else:
        origins.found(recorder.held(), EMPTY, FULL)
    try:
        return tuple(_until_failure(recorder, _acts(engine, model, inputs)))
    finally:
        recorder.detach()


def _acts(engine: Engine, model: Any, inputs: Any) -> Mapping[str, Callable[[], Any]]:
    import tensorflow as tf

    # a graph of its own: eager random ops would move kernels that nobody can put back
    training = tf.function(lambda x: model(x, training=True), autograph=False)
    predict = _prediction(engine, model, inputs)
    return {
        FIRST: predict,
        SECOND: predict,
        TRAINING: lambda: training(tf.nest.map_structure(tf.convert_to_tensor, inputs)),
    }


def _prediction(engine: Engine, model: Any, inputs: Any) -> Callable[[], Any]:
    """Predict a batch; where an execution runs several, tf_keras can do so in `predict` alone."""
    import tensorflow as tf

    if engine.steps_per_execution(model) == 1:
        return lambda: model.predict_on_batch(inputs)
    size = len(tf.nest.flatten(inputs)[0])
    return lambda: model.predict(inputs, batch_size=size, verbose=0)


def _until_failure(recorder: Recorder, acts: Mapping[str, Callable[[], Any]]) -> Iterator[Made]:
    for name, act in acts.items():
        recorder.origins.operation = f"the {name}"
        begun, result, failure = begin(recorder), None, None
        try:
            result = act()
        except Exception as error:  # noqa: BLE001 - the boundary: Keras may raise anything
            failure = f"the {name} fails: {described(error)}"
        outcome = begun.ended(recorder, name, result, None)
        outputs = tuple(array.shape for _, array in leaves(outcome.result))
        yield Made(name, outcome.calls, outputs, outcome.unrecorded, failure)
        if failure is not None:
            return


def first_bad(made: Sequence[Made]) -> tuple[str, NotFinite] | None:
    """Find the first NaN or infinity of all calls, with the name of the call that had it."""
    for one in made:
        layers = dict.fromkeys(call.layer for call in one.calls)
        found = first_in_time(layers, one.calls, {})
        if found is not None:
            return one.name, found
    return None


def layer_calls(part: Recurrent, made: Sequence[Made]) -> tuple[CallInspection, ...]:
    """Tell what each call did to the states of one layer."""
    found: list[CallInspection] = []
    for one in made:
        uses = [call for call in one.calls if call.layer == part.address]
        if uses:
            found.append(_summed(one.name, uses, found[-1] if found else None))
    if len(found) > 2 and _origins(found[-1]) == _origins(found[-2]):
        found.pop()
    return tuple(found)


def _summed(name: str, uses: Sequence[Call], before: CallInspection | None) -> CallInspection:
    states = {}
    for state, first in uses[0].states.items():
        initial, final = first.initial, uses[-1].states[state].final
        ended = before.states[state].final if before else None
        carried = ended is not None and initial.tobytes() == ended.tobytes() and np.any(ended)
        change = _largest(initial, final)
        states[state] = StateChange(initial, final, first.origin, change, bool(carried))
    return CallInspection(name, len(uses), uses[0].timesteps, states)


def _largest(before: Array, after: Array) -> float | None:
    if before.shape != after.shape or not before.size:
        return None
    with np.errstate(all="ignore"):
        wide = np.abs(widened(after).astype(np.float64) - widened(before).astype(np.float64))
    return float(wide.max()) if np.isfinite(wide).all() else None


def _origins(call: CallInspection) -> list[str]:
    return [change.origin.word for change in call.states.values()]
