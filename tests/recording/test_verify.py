"""The verdict of the witness on real calls: what passes, what it finds, where it steps back."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.recording.call import Call, Verified
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.recording.witness import ask as witness
from lstm_state_probe.recording.witness.evidence import Evidence

STATES = Plan(witness=math.inf)
FINAL = Plan(timesteps="final", witness=math.inf)


def looked_at(
    engine: Any, layer: Any, x: Any, *, plan: Plan, monkeypatch: pytest.MonkeyPatch, **lie: float
) -> tuple[Verified, Verified]:
    """Call a layer once; return the verdict, and that on weights which are scaled by the lies."""
    found: list[Verified] = []
    real = witness.verify

    def twice(part: Any, call: Call, evidence: Evidence, *, engine: str) -> Verified:
        weights = [
            {n: w if w is None else w.astype("float64") * lie.get(n, 1.0) for n, w in cell.items()}
            for cell in evidence.weights
        ]
        found.append(real(part, call, evidence, engine=engine))
        found.append(real(part, call, replace(evidence, weights=weights), engine=engine))
        return found[0]

    monkeypatch.setattr(witness, "verify", twice)
    keras = engine.keras
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input(batch_shape=x.shape), layer])
    recorder = Recorder.attach(engine, model, Origins(), plan=plan)
    try:
        model(x)
        recorder.take()
    finally:
        recorder.detach()
    honest, caught = found
    return honest, caught


@pytest.mark.parametrize(("kind", "plan"), [("LSTM", STATES), ("GRU", STATES), ("LSTM", FINAL)])
def test_prices_that_nobody_scaled_agree_and_a_kernel_off_by_a_thousandth_does_not(
    engine: Any, kind: str, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).uniform(1e3, 6e4, (32, 12, 6)).astype("float32")
    layer = getattr(engine.keras.layers, kind)(50)
    honest, caught = looked_at(engine, layer, x, plan=plan, monkeypatch=monkeypatch, kernel=1.001)
    assert honest.agrees is True, honest
    assert caught.agrees is False, caught


@pytest.mark.parametrize("weight", ["kernel", "recurrent_kernel", "bias"])
def test_a_thousandth_of_any_weight_is_found(
    engine: Any, weight: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).normal(size=(4, 6, 3)).astype("float32")
    layer = engine.keras.layers.LSTM(8, activation="elu", bias_initializer="ones")
    honest, caught = looked_at(
        engine, layer, x, plan=STATES, monkeypatch=monkeypatch, **{weight: 1.001}
    )
    assert honest.agrees is True, honest
    assert caught.agrees is False
    assert "is off the equations by" in caught.why


def test_each_cell_of_a_stack_is_held_to_its_own_dtype(
    engine_named: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_named("keras3")
    cells = engine.keras.layers
    layer = cells.RNN([cells.GRUCell(4), cells.LSTMCell(5, dtype="mixed_float16")])
    x = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    honest, _ = looked_at(engine, layer, x, plan=FINAL, monkeypatch=monkeypatch)
    assert honest.agrees is True, honest
    assert honest.deviation is not None
    assert honest.deviation > 1e-5, "float16 rounds more than that"


def test_a_witness_that_stumbles_says_so_and_ends_nothing(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*args: Any, **kwargs: Any) -> Any:
        raise IndexError("no such row")

    for name in ("verify", "equations_of"):
        with monkeypatch.context() as patch:
            patch.setattr(witness, name, stumble)
            keras = engine.keras
            model = keras.Sequential([keras.Input((3, 2)), keras.layers.LSTM(2)])
            recorder = Recorder.attach(engine, model, Origins(), plan=STATES)
            model(np.ones((1, 3, 2), "float32"))
            (call,) = recorder.take()[0]
            recorder.detach()
        assert call.verified == Verified(
            None, None, "not verified, because IndexError: no such row"
        )


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_of_different_length_are_a_mask_and_are_verified(
    engine_named: Any, backwards: bool
) -> None:
    import tensorflow as tf

    engine = engine_named("tf_keras")
    keras = engine.keras
    rows = keras.Input((None, 3), ragged=True)
    model = keras.Model(rows, keras.layers.GRU(2, go_backwards=backwards)(rows))
    values = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
    recorder = Recorder.attach(engine, model, Origins(), plan=STATES)
    model.predict(tf.RaggedTensor.from_row_lengths(values, [2, 5]), verbose=0)
    (call,) = recorder.take()[0]
    recorder.detach()
    np.testing.assert_array_equal(call.mask, [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]])
    assert call.verified is not None
    assert call.verified.agrees is True, call.verified
