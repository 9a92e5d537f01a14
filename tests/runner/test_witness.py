"""What is recorded of a real run is what the papers' equations say, on either engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.equations import equations_for, unfold
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.recorder import Recorder

BATCH, TIMESTEPS, FEATURES, UNITS = 3, 7, 4, 5
KINDS = {
    "LSTM": {},
    "GRU": {},
    "GRU before": {"reset_after": False},
    "SimpleRNN": {},
    "LSTM relu": {"activation": "relu", "recurrent_activation": "hard_sigmoid"},
    "LSTM without bias": {"use_bias": False},
    "GRU backwards": {"go_backwards": True},
}


def recorded(engine: Any, kind: str, *, masked: bool) -> tuple[list[Call], dict[str, Any]]:
    """Run two calls of a stateful layer with weights that NumPy drew."""
    keras = engine.keras
    engine.clear()
    rng = np.random.default_rng(8)
    x = rng.normal(size=(2, BATCH, TIMESTEPS, FEATURES)).astype("float32")
    if masked:
        x[:, 0, :2], x[:, 1, 3], x[1, 2] = 0.0, 0.0, 0.0
    cls = getattr(keras.layers, kind.split()[0])
    layer = cls(UNITS, stateful=True, **KINDS[kind])
    layers = [keras.Input(batch_shape=x.shape[1:]), *[keras.layers.Masking()] * masked, layer]
    model = keras.Sequential(layers)
    layer.set_weights([rng.normal(0, 0.5, w.shape) for w in layer.get_weights()])
    recorder = Recorder.attach(engine, model, Origins())
    model.predict_on_batch(x[0])
    model(x[1])
    calls, _ = recorder.take()
    recorder.detach()
    kernel, recurrent, *bias = layer.get_weights()
    weights = {
        "kernel": kernel, "recurrent_kernel": recurrent, "bias": bias[0] if bias else None
    }  # fmt: skip
    told = {"x": x, "weights": weights, "config": layer.get_config(), "engine": engine.name}
    return list(calls), told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_a_recorded_call_is_what_the_equations_say(engine: Any, kind: str, masked: bool) -> None:
    calls, told = recorded(engine, kind, masked=masked)
    equations = equations_for(kind.split()[0], told["config"], engine=engine.name)
    assert len(calls) == 2
    for call, x in zip(calls, told["x"], strict=True):
        trajectory = unfold(
            equations,
            x,
            weights=told["weights"],
            initial={name: state.initial for name, state in call.states.items()},
            mask=np.any(x != 0, axis=-1) if masked else None,
            go_backwards=bool(KINDS[kind].get("go_backwards")),
        )
        assert set(trajectory.final) == set(call.states)
        for name, state in call.states.items():
            np.testing.assert_allclose(state.final, trajectory.final[name], rtol=0, atol=1e-6)


ALIKE = [kind for kind in KINDS if kind != "LSTM relu"]  # their hard_sigmoid is not the same


@pytest.mark.parametrize("kind", ALIKE)
def test_both_engines_hold_the_same_states_from_the_same_weights(
    engine_named: Callable[[str], Any], kind: str
) -> None:
    ours, _ = recorded(engine_named("keras3"), kind, masked=True)
    theirs, _ = recorded(engine_named("tf_keras"), kind, masked=True)
    for left, right in zip(ours, theirs, strict=True):
        assert left.states.keys() == right.states.keys()
        for name, state in left.states.items():
            other = right.states[name]
            np.testing.assert_allclose(state.initial, other.initial, rtol=0, atol=1e-6)
            np.testing.assert_allclose(state.final, other.final, rtol=0, atol=1e-6)
            assert np.abs(state.final).max() > 0.01, "a vacuous agreement of zeros"
