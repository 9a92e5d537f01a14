"""Which kernel ran, and what is recorded where a fused one has no loop."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from fused_kernels import keras3_gpu, tf_keras_gpu

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import ENDS, Plan
from lstm_state_probe.recording.recorder import Recorder

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 5, 2, 4
REPLAY, GENERIC = Plan(gates=True), Plan(gates=True, kernel="generic")
Build = Callable[..., Any]


@pytest.fixture
def fusing(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An engine that takes a fused kernel for an LSTM, as on a GPU."""
    (keras3_gpu if engine.name == "keras3" else tf_keras_gpu)(monkeypatch)
    return engine


def x() -> Any:
    return np.random.default_rng(2).normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")


def y() -> Any:
    return np.ones((BATCH, UNITS), "float32")


def model_of(engine: Any, layer: Any, **compiled: Any) -> Any:
    keras = engine.keras
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES)), layer])
    model.compile("sgd", "mse", **compiled)
    return model


def lstm(engine: Any, **arguments: Any) -> Any:
    engine.keras.utils.set_random_seed(4)
    return model_of(engine, engine.keras.layers.LSTM(UNITS, name="lstm", **arguments))


def recorded(
    engine: Any, model: Any, plan: Plan, act: Callable[[Any], Any]
) -> tuple[Any, Sequence[Call]]:
    recorder = Recorder.attach(engine, model, Origins(), plan=plan)
    try:
        return act(model), recorder.take()[0]
    finally:
        recorder.detach()


