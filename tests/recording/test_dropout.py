"""The dropout masks of the very call: found where each Keras keeps them, and drawn by no other."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder

BATCH, TIMESTEPS, FEATURES, UNITS = 2, 5, 3, 3
EVERYTHING = Plan(gates=True, witness=math.inf)
PLANS = {"all": EVERYTHING, "final": Plan(timesteps="final", witness=math.inf)}
BOTH = {"dropout": 0.4, "recurrent_dropout": 0.3}
MODES = {"graph": {}, "eager": {"run_eagerly": True}, "XLA": {"jit_compile": True}}

KINDS: dict[str, Callable[[Any], Any]] = {
    "LSTM": lambda L: L.LSTM(UNITS, name="layer", **BOTH),
    "GRU without reset_after": lambda L: L.GRU(UNITS, reset_after=False, name="layer", **BOTH),
    "SimpleRNN, backwards": lambda L: L.SimpleRNN(UNITS, go_backwards=True, name="layer", **BOTH),
    "LSTM, the default kernel": lambda L: L.LSTM(UNITS, dropout=0.4, name="layer"),
    "GRU, the default kernel, backwards": lambda L: L.GRU(
        UNITS, dropout=0.4, go_backwards=True, name="layer"
    ),
    "LSTM, one mask for all gates": lambda L: L.LSTM(
        UNITS, activation="relu", dropout=0.4, name="layer"
    ),
    "LSTM, unrolled": lambda L: L.LSTM(UNITS, unroll=True, name="layer", **BOTH),
    "RNN over cells": lambda L: L.RNN(
        [L.LSTMCell(2, **BOTH), L.GRUCell(UNITS, **BOTH)], name="layer"
    ),
}


def masked() -> Any:
    array = np.random.default_rng(3).normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")
    array[0, 0] = array[0, 2] = array[1, 3] = 0.0
    return array


def train(model: Any, x: Any) -> Any:
    return model.train_on_batch(x, np.ones((len(x), UNITS), "float32"))


def record(
    engine: Any, layer: Any, *, plan: Plan = EVERYTHING, act: Any = train, **compiled: Any
) -> Call:
    """Record the one call of a layer with masked inputs."""
    keras = engine.keras
    keras.utils.set_random_seed(5)
    shape = keras.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES))
    model = keras.Sequential([shape, keras.layers.Masking(), layer])
    model.compile("adam", "mse", **compiled)
    recorder = Recorder.attach(engine, model, Origins(), plan=plan)
    try:
        act(model, masked())
        (call,) = recorder.take()[0]
        return call
    finally:
        recorder.detach()


@pytest.mark.rows(12)
@pytest.mark.parametrize(
    ("mode", "plan"), [*((mode, "all") for mode in MODES), ("graph", "final"), ("eager", "final")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_training_with_dropout_agrees_with_the_equations(
    engine: Any, mode: str, kind: str, plan: str
) -> None:
    layer = KINDS[kind](engine.keras.layers)
    call = record(engine, layer, plan=PLANS[plan], **MODES[mode])
    assert call.verified is not None
    assert call.verified.agrees is True, call.verified
    assert call.verified.deviation is not None
    assert call.verified.deviation < 1e-6


@pytest.mark.parametrize("kind", ["LSTM", "SimpleRNN"])
def test_a_rate_of_1_is_what_keras_3_makes_of_it(engine_named: Any, kind: str) -> None:
    """A gated cell leaves it out, a simple one is given no input; tf_keras raises."""
    engine = engine_named("keras3")
    call = record(engine, getattr(engine.keras.layers, kind)(UNITS, dropout=1.0, name="layer"))
    assert call.verified is not None
    assert call.verified.agrees is True, call.verified


@pytest.mark.parametrize("kind", ["LSTM", "LSTM, the default kernel"])
def test_dropout_does_nothing_at_inference_and_is_verified(engine: Any, kind: str) -> None:
    call = record(
        engine, KINDS[kind](engine.keras.layers), act=lambda m, x: m.predict(x, verbose=0)
    )
    assert call.verified is not None
    assert call.verified.agrees is True


@pytest.mark.parametrize("kind", ["LSTM", "LSTM, the default kernel"])
def test_without_its_masks_a_call_would_not_agree(
    engine: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_state_probe.recording.witness.ask import Witness

    monkeypatch.setattr(Witness, "_masks", lambda *args, **kwargs: {})
    call = record(engine, KINDS[kind](engine.keras.layers))
    assert call.verified is not None
    assert call.verified.agrees is False


def test_masks_that_were_not_seen_are_told_and_not_passed(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_state_probe.engines import keras3, tf_keras

    for module in (keras3, tf_keras):
        monkeypatch.setattr(module, "masks_of", lambda cells, read: {})
    monkeypatch.setattr("lstm_state_probe.engines.tap.loop.masks_of", lambda cells, read: {})
    call = record(engine, KINDS["LSTM"](engine.keras.layers))
    assert call.verified is not None
    assert call.verified.agrees is None
    assert "masks" in call.verified.why


ECHO = {"activation": "linear", "use_bias": False, "recurrent_initializer": "zeros"}


@pytest.mark.parametrize(("mode", "differ"), [("graph", True), ("eager", False)])
def test_the_loop_of_tf_keras_draws_a_mask_each_timestep_in_a_graph_alone(
    engine_named: Any, mode: str, differ: bool
) -> None:
    """With ones, an identity kernel and no recurrence h is the mask itself."""
    engine = engine_named("tf_keras")
    layer = engine.keras.layers.SimpleRNN(
        FEATURES, dropout=0.5, kernel_initializer="identity", name="layer", **ECHO
    )
    call = record(engine, layer, act=lambda m, x: train(m, np.ones_like(x)), **MODES[mode])
    seen = call.states["h"].timesteps
    assert set(np.unique(seen)) <= {0.0, 2.0}
    assert (np.ptp(seen, axis=0) > 0).any() == differ
    assert call.verified is not None
    assert call.verified.agrees is True


def test_watching_masks_in_the_loop_of_tf_keras_changes_no_bit(engine_named: Any) -> None:
    """With a generator of its own for each layer such a loop repeats: bits can be compared."""
    engine = engine_named("tf_keras")
    keras = engine.keras
    random = keras.backend.experimental
    before = random.is_tf_random_generator_enabled()
    random.enable_tf_random_generator()
    try:
        plain, observed = (_trained(engine, watch=watch) for watch in (False, True))
    finally:
        None if before else random.disable_tf_random_generator()
    for ours, theirs in zip(plain, observed, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def _trained(engine: Any, *, watch: bool) -> list[Any]:
    keras = engine.keras
    keras.utils.set_random_seed(5)
    layers = [keras.layers.LSTM(UNITS, return_sequences=True, **BOTH), keras.layers.GRU(3, **BOTH)]
    model = keras.Sequential([keras.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES)), *layers])
    model.compile("adam", "mse")
    recorder = Recorder.attach(engine, model, Origins(), plan=EVERYTHING) if watch else None
    losses = [train(model, masked()) for _ in range(3)]
    if recorder is not None:
        verified = [call.verified for call in recorder.take()[0]]
        recorder.detach()
        assert len(verified) == 6
        assert all(each is not None and each.agrees for each in verified), verified
    return [np.array(losses), *model.get_weights()]
