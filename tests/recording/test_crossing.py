"""What was recorded crosses from one process into another as it is, and stays read-only."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.recording import plan as plans
from lstm_state_probe.recording.call import Gates, Origin, State

TEXT = """
model:
  batch_shape: [2, 30, 2]
  layers: [{LSTM: {name: lstm, units: 2, stateful: true}}, {Dense: {units: 1}}]
  dtype_policy: mixed_bfloat16
  compile: {optimizer: sgd, loss: mse}
record: {timesteps: all, gates: true}
data: {x: {normal: {shape: [4, 30, 2]}}, y: {zeros: {shape: [4, 1]}}}
operations:
  - fit: {x: x, y: y, batch_size: 2, epochs: 2, shuffle: false}
"""


@pytest.mark.parametrize("budget", [2**28, 0], ids=["in memory", "on disk"])
def test_a_report_crosses_bit_for_bit(
    run: Callable[..., Any], engine: Any, monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    from lstm_state_probe import runner

    def planned(**options: Any) -> Any:
        return plans.Plan(**options | {"budget": budget})

    monkeypatch.setattr(runner, "Plan", planned)
    report = run(TEXT, engine=engine)
    assert report.error is None
    calls = report.operations[0].outcome.calls
    copies = pickle.loads(pickle.dumps(report)).operations[0].outcome.calls
    assert len(calls) == len(copies) == 4
    pairs = zip(arrays(calls), arrays(copies), strict=True)
    for (name, array), (same_name, copy) in pairs:
        assert name == same_name
        assert (array.dtype, array.shape) == (copy.dtype, copy.shape)
        assert array.tobytes() == copy.tobytes()
    assert [call.verified for call in calls] == [call.verified for call in copies]


def arrays(calls: Any) -> Iterator[tuple[str, Any]]:
    for call in calls:
        for name, state in call.states.items():
            assert state.recorded
            yield f"{name}@initial", state.initial
            yield f"{name}@final", state.final
            yield f"{name}@all", state.timesteps
        yield from call.gates.items()


def test_what_crossed_is_read_only_and_fetched_once() -> None:
    fetched: list[int] = []

    def fetch() -> Any:
        fetched.append(1)
        return np.arange(6.0).reshape(3, 1, 2)

    ends = np.zeros((1, 2)), np.ones((1, 2))
    state = State(*ends, Origin("zeros", "zeros"), fetch)
    copy = pickle.loads(pickle.dumps(state))
    gates = pickle.loads(pickle.dumps(Gates({"i": fetch})))
    np.testing.assert_array_equal(copy.timesteps, fetch())
    np.testing.assert_array_equal(gates["i"], fetch())
    assert (copy.origin, len(fetched)) == (state.origin, 4)
    for array in (copy.initial, copy.final, copy.timesteps):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_a_state_without_timesteps_crosses_without_them() -> None:
    state = State(np.zeros((1, 2)), np.ones((1, 2)), Origin("zeros", "zeros"))
    assert not pickle.loads(pickle.dumps(state)).recorded
