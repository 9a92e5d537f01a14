"""`record`: the user's own calls become operations; the model is as it was afterwards."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_models import BATCH, X, Y, assert_same_bits, bits, built, loops

from lstm_state_probe import Recording, preserved, record, reset, restore, snapshot
from lstm_state_probe.errors import NotAModel, ProbeError, UsageError

QUIET = {"verbose": 0, "batch_size": BATCH}


def names(recording: Recording) -> list[str]:
    return [operation.name for operation in recording.operations]


def places(recording: Recording, layer: str = "lstm") -> list[tuple[str, int, int]]:
    calls = [call for call in recording.calls if call.layer == layer]
    return [(call.phase, call.epoch, call.batch) for call in calls]


def words(recording: Recording, index: int) -> list[str]:
    """Return the origins of the first call of an operation."""
    call = recording.operations[index].calls[0]
    return [state.origin.words for state in call.states.values()]


def own(model: Any) -> list[set[str]]:
    return [set(vars(thing)) for thing in (model, *loops(model))]


def everything(model: Any) -> list[Any]:
    """Call each method once, as a user does; return what each gave."""
    history = model.fit(X, Y, epochs=2, validation_data=(X[:4], Y[:4]), **QUIET).history
    return [
        history,
        model.evaluate(X, Y, **QUIET),
        model.predict(X, **QUIET),
        model.train_on_batch(X[:BATCH], Y[:BATCH]),
        model.test_on_batch(X[:BATCH], Y[:BATCH]),
        model.predict_on_batch(X[:BATCH]),
        np.asarray(model(X[:BATCH], training=True)),
    ]


@pytest.fixture(scope="module")
def told(engine: Any) -> tuple[Any, Recording, list[Any], list[Any]]:
    """A model after every method was called in a recording; its bits, and those of a plain run."""
    plain = built(engine)
    expected = [*map(np.asarray, _flat(everything(plain))), *bits(plain)]
    model = built(engine)
    with record(model, gates=True, verify=True) as recording:
        results = everything(model)
    return model, recording, [*map(np.asarray, _flat(results)), *bits(model)], expected


def _flat(results: list[Any]) -> list[Any]:
    found: list[Any] = []
    for result in results:
        found += [result[key] for key in sorted(result)] if isinstance(result, dict) else [result]
    return found


def test_what_is_recorded_gives_the_bits_of_a_plain_run(told: Any) -> None:
    assert_same_bits(told[2], told[3])


def test_each_method_is_an_operation_with_its_place_in_the_user_s_code(told: Any) -> None:
    on_batch = ["train_on_batch", "test_on_batch", "predict_on_batch"]
    assert names(told[1]) == ["fit", "evaluate", "predict", *on_batch, "call"]
    lines = [operation.place.line for operation in told[1].operations]
    assert lines == sorted(lines)
    assert {Path(o.place.file).name for o in told[1].operations} == {Path(__file__).name}


def test_the_batches_of_fit_have_epoch_and_phase(told: Any) -> None:
    train = [("train", 0, k) for k in range(4)]
    epochs = [
        [("train", e, k) for k in range(4)] + [("test", e, k) for k in range(2)] for e in (0, 1)
    ]
    assert places(told[1].only("fit")) == [*epochs[0], *epochs[1]]
    assert places(told[1].only("fit", phase="train", epoch=0)) == train
    assert places(told[1].only("evaluate")) == [("test", -1, k) for k in range(4)]
    assert places(told[1].only("predict")) == [("predict", -1, k) for k in range(4)]
    assert places(told[1].only("call")) == [("train", -1, 0)]


def test_every_call_agrees_with_the_equations(told: Any) -> None:
    assert told[1].verified is True


def test_arrays_have_the_axes_call_timestep_batch_unit(told: Any) -> None:
    recording = told[1]
    count = len([call for call in recording.calls if call.layer == "lstm"])
    assert recording["lstm/h"].shape == (count, 4, BATCH, 3)
    assert recording["lstm/f"].shape == (count, 4, BATCH, 3)
    assert np.array_equal(recording["lstm/c@-1"], recording["lstm/c"][:, -1])
    assert np.array_equal(recording["lstm/c@final"], recording["lstm/c@-1"])
    assert np.array_equal(recording["lstm/c@initial"][1:], recording["lstm/c@final"][:-1])
    assert np.array_equal(recording["gru/h[2]"], recording["gru/h"][2])
    assert recording["lstm/h@held"].shape == (7, BATCH, 3)


def test_results_of_training_are_kept_and_predictions_are_not(told: Any) -> None:
    outcomes = {o.name: o.outcome.result for o in told[1].operations}
    assert len(outcomes["fit"]["loss"]) == 2
    assert isinstance(outcomes["train_on_batch"], (float, list))
    assert outcomes["predict"] is outcomes["predict_on_batch"] is outcomes["call"] is None


def test_after_the_block_nothing_is_left_on_the_model(engine: Any) -> None:
    model = built(engine)
    model.predict_on_batch(X[:BATCH])
    before = own(model)
    with record(model) as recording:
        assert own(model) != before
        model.predict_on_batch(X[:BATCH])
    assert own(model) == before
    model.predict_on_batch(X[:BATCH])
    assert names(recording) == ["predict_on_batch"]


def test_functions_that_were_traced_before_are_recorded(engine: Any) -> None:
    model = built(engine)
    model.fit(X, Y, **QUIET)
    with record(model) as recording:
        model.fit(X, Y, **QUIET)
    assert len(places(recording)) == 4
    assert words(recording, 0) == ["carried: so held when the recording began"] * 2


def test_an_exception_passes_and_what_came_before_it_stays(engine: Any) -> None:
    model = built(engine)
    before = own(model)
    with pytest.raises(Exception, match=r"3|2"), record(model) as recording:  # noqa: PT012
        model.predict_on_batch(X[:BATCH])
        model.predict_on_batch(X[:3])
    assert names(recording) == ["predict_on_batch", "predict_on_batch"]
    assert recording.operations[1].outcome.failure is not None
    assert recording.operations[0].calls
    assert own(model) == before


def test_a_training_loop_of_one_s_own_is_recorded(engine: Any) -> None:
    import tensorflow as tf

    model = built(engine)

    @tf.function
    def step(x: Any) -> Any:
        return model(x, training=True)

    with record(model) as recording:
        for _ in range(2):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model(X[:BATCH], training=True))
            assert tape.gradient(loss, model.trainable_variables)[0] is not None
        for _ in range(3):
            step(X[:BATCH])
        model.layers[0](X[:BATCH])
    step(X[:BATCH])
    assert names(recording) == ["call"] * 5 + ["elsewhere"]
    assert places(recording) == [("train", -1, 0)] * 5 + [("predict", -1, 0)]
    assert words(recording, 5)[0].startswith("carried from operation 5")
    finals = recording["lstm/h@final"]
    assert np.array_equal(finals[:-1], recording["lstm/h@initial"][1:])


def test_a_callback_that_predicts_in_the_middle_of_fit_belongs_to_fit(engine: Any) -> None:
    model = built(engine)

    class Predicting(engine.keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            model.predict(X[:4], **QUIET)
            model.predict_on_batch(X[:BATCH])

    with record(model) as recording:
        model.fit(X[:4], Y[:4], epochs=2, callbacks=Predicting(), **QUIET)
    once = [("predict", -1, 0), ("predict", -1, 1), ("predict", -1, 0)]
    train = [[("train", epoch, batch) for batch in range(2)] for epoch in range(2)]
    assert names(recording) == ["fit"]
    assert places(recording) == [*train[0], *once, *train[1], *once]


def test_setting_states_is_an_operation_and_the_origin_of_the_next_call(engine: Any) -> None:
    model = built(engine)
    with record(model) as recording:
        model.predict_on_batch(X[:BATCH])
        kept = snapshot(model)
        reset(model)
        model.predict_on_batch(X[:BATCH])
        restore(model, kept)
        with preserved(model):
            model.predict_on_batch(X[:BATCH])
        model.predict_on_batch(X[:BATCH])
    order = ["predict_on_batch", "reset", "predict_on_batch", "restore"]
    assert names(recording) == [*order, "predict_on_batch", "predict_on_batch"]
    assert words(recording, 2) == ["reset: operation 2"] * 2
    assert words(recording, 4) == words(recording, 5) == ["set: operation 4"] * 2
    assert np.array_equal(recording["lstm/h[2]"], recording["lstm/h[3]"])


def test_a_reset_of_keras_between_operations_is_told(engine: Any) -> None:
    model = built(engine)
    with record(model) as recording:
        model.predict_on_batch(X[:BATCH])
        model.layers[0].reset_states()
        model.predict_on_batch(X[:BATCH])
    assert words(recording, 1) == ["reset: after operation 1"] * 2


def test_what_is_saved_or_exported_in_the_block_holds_no_callback(
    engine: Any, tmp_path: Path
) -> None:
    model = built(engine)
    quiet = {"verbose": False} if engine.name == "keras3" else {}
    with record(model) as recording:
        model.predict_on_batch(X[:BATCH])
        model.export(str(tmp_path / "exported"), **quiet)
        if engine.name == "tf_keras":
            model.save(str(tmp_path / "saved"), save_format="tf")
        model.save(str(tmp_path / "model.keras"))
        model.predict_on_batch(X[:BATCH])
    graphs = list(tmp_path.rglob("saved_model.pb"))
    assert len(graphs) == (2 if engine.name == "tf_keras" else 1)
    assert not any(b"PyFunc" in path.read_bytes() for path in graphs)
    assert len(places(recording)) == 2, "the export itself is no call, and it goes on afterwards"
    assert words(recording, 1) == ["carried from operation 1, batch 1"] * 2


def test_a_checkpoint_in_the_middle_of_fit_leaves_fit_alone(engine: Any, tmp_path: Path) -> None:
    model = built(engine)
    checkpoint = engine.keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"))
    with record(model) as recording:
        model.fit(X, Y, epochs=2, callbacks=[checkpoint], **QUIET)
    assert len(places(recording)) == 8
    assert len(list(tmp_path.glob("*.keras"))) == 2


def test_a_model_that_is_not_built_is_recorded_from_its_first_call(engine: Any) -> None:
    keras = engine.keras

    class Late(keras.Model):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.inner = keras.layers.LSTM(2, name="inner")
            self.built = True

        def call(self, x: Any) -> Any:
            return self.inner(x)

    sequential = keras.Sequential([keras.layers.LSTM(2, name="inner")])
    for model in (Late(), sequential):
        with record(model) as recording:
            model(X[:BATCH])
            model(X[:BATCH])
        assert recording["inner/h"].shape == (2, 4, BATCH, 2)


def test_a_layer_alone_can_be_recorded(engine: Any) -> None:
    layer = engine.keras.layers.LSTM(2, name="alone")
    with record(layer) as recording:
        layer(X[:BATCH])
        layer(X[:BATCH])
    assert names(recording) == ["call", "call"]
    assert recording["alone/h"].shape == (2, 4, BATCH, 2)
    assert "_lstm_state_probe" not in vars(layer)


def test_the_same_model_twice_is_refused_and_the_first_goes_on(engine: Any) -> None:
    model = built(engine)
    with record(model) as recording:
        with pytest.raises(UsageError, match="being recorded already"), record(model):
            pass
        model.predict_on_batch(X[:BATCH])
    assert len(places(recording)) == 1


def test_a_model_without_recurrent_layers_is_refused(engine: Any) -> None:
    layers = engine.keras.layers
    model = built(engine, [layers.Flatten(), layers.Dense(1)])
    with pytest.raises(UsageError, match="no recurrent layer"), record(model):
        pass


@pytest.mark.parametrize("wrong", [object(), "model.keras", None, np.zeros(2), dict])
def test_what_is_no_model_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="expected a model or a layer of Keras 3 or tf_keras"):
        snapshot(wrong)
    assert issubclass(NotAModel, ProbeError)


@pytest.mark.parametrize("wrong", [{"timesteps": "some"}, {"timesteps": 0}, {"calls": "none"}])
def test_a_wrong_choice_is_told_with_what_is_allowed(engine: Any, wrong: Any) -> None:
    with pytest.raises(UsageError, match="allowed"), record(built(engine), **wrong):
        pass


def test_nothing_recorded_is_a_warning_and_a_quiet_block_an_empty_recording(engine: Any) -> None:
    with pytest.warns(UserWarning, match="saw no call"), record(built(engine)) as recording:
        pass
    assert not recording
    assert recording.calls == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = built(engine)
        with record(model):
            model(X[:BATCH])


def test_the_last_calls_alone_keep_timesteps_if_asked(engine: Any) -> None:
    model = built(engine)
    with record(model, timesteps=[0, -1], calls="last", layers="lstm") as recording:
        model.predict(X, **QUIET)
    assert [len(call.kept) for call in recording.calls if call.layer == "lstm"] == [0, 0, 0, 2]
    assert recording["lstm/h[-1]"].shape == (2, BATCH, 3)
    with pytest.raises(KeyError, match="were not recorded"):
        recording["lstm/h"]


def test_a_recording_can_be_read_while_the_block_is_open(engine: Any) -> None:
    model = built(engine)
    with record(model) as recording:
        model.predict_on_batch(X[:BATCH])
        assert recording["lstm/h"].shape[0] == 1
        model.predict_on_batch(X[:BATCH])
        assert recording["lstm/h"].shape[0] == 2


def test_a_layer_that_is_not_there_is_refused_and_nothing_is_attached(engine: Any) -> None:
    model = built(engine)
    before = own(model)
    with (
        pytest.raises(KeyError, match="no recurrent layer is named 'lstn'"),
        record(model, layers="lstn"),
    ):
        pass
    assert own(model) == before
