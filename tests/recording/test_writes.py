"""What others than the layer write to its states ends their history; what they leave alone not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plain_keras import BATCH, UNITS, Case

from lstm_state_probe import StateRecorder, record
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.progress import batch_marker
from lstm_state_probe.recording.recorder import Recorder

STATEFUL = Case("stateful", lambda K: [K.SimpleRNN(UNITS, stateful=True, name="rnn"), K.Dense(1)])
CARRIED = [
    f"carried from operation 1, epoch {epoch}, batch {batch}"
    for epoch, batch in [(1, 1), (1, 2), (2, 1)]
]


def variables(model: Any) -> list[Any]:
    import tensorflow as tf

    return list(tf.nest.flatten(model.layers[0].states))


def assign(model: Any, value: float) -> None:
    for variable in variables(model):
        variable.assign(np.full(variable.shape, value))


def in_a_graph(model: Any, value: float) -> None:
    import tensorflow as tf

    tf.function(lambda: [v.assign(tf.fill(v.shape, value)) for v in variables(model)])()


def same_bits(model: Any) -> None:
    for variable in variables(model):
        variable.assign(variable.numpy())


def fitted(
    engine: Any, case: Case, at_epoch: Callable[[Any], Any], epochs: int = 2
) -> list[tuple[bool, str]]:
    """Fit with something done at the beginning of each epoch; tell where each batch started."""
    model = case.build(engine.keras)
    recorder = Recorder.attach(engine, model, Origins(operation="operation 1"))
    x, y = case.data()
    act = engine.keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: at_epoch(model))
    marker = batch_marker(engine, recorder, fitting=True)
    try:
        model.fit(
            x, y, batch_size=BATCH, epochs=epochs, verbose=0, shuffle=False, callbacks=[marker, act]
        )
        calls, _ = recorder.take()
    finally:
        recorder.detach()
        engine.clear()
    return [(bool(c.states["h"].initial.any()), c.states["h"].origin.words) for c in calls]


def test_zeros_that_a_callback_assigns_are_a_reset_also_over_zeros(engine: Any) -> None:
    assigned = (False, "reset: zeros assigned in operation 1")
    carried = [(True, f"carried from operation 1, epoch {k}, batch 1") for k in (1, 2)]
    told = fitted(engine, STATEFUL, lambda model: assign(model, 0.0))
    assert told == [assigned, carried[0], assigned, carried[1]]


def test_zeros_that_a_graph_assigns_are_a_reset_too(engine: Any) -> None:
    told = fitted(engine, STATEFUL, lambda model: in_a_graph(model, 0.0))
    assert told[2] == (False, "reset: set to zeros since operation 1, epoch 1, batch 2")


def test_the_bits_that_were_there_before_and_other_variables_leave_the_history(engine: Any) -> None:
    def harmless(model: Any) -> None:
        same_bits(model)
        model.set_weights([w * 2 for w in model.get_weights()])
        model.optimizer.learning_rate.assign(0.1)

    told = fitted(engine, STATEFUL, harmless)
    assert [words for _, words in told[1:]] == CARRIED


def test_numbers_that_a_callback_assigns_are_custom_though_an_older_history_had_them(
    engine: Any,
) -> None:
    """A state of the first epoch is put back in the third: it is assigned, not carried from it."""
    kept: list[Any] = []

    def put_back(model: Any) -> None:
        kept.append([v.numpy() for v in variables(model)])
        if len(kept) == 3:
            for variable, value in zip(variables(model), kept[1], strict=True):
                variable.assign(value)

    told = fitted(engine, STATEFUL, put_back, epochs=3)
    assert told[2][1] == "carried from operation 1, epoch 1, batch 2"
    assert told[4] == (True, "custom: assigned in operation 1, not by the probe")


def test_record_and_the_callback_tell_of_writes_and_leave_no_trace(engine: Any) -> None:
    model = STATEFUL.build(engine.keras)
    x, y = STATEFUL.data()
    before = [set(vars(getattr(v, "_value", v))) for v in variables(model)]
    zeros = engine.keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: assign(model, 0.0)
    )
    quiet = {"batch_size": BATCH, "verbose": 0, "shuffle": False}
    recorder = StateRecorder(every=2)
    model.fit(x, y, epochs=2, callbacks=[recorder, zeros], **quiet)
    told = [origin.word for origin in recorder.recording.origins("rnn/h")]
    assert told == ["reset", "reset"]
    with record(model) as recording:
        model.predict_on_batch(x[:BATCH])
        assign(model, 0.0)
        model.predict_on_batch(x[:BATCH])
    assert [origin.words for origin in recording.origins("rnn/h")] == [
        "carried: so held when the recording began",
        "reset: zeros assigned after operation 1",
    ]
    assert [set(vars(getattr(v, "_value", v))) for v in variables(model)] == before


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit_compile"])
def test_a_reset_inside_the_training_graph_is_told_of_every_batch(engine: Any, jit: bool) -> None:
    keras = engine.keras

    class Resetting(keras.Sequential):  # type: ignore[misc,name-defined]
        def call(self, x: Any, **kwargs: Any) -> Any:
            self.layers[0].reset_states()
            return super().call(x, **kwargs)

    rnn = keras.layers.SimpleRNN(UNITS, stateful=True, name="rnn")
    model = Resetting([keras.Input(batch_shape=(BATCH, 3, 2)), rnn, keras.layers.Dense(1)])
    model.compile(loss="mse", jit_compile=jit)
    x, y = STATEFUL.data(BATCH)
    with record(model) as recording:
        for _ in range(2):
            model.train_on_batch(x, y)
    assert [origin.word for origin in recording.origins("rnn/h")] == ["reset", "reset"]
