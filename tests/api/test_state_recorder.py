"""StateRecorder: every n-th batch, the bits of a plain run, and a model that is let go of."""

from __future__ import annotations

import gc
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_models import BATCH, X, Y, assert_same_bits, bits, built, loops

from lstm_state_probe import StateRecorder, record
from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.store import OnDisk, Store

QUIET = {"verbose": 0, "batch_size": BATCH, "shuffle": False}
VALIDATED = {**QUIET, "validation_data": (X[:4], Y[:4]), "validation_batch_size": BATCH}


def batches(recorder: StateRecorder) -> list[tuple[int, int]]:
    calls = [call for call in recorder.recording.calls if call.layer == "lstm"]
    return [(call.epoch, call.batch) for call in calls]


def attached(model: Any) -> bool:
    return any("_lstm_state_probe" in vars(layer) for layer in loops(model))


def with_dropout(engine: Any, **compile_: Any) -> Any:
    """Build a model; tf_keras under XLA draws other masks in every run (2.21), so there without."""
    repeats = engine.name == "keras3" or "jit_compile" not in compile_
    K = engine.keras.layers
    engine.clear()
    engine.keras.utils.set_random_seed(5)  # before a layer is made: it draws its seeds
    layers = [
        K.LSTM(3, stateful=True, return_sequences=True, name="lstm"),
        K.Dropout(0.3 if repeats else 0.0),
        K.GRU(2, name="gru"),
        K.Dense(1),
    ]
    return built(engine, layers, **compile_)


@pytest.mark.rows(2)
@pytest.mark.parametrize(
    "compile_",
    [{}, {"steps_per_execution": 3}, {"run_eagerly": True}, {"jit_compile": True}],
    ids=["graph", "steps_per_execution", "eager", "jit"],
)
def test_a_fit_with_it_has_the_bits_of_a_fit_without(engine: Any, compile_: Any) -> None:
    found = []
    for recorder in (None, StateRecorder(every=3, timesteps="all")):
        model = with_dropout(engine, **compile_)
        callbacks = [recorder] if recorder else []
        history = model.fit(X, Y, epochs=2, callbacks=callbacks, **VALIDATED).history
        found.append([*(np.array(history[name]) for name in sorted(history)), *bits(model)])
    assert_same_bits(*found)
    assert recorder is not None
    assert batches(recorder) == [(0, 0), (0, 3), (1, 2)]
    assert not attached(model)


def test_what_it_keeps_is_what_record_records(engine: Any) -> None:
    model = built(engine)
    with record(model, gates=True) as recording:
        model.fit(X, Y, epochs=2, **VALIDATED)
    trained = recording.only(phase="train")
    model = built(engine)
    recorder = StateRecorder(every=2, timesteps="all", gates=True)
    model.fit(X, Y, epochs=2, callbacks=[recorder], **VALIDATED)
    for selector in ("lstm/h", "lstm/c@initial", "gru/h@final", "lstm/f"):
        assert np.array_equal(recorder.recording[selector], trained[selector][::2]), selector
    assert recorder.recording.operations[0].place.file.endswith(Path(__file__).name)


def test_batches_are_counted_over_epochs_and_fits_and_each_fit_is_an_operation(engine: Any) -> None:
    model, recorder = built(engine), StateRecorder(every=3)
    model.fit(X, Y, callbacks=[recorder], **QUIET)
    model.fit(X, Y, callbacks=[recorder], **QUIET)
    assert [operation.name for operation in recorder.recording.operations] == ["fit", "fit"]
    assert batches(recorder) == [(0, 0), (0, 3), (0, 2)]