ACTS: dict[str, Callable[[Any], Any]] = {
    "predict": lambda model: model.predict(x(), verbose=0),
    "call": lambda model: np.asarray(model(x())),
    "train_on_batch": lambda model: model.train_on_batch(x(), y()),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_fused_kernel_is_named_and_its_ends_are_the_real_ones(fusing: Any, act: str) -> None:
    plain = ACTS[act](lstm(fusing))
    result, (call,) = recorded(fusing, lstm(fusing), ENDS, ACTS[act])
    assert call.kernel == "cudnn"
    assert (call.kept, call.note, call.replayed) == ((), "", None)
    np.testing.assert_array_equal(result, plain)
    if act != "train_on_batch":
        np.testing.assert_array_equal(call.states["h"].final, result)


@pytest.mark.parametrize("act", ACTS)
def test_a_replay_gives_the_timesteps_and_says_how_far_it_is_off(fusing: Any, act: str) -> None:
    plain = ACTS[act](lstm(fusing))
    result, (call,) = recorded(fusing, lstm(fusing), REPLAY, ACTS[act])
    np.testing.assert_array_equal(result, plain)
    assert call.kernel == "cudnn"
    assert "replayed" in call.note
    assert list(call.kept) == list(range(TIMESTEPS))
    assert sorted(call.gates) == ["f", "g", "i", "o"]
    off = max(
        float(np.abs(state.timesteps[-1] - state.final).max()) for state in call.states.values()
    )
    assert call.replayed == pytest.approx(off, abs=1e-7)
    assert call.replayed is not None
    assert 0 < call.replayed < 1e-6


def test_a_replay_agrees_with_the_loop_that_keras_would_have_run(fusing: Any) -> None:
    _, (replayed,) = recorded(fusing, lstm(fusing), REPLAY, ACTS["predict"])
    _, (looped,) = recorded(fusing, lstm(fusing), GENERIC, ACTS["predict"])
    for name, state in looped.states.items():
        found = replayed.states[name].timesteps
        np.testing.assert_allclose(found, state.timesteps, rtol=1e-5, atol=1e-6)
    for name, gate in looped.gates.items():
        np.testing.assert_allclose(replayed.gates[name], gate, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("act", ACTS)
def test_the_generic_kernel_can_be_asked_for_and_is_marked(fusing: Any, act: str) -> None:
    _, (call,) = recorded(fusing, lstm(fusing), GENERIC, ACTS[act])
    assert (call.kernel, call.replayed) == ("generic", None)
    assert "--kernel generic" in call.note
    for state in call.states.values():
        np.testing.assert_array_equal(state.timesteps[-1], state.final)
    assert call.verified is None or call.verified.agrees is not False


def test_the_layer_takes_its_fused_kernel_again_once_the_recorder_is_off(fusing: Any) -> None:
    model = lstm(fusing)
    recorded(fusing, model, GENERIC, ACTS["predict"])
    _, (call,) = recorded(fusing, model, ENDS, ACTS["predict"])
    assert call.kernel == "cudnn"


def test_a_replay_starts_from_what_was_carried(fusing: Any) -> None:
    model = lstm(fusing, stateful=True)
    recorder = Recorder.attach(fusing, model, Origins(), plan=REPLAY)
    model.predict(x(), verbose=0)
    model.predict(x(), verbose=0)
    first, second = recorder.take()[0]
    recorder.detach()
    np.testing.assert_array_equal(second.states["c"].initial, first.states["c"].final)
    assert second.replayed is not None
    assert second.replayed < 1e-6


def test_a_replay_takes_the_inputs_that_the_kernel_was_given_after_dropout(fusing: Any) -> None:
    model = lstm(fusing, dropout=0.5)
    _, (call,) = recorded(fusing, model, REPLAY, ACTS["train_on_batch"])
    assert call.kernel == "cudnn"
    assert call.replayed is not None
    assert call.replayed < 1e-6


def test_chosen_timesteps_and_calls_are_those_of_the_plan(fusing: Any) -> None:
    plan = Plan(timesteps=(0, -1), calls="first")
    _, calls = recorded(
        fusing, lstm(fusing), plan, lambda m: [m.predict(x(), verbose=0) for _ in range(2)]
    )
    assert [list(call.kept) for call in calls] == [[0, TIMESTEPS - 1], []]
    assert not calls[0].gates
    assert calls[0].states["h"].timesteps.shape == (2, BATCH, UNITS)


def test_arguments_that_leave_cudnn_are_recorded_from_the_loop(fusing: Any) -> None:
    for arguments in ({"activation": "relu"}, {"recurrent_dropout": 0.1}, {"unroll": True}):
        _, (call,) = recorded(fusing, lstm(fusing, **arguments), GENERIC, ACTS["predict"])
        assert (call.kernel, call.note) == ("generic", "")
        assert list(call.kept) == list(range(TIMESTEPS))


def test_a_kernel_that_refuses_leaves_the_loop_to_be_recorded(
    engine_named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_named("keras3")
    keras3_gpu(monkeypatch)  # without a kernel for the GRU, as where cuDNN has no such device
    model = model_of(engine, engine.keras.layers.GRU(UNITS, name="gru"))
    _, (call,) = recorded(engine, model, REPLAY, ACTS["predict"])
    assert (call.kernel, call.replayed, call.note) == ("generic", None, "")
    assert list(call.kept) == list(range(TIMESTEPS))


def test_the_command_says_that_it_replayed_or_took_the_generic_kernel(
    fusing: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: Any
) -> None:
    file = tmp_path / "fused.yaml"
    file.write_text(
        """
        model: {batch_shape: [3, 5, 2], layers: [LSTM: {name: lstm, units: 4}]}
        data: {x: {normal: {shape: [3, 5, 2]}}}
        operations: [{predict: {x: x}}]
        """
    )
    command = ["run", str(file), "--engine", fusing.name]
    assert run_command_line([*command, "--verify"]) == 0
    assert "replayed from the equations: cuDNN ran" in capsys.readouterr().out
    assert run_command_line([*command, "--kernel", "generic", "--format", "json"]) == 0
    (scenario,) = json.loads(capsys.readouterr().out)["scenarios"]
    (call,) = scenario["operations"][0]["calls"]
    assert call["kernel"] == "generic"
    assert call["replayed"] is None
    assert "--kernel generic" in call["note"]


@pytest.mark.gpu
def test_on_a_gpu_the_kernel_of_a_default_lstm_is_cudnn(engine: Any) -> None:
    import tensorflow as tf

    if not tf.config.list_logical_devices("GPU"):
        pytest.skip("TensorFlow sees no GPU: cuDNN cannot run")
    for kind in ("LSTM", "GRU"):
        layer = getattr(engine.keras.layers, kind)
        for act in ACTS.values():
            _, (call,) = recorded(engine, model_of(engine, layer(UNITS)), REPLAY, act)
            assert call.kernel == "cudnn"
            assert call.replayed is not None
            assert call.replayed < 5e-3  # TensorFloat-32
            _, (looped,) = recorded(engine, model_of(engine, layer(UNITS)), GENERIC, act)
            assert looped.kernel == "generic"
            assert list(looped.kept) == list(range(TIMESTEPS))
