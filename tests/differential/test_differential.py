"""Random scenarios record what Keras's cells come to, stepped one by one, and the equations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from .compare import _Comparison, compared, minimal, smaller
from .draw import draw

SEED, MANY = 9, 9
"""About 15 s an engine; `python -m tests.differential` runs as many as one likes."""


def test_random_scenarios_record_what_the_cells_come_to(engine: Any) -> None:
    calls = 0
    for index in range(MANY):
        written = draw(SEED, index, engine.name)
        ran = compared(written, engine)
        text = yaml.safe_dump(written, sort_keys=False)
        assert not ran.raised, f"{ran.raised}\n{text}"
        assert not ran.differences, "\n".join([*ran.differences, text])
        calls += ran.calls
    assert calls > MANY


def test_a_scenario_is_the_same_for_the_same_numbers() -> None:
    assert draw(3, 4, "keras3") == draw(3, 4, "keras3")
    assert draw(3, 4, "keras3") != draw(3, 5, "keras3")


def test_what_is_drawn_covers_every_kind_and_every_operation() -> None:
    texts = [str(draw(1, k, e)) for k in range(150) for e in ("keras3", "tf_keras")]
    wanted = "LSTM GRU SimpleRNN RNN ConvLSTM1D ConvLSTM2D Bidirectional TimeDistributed Sequential"
    wanted += " LSTMCell GRUCell SimpleRNNCell Masking go_backwards unroll stateful initial_state"
    wanted += " reset_after dropout recurrent_dropout return_state zero_output_for_mask jit_compile"
    wanted += " steps_per_execution run_eagerly float64 mixed_float16 mixed_bfloat16 reload fit"
    wanted += " call predict predict_on_batch evaluate train_on_batch test_on_batch reset_states"
    for word in [*wanted.split(), "set_states"]:
        assert any(word in text for text in texts), word


SMALL: dict[str, Any] = {
    "name": "one",
    "seed": 1,
    "engine": "keras3",
    "model": {
        "batch_shape": [2, 3, 2],
        "layers": [
            {"LSTM": {"name": "r0", "units": 2, "stateful": True, "activation": "relu"}},
            {"Dense": {"name": "dense", "units": 1}},
        ],
        "compile": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "loss": "mse"},
    },
    "record": {"timesteps": "all", "gates": True},
    "data": {"x": {"normal": {"shape": [2, 3, 2]}}},
    "operations": [{"call": {"x": "x"}}, {"call": {"x": "x"}}],
}


@pytest.mark.parametrize("what", ["states", "gates", "origin", "place", "mask"])
def test_a_recorder_that_is_off_is_caught(
    engine: Any, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison is not satisfied by whatever it is given."""
    spoilt = _SPOIL[what]
    original = _Comparison.call
    monkeypatch.setattr(
        _Comparison, "call", lambda self, w, call, t: original(self, w, spoilt(call), t)
    )
    found = compared(SMALL | {"engine": engine.name}, engine).differences
    assert any(what.rstrip("s") in each or what == "states" for each in found), found


def _off(call: Any, *, by: float = 1e-4) -> Any:
    from lstm_state_probe.recording.call import State

    states = {
        name: State(s.initial, s.final, s.origin, s.timesteps + by)
        for name, s in call.states.items()
    }
    return replace(call, states=states)


def _elsewhere(call: Any) -> Any:
    from lstm_state_probe.recording.call import Origin, State

    states = {
        name: State(s.initial, s.final, Origin("set", ""), s.timesteps)
        for name, s in call.states.items()
    }
    return replace(call, states=states)


_SPOIL: dict[str, Any] = {
    "states": _off,
    "gates": lambda call: replace(call, gates={n: g * 1.001 for n, g in call.gates.items()}),
    "origin": _elsewhere,
    "place": lambda call: replace(call, batch=call.batch + 1),
    "mask": lambda call: replace(call, mask=call.states["h"].initial > 2),
}


def test_a_reproducer_has_no_more_than_is_needed(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = _Comparison.call
    monkeypatch.setattr(
        _Comparison, "call", lambda self, w, call, t: original(self, w, _off(call), t)
    )
    least = minimal(SMALL | {"engine": engine.name}, engine)
    assert len(least["operations"]) == 1
    assert set(least["model"]["layers"][0]["LSTM"]) == {"name", "units"}
    assert all(len(str(each)) < len(str(SMALL)) for each in smaller(SMALL))