def test_origins_tell_a_reset_from_batches_that_were_not_recorded(engine: Any) -> None:
    model, recorder = built(engine), StateRecorder(every=4)

    class Resetting(engine.keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                model.layers[0].reset_states()

    model.fit(X, Y, epochs=3, callbacks=[recorder, Resetting()], **QUIET)
    assert [o.word for o in recorder.recording.origins("lstm/h")] == ["zeros", "reset", "carried"]
    assert "not recorded" in recorder.recording.origin("lstm/h").words


def test_it_can_be_read_while_training_goes_on(engine: Any) -> None:
    recorder, seen = StateRecorder(), []

    class Reading(engine.keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(recorder.recording["lstm/h@final"].shape[0])

    built(engine).fit(X, Y, epochs=2, callbacks=[recorder, Reading()], **QUIET)
    assert seen == [4, 8]


def test_a_training_that_raises_lets_go_of_the_model_and_keeps_what_came_before(
    engine: Any,
) -> None:
    model, recorder = built(engine), StateRecorder()
    with pytest.raises(Exception, match=r"2|3"):
        model.fit(X[:5], Y[:5], callbacks=[recorder], **{**QUIET, "batch_size": 3})
    assert not attached(model)
    assert recorder.recording.operations[0].outcome.failure is not None
    model.fit(X, Y, callbacks=[recorder], **QUIET)
    assert len(batches(recorder)) >= 4


class Mine(Exception):
    pass


@pytest.mark.rows(2)
@pytest.mark.parametrize("way", ["close", "dropped", "the next fit"])
def test_after_another_callback_raised_the_model_is_let_go_of(engine: Any, way: str) -> None:
    class Raising(engine.keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                raise Mine

    model = built(engine)
    recorder: Any = StateRecorder()
    with pytest.raises(Mine):
        model.fit(X, Y, callbacks=[recorder, Raising()], **QUIET)
    assert attached(model)
    if way == "close":
        recorder.close()
    elif way == "dropped":
        recorder = None
        gc.collect()
    else:
        model.fit(X, Y, callbacks=[recorder], **QUIET)
    assert not attached(model)
    assert math.isfinite(model.train_on_batch(X[:BATCH], Y[:BATCH]))


def test_past_the_budget_states_are_on_disk_and_the_same(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []
    keep = Store.keep

    def noting(self: Store, load: Any, size: int) -> Any:
        written.append(keep(self, load, size))
        return written[-1]

    found = []
    monkeypatch.setattr(Store, "keep", noting)
    for budget in (2**20, 0):
        written.clear()
        recorder = StateRecorder(timesteps="all", budget=budget)
        built(engine).fit(X, Y, callbacks=[recorder], **QUIET)
        found.append([recorder.recording["lstm/h"], recorder.recording["lstm/c@final"]])
        assert {isinstance(kept, OnDisk) for kept in written} == {budget == 0}
    assert_same_bits(*found)


def test_summaries_are_written_where_tensorboard_is_installed(engine: Any, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    recorder = StateRecorder(every=2, log_dir=tmp_path)
    built(engine).fit(X, Y, epochs=2, callbacks=[recorder], **QUIET)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    tags = set(events.Tags()["tensors"])
    per_state = {"", "/max_abs", "/mean", "/std"}
    assert tags == {f"{a}{end}" for a in ("lstm/h", "lstm/c", "gru/h") for end in per_state}
    found = events.Tensors("lstm/h/max_abs")
    assert [event.step for event in found] == [0, 2, 4, 6]
    largest = np.abs(recorder.recording["lstm/h@final"]).max(axis=(1, 2))
    values = [float(tf.make_ndarray(event.tensor_proto)) for event in found]
    assert values == pytest.approx(largest.tolist())


def test_without_tensorboard_a_log_dir_is_refused_with_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lstm_state_probe.api.recorded.summaries.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'lstm-state-probe\[tensorboard\]'"):
        StateRecorder(log_dir="logs")


@pytest.mark.parametrize("every", [0, -1, 1.5, True, "2"])
def test_every_is_a_whole_number(every: Any) -> None:
    with pytest.raises(UsageError, match="expected a whole number, 1 or more"):
        StateRecorder(every=every)


def test_before_the_first_fit_there_is_no_recording() -> None:
    with pytest.raises(UsageError, match="nothing is recorded yet"):
        StateRecorder().recording  # noqa: B018
