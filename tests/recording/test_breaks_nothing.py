"""An observer breaks nothing: the user's call goes on, and what is not recorded is told."""

from __future__ import annotations

import copy
import functools
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe import record
from lstm_state_probe.engines.tap.gates import GateTap
from lstm_state_probe.engines.tap.loop import LoopWatch
from lstm_state_probe.recording.arrivals import Arrivals, Layout
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.recorder import Recorder, recorder_of
from lstm_state_probe.recording.sinks import CallbackSink
from lstm_state_probe.recording.steps import Steps
from lstm_state_probe.recording.witness.ask import Witness

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 5, 3, 3
x = np.random.default_rng(7).normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")
PIECES = [
    (LoopWatch, "_begin"),
    (LoopWatch, "_put"),
    (LoopWatch, "_wide"),
    (GateTap, "on"),
    (Witness, "of"),
    (Layout, "read"),
    (Arrivals, "of_call"),
    (Arrivals, "of_steps"),
    (Origins, "call"),
    (Steps, "chosen"),
    (CallbackSink, "emit"),
    (CallbackSink, "_deliver"),
    (Recorder, "held"),
]


def same(model: Any, *data: Any) -> Any:
    """Record one call of a model or a layer, which must return what it returns without."""
    import tensorflow as tf

    plain = model(*data)
    with warnings.catch_warnings(), record(model) as recording:
        warnings.simplefilter("ignore")
        watched = model(*data)
    for one, other in zip(tf.nest.flatten(plain), tf.nest.flatten(watched), strict=True):
        np.testing.assert_array_equal(one, other)
    return recording


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("owner", "name"), PIECES, ids=lambda it: getattr(it, "__name__", it))
def test_whichever_piece_of_the_probe_fails_the_users_call_does_not(
    engine: Any, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError("a fault of the probe")

    layer = engine.keras.layers.GRU(UNITS, recurrent_activation="hard_sigmoid")
    plain = layer(x)
    with record(layer, gates=True, verify=True) as recording:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            watched = layer(x)
        recording.operations  # noqa: B018 - what waits is delivered
    np.testing.assert_array_equal(watched, plain)
    told = [f"{call.note} {call.verified and call.verified.why}" for call in recording.calls]
    told += [one.why for one in recording.missed]
    assert "the probe failed: ZeroDivisionError" in str(told)
    np.testing.assert_array_equal(layer(x), plain)


def test_threads_that_call_one_model_get_their_own_results_and_timesteps(engine: Any) -> None:
    layer = engine.keras.layers.LSTM(UNITS)
    data = [x + number for number in range(3)]
    plain = [np.asarray(layer(one)) for one in data]
    wrong: list[int] = []
    done: list[int] = []

    def work(number: int) -> None:
        for _ in range(4):
            if not np.array_equal(layer(data[number]), plain[number]):
                wrong.append(number)
            done.append(number)

    with record(layer, gates=True) as recording:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (wrong, len(done)) == ([], 12)
    assert len(recording.calls) + len(recording.missed) == 12
    for call in recording.calls:
        for state in call.states.values():
            if state.timesteps is not None:
                np.testing.assert_array_equal(state.timesteps[-1], state.final)


def test_a_call_of_ones_own_that_works_on_the_result_of_keras_s_is_let_alone(engine: Any) -> None:
    class Doubled(engine.keras.layers.LSTM):  # type: ignore[misc, name-defined]
        def call(self, sequences: Any, initial_state: Any = None, mask: Any = None) -> Any:
            return super().call(sequences, initial_state=initial_state, mask=mask) * 2

    recording = same(Doubled(UNITS), x)
    (call,) = recording.calls
    assert (call.note, recording.verified) == ("", True)


def test_a_copy_made_in_the_block_is_not_recorded_and_works(engine: Any) -> None:
    layer = engine.keras.layers.LSTM(UNITS)
    plain = layer(x)
    with record(layer) as recording:
        other = copy.deepcopy(layer)
        np.testing.assert_array_equal(other(x), plain)
        assert recorder_of(other) is None
        layer(x)
    assert len(recording.calls) == 1
    assert len(same(other, x).calls) == 1


def test_an_attach_that_fails_half_way_undoes_itself(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    K = engine.keras.layers
    model = engine.keras.Sequential([K.LSTM(UNITS, return_sequences=True), K.GRU(UNITS)])
    model(x)
    before = [dict(vars(layer)) for layer in model.layers]
    honest, count = type(engine).intercept, iter(range(9))

    def second_fails(self: Any, layer: Any, watch: Any) -> Any:
        if next(count):
            raise ZeroDivisionError
        return honest(self, layer, watch)

    monkeypatch.setattr(type(engine), "intercept", second_fails)
    with pytest.raises(ZeroDivisionError), record(model):
        pass
    assert [set(vars(layer)) for layer in model.layers] == [set(each) for each in before]


def test_a_class_of_ones_own_with_a_name_of_keras_s_is_ones_own(engine: Any) -> None:
    class RNN(engine.keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = engine.keras.layers.LSTM(UNITS, name="inner")

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    assert same(RNN(), x).states == ("inner/h", "inner/c")


def test_a_function_that_xla_compiles_runs_unobserved_and_is_told_once(engine: Any) -> None:
    import tensorflow as tf

    K = engine.keras.layers
    model = engine.keras.Sequential([engine.keras.Input((TIMESTEPS, FEATURES)), K.SimpleRNN(2)])
    step = tf.function(model.__call__, jit_compile=True, autograph=False)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with record(model) as recording:
            shapes = [step(x).shape for _ in range(2)]
    assert [*shapes, step(x).shape] == [(BATCH, 2)] * 3
    assert ["XLA compiles" in str(one.message) for one in told] == [True]
    assert [one.layer for one in recording.missed] == [recording.layers[0].address]


def test_keras_3_runs_two_different_classes_in_one_bidirectional(engine: Any) -> None:
    K = engine.keras.layers
    cell = K.RNN(K.LSTMCell(2), go_backwards=True)
    for backward in (K.SimpleRNN(2, go_backwards=True), cell):
        if engine.name == "tf_keras":
            backward = K.LSTM(2, go_backwards=True)
        recording = same(K.Bidirectional(K.GRU(2), backward_layer=backward), x)
        assert [call.note for call in recording.calls] == ["", ""]


@pytest.fixture
def tf_keras(engine: Any) -> Any:
    if engine.name != "tf_keras":
        pytest.skip("Keras 3 has nothing of the kind")
    return engine.keras


def test_nested_inputs_and_a_pair_of_states_are_recorded(tf_keras: Any) -> None:
    import tensorflow as tf

    class Pair(tf_keras.layers.Layer):  # type: ignore[misc, name-defined]
        state_size = output_size = (tf.TensorShape([3]), [tf.TensorShape([2, 2])])

        def call(self, inputs: Any, states: Any) -> Any:
            vector, matrix = inputs
            total = states[0] + vector, [states[1][0] + matrix]
            return total, total

    layer = tf_keras.layers.RNN(Pair())
    matrices = np.ones((BATCH, TIMESTEPS, 2, 2), "float32")
    recording = same(layer, (x, matrices))
    (call,) = recording.calls
    assert (call.timesteps, list(call.states)) == (TIMESTEPS, ["s0", "s1"])
    np.testing.assert_allclose(call.states["s1"].final, matrices.sum(axis=1))


def test_timesteps_are_counted_along_time_where_time_comes_first(tf_keras: Any) -> None:
    layer = tf_keras.layers.SimpleRNN(UNITS, time_major=True)
    assert same(layer, x.swapaxes(0, 1)).calls[0].timesteps == TIMESTEPS


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_the_runtime_that_a_layer_returns_stays_with_its_output(tf_keras: Any, kind: str) -> None:
    layer: Callable[..., Any] = getattr(tf_keras.layers, kind)(UNITS, return_runtime=True)
    assert len(same(layer, x).calls) == 1


def test_a_cell_of_the_first_tensorflow_is_none_of_keras_s_families(tf_keras: Any) -> None:
    from tf_keras.src.layers.rnn.legacy_cells import LSTMCell

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = tf_keras.layers.RNN(LSTMCell(UNITS))
        (call,) = same(layer, x).calls
    assert list(call.states) == ["s0", "s1"]
    assert call.verified is None or call.verified.agrees is None


def test_a_model_that_is_saved_in_the_block_holds_no_observer(engine: Any, tmp_path: Any) -> None:
    import tensorflow as tf

    K = engine.keras
    model = K.Sequential([K.Input((TIMESTEPS, FEATURES)), K.layers.SimpleRNN(UNITS, name="rnn")])
    plain = model(x)
    with record(model) as recording:
        tf.saved_model.save(model, str(tmp_path))
        model(x)
    assert (len(recording.calls), recording.missed) == (1, ())
    (found,) = (
        tf.saved_model.load(str(tmp_path)).signatures["serving_default"](tf.constant(x)).values()
    )
    np.testing.assert_allclose(found, plain, atol=1e-6)


def test_a_cell_with_a_policy_of_its_own_is_kept_in_its_own_dtype(engine: Any) -> None:
    import tensorflow as tf

    class Half(engine.keras.layers.Layer):  # type: ignore[misc, name-defined]
        state_size = output_size = FEATURES

        def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
            state = tf.cast(states[0], "float16") / 2 + tf.cast(inputs, "float16")
            return state, [state]

    (call,) = same(engine.keras.layers.RNN(Half(), unroll=True), x).calls
    state = call.states["s0"]
    assert (call.note, state.timesteps.dtype, state.final.dtype) == ("", "float16", "float16")
    np.testing.assert_array_equal(state.timesteps[-1], state.final)


def test_a_layer_that_goes_past_keras_s_loop_is_told(engine: Any) -> None:
    class Own(engine.keras.layers.LSTM):  # type: ignore[misc, name-defined]
        def call(self, sequences: Any, initial_state: Any = None, mask: Any = None) -> Any:
            return sequences[:, 0]

    (missed,) = same(Own(UNITS), x).missed
    assert ("own way" in missed.why, missed.after) == (True, 0)


class Partly:
    """A descriptor that binds a function as `functools.partial`, which knows no module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return functools.partial(self.function, owner)


def test_a_method_of_a_cell_without_a_module_is_recorded_like_another(engine: Any) -> None:
    layers = engine.keras.layers
    cell = type("Cell", (layers.LSTMCell,), {"call": Partly(layers.LSTMCell.call)})
    assert isinstance(cell(UNITS).call, functools.partial)
    layer = layers.RNN(cell(UNITS), name="layer")
    model = engine.keras.Sequential([layers.Input((TIMESTEPS, FEATURES)), layer])
    recording = same(model, x)
    assert recording.missed == ()
    assert recording["layer/h"].shape == (1, TIMESTEPS, BATCH, UNITS)
