"""Operations on the states: set, reset, reload, repeat, and what a label keeps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

FRAME = """
seed: 5
model:
  batch_shape: [2, 3, 2]
  layers:
    - LSTM: {{name: lstm, units: 2, stateful: true, return_sequences: true}}
    - GRU: {{name: gru, units: 2, stateful: {gru}}}
    - Dense: {{name: dense, units: 1}}
  compile: {{optimizer: sgd, loss: mse, run_eagerly: true}}
data:
  x: {{normal: {{shape: [2, 3, 2]}}}}
  y: {{normal: {{shape: [2, 1]}}}}
  start: {{uniform: {{shape: [2, 2]}}}}
  counts: {{integers: {{high: 5, shape: [2, 2]}}}}
  wide: {{zeros: {{shape: [2, 3]}}}}
operations:
{operations}
"""


@pytest.fixture
def tell(run: Callable[..., Any], engine: Any) -> Callable[..., Any]:
    """Run operations on an LSTM below a GRU."""

    def run_operations(*operations: str, gru: str = "true") -> Any:
        indented = "\n".join(f"  - {operation}" for operation in operations)
        return run(FRAME.format(operations=indented, gru=gru), engine=engine)

    return run_operations


def lower(outcome: Any) -> list[Any]:
    """List the hidden states of the LSTM over the calls of an operation."""
    return [call.states["h"] for call in outcome.calls if call.layer == "lstm"]


def held(report: Any, index: int = -1) -> Any:
    assert report.error is None, report.error
    outcome = report.operations[index].outcome
    assert outcome.failure is None, outcome.failure
    return outcome.held


def test_set_states_assigns_a_list_a_number_an_array_zeros_and_what_a_label_kept(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    label: kept",
        "set_states: {lstm/h: [[1, 2], [3, 4.5]], lstm/c: start, gru/h: zeros}",
        "set_states: {lstm/h: kept, lstm/c: counts}",
        "set_states: {'lstm/*': kept, 'g*/h': 1}",
    )
    kept, first, second, third = (held(report, k) for k in range(4))
    np.testing.assert_array_equal(first["lstm/h"], np.float32([[1, 2], [3, 4.5]]))
    np.testing.assert_array_equal(first["gru/h"], 0)
    assert np.all((first["lstm/c"] > 0) & (first["lstm/c"] < 1))
    np.testing.assert_array_equal(second["lstm/h"], kept["lstm/h"])
    np.testing.assert_array_equal(second["gru/h"], first["gru/h"], "what is not named stays")
    assert set(np.unique(second["lstm/c"])) <= set(range(5))
    for state in ("lstm/h", "lstm/c"):
        np.testing.assert_array_equal(third[state], kept[state])
    np.testing.assert_array_equal(third["gru/h"], 1)


def test_set_states_brings_a_prediction_back(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    label: before",
        "predict: {x: x}",
        "set_states: {'*': before}",
        "predict: {x: x}",
    )
    results = [entry.outcome.result for entry in report.operations]
    assert not np.array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[1], results[3])


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ("set_states: {lstm/h: wide}", "has the shape (2, 2), the value that is set has (2, 3)"),
        ("set_states: {lstm/h: [[1, 2]]}", "has the shape (2, 2), the value that is set has"),
        ("set_states: {gru/h: zeros}", "held by no stateful layer"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(
    tell: Any, operation: str, says: str
) -> None:
    from lstm_state_probe.errors import ScenarioError

    try:
        report = tell("predict: {x: x}", operation, gru="false")
        error, code = report.error, report.exit_code
    except ScenarioError as refused:  # the reader saw it before anything was built
        error, code = str(refused), refused.exit_code
    assert code == 2
    assert error.startswith("scenario.yaml:18:18: error:")
    assert says in error


def test_a_value_that_does_not_fit_leaves_every_state_alone(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    label: gru alone",
        "reset_states",
        "set_states: {lstm/h: [[9, 9], [9, 9]], gru/h: wide}\n    raises: never",
    )
    assert report.exit_code == 2
    assert "gru/h" in report.error


def test_a_snapshot_without_the_state_says_what_it_has(run: Any, engine: Any) -> None:
    report = run(
        """
        model:
          inputs: {x: {batch_shape: [2, 3, 2]}}
          layers: [{SimpleRNN: {name: lower, units: 2, return_sequences: true}},
                   {SimpleRNN: {name: upper, units: 2, stateful: true}}]
        data: {x: {normal: {shape: [2, 3, 2]}}}
        operations: [{reset_states: {}, label: kept}, {set_states: {"*": kept}}]
        """,
        engine=engine,
    )
    assert report.exit_code == 2
    assert "'lower/h'" in report.error


def test_reset_is_of_every_stateful_layer_or_of_one(tell: Any) -> None:
    report = tell("predict: {x: x}", "reset_states: {layer: gru}", "reset_states")
    before, one, every = (held(report, k) for k in range(3))
    assert all(np.any(value) for value in before.values())
    np.testing.assert_array_equal(one["gru/h"], 0)
    np.testing.assert_array_equal(one["lstm/h"], before["lstm/h"])
    assert not any(np.any(value) for value in every.values())


@pytest.mark.parametrize("address", ["bidirectional", "bidirectional/forward"])
def test_a_wrapped_layer_is_reset_by_the_name_of_its_wrapper_or_by_its_address(
    engine: Any, run: Any, address: str
) -> None:
    report = run(
        f"""
        model:
          batch_shape: [2, 3, 2]
          layers: [{{Bidirectional: {{layer: {{GRU: {{units: 2, stateful: true}}}}}}}}]
        data: {{x: {{normal: {{shape: [2, 3, 2]}}}}}}
        operations: [{{call: {{x: x}}}}, {{reset_states: {{layer: {address}}}}}]
        """,
        engine=engine,
    )
    states = held(report)
    assert not np.any(states["bidirectional/forward/h"])
    assert np.any(states["bidirectional/backward/h"]) == (address != "bidirectional")


def test_a_reset_of_a_layer_without_states_is_keras_own_answer(tell: Any, engine: Any) -> None:
    report = tell("reset_states: {layer: gru}", gru="false")
    if engine.name == "keras3":
        assert report.exit_code == 0, "silently nothing"
    else:
        assert report.exit_code == 3
        assert "Layer must be stateful." in report.operations[0].outcome.failure.message


@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_reload_keeps_the_weights_and_loses_the_states(tell: Any, suffix: str) -> None:
    report = tell(
        "train_on_batch: {x: x, y: y}",
        "reset_states",
        "predict: {x: x}",
        f"reload: {{format: {suffix}}}",
        "predict: {x: x}",
    )
    if report.exit_code == 3 and suffix == "h5":  # Keras 3 does not load its own "mse" from .h5
        assert "mse" in report.operations[3].outcome.failure.message
        return
    assert not any(np.any(value) for value in held(report, 3).values())
    np.testing.assert_array_equal(
        report.operations[2].outcome.result, report.operations[4].outcome.result
    )
    assert [call.layer for call in report.operations[4].outcome.calls] == ["lstm", "gru"]


def test_a_reloaded_model_trains_on_as_the_saved_one_would(tell: Any) -> None:
    train, predict = "train_on_batch: {x: x, y: y}", "predict: {x: x}"
    plain = tell(train, "reset_states", train, predict)
    saved = tell(train, "reload", train, predict)
    for ours, theirs in zip(held(plain).values(), held(saved).values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # not the losses: Keras 3.12 returns a running mean, which the loaded model begins anew
    np.testing.assert_array_equal(
        plain.operations[3].outcome.result, saved.operations[3].outcome.result
    )


def test_repeat_does_its_operations_several_times(tell: Any) -> None:
    report = tell("repeat: {times: 3, operations: [{predict: {x: x}}]}")
    flat = tell("predict: {x: x}", "predict: {x: x}", "predict: {x: x}")
    names = [entry.operation for entry in report.operations]
    assert names == ["predict"] * 3, "a repeat without expectations is not shown itself"
    for ours, theirs in zip(report.operations, flat.operations, strict=True):
        for state, value in theirs.outcome.held.items():
            np.testing.assert_array_equal(ours.outcome.held[state], value)


def test_repeats_nest_and_each_counts_its_calls_once(tell: Any) -> None:
    inner = "repeat: {times: 2, operations: [{predict: {x: x}}]}"
    expect = "expect: {lstm/h: changed}"
    report = tell(f"repeat: {{times: 3, operations: [{{{inner}, {expect}}}]}}\n    {expect}")
    names = [entry.operation for entry in report.operations]
    assert names == ["predict", "predict", "repeat"] * 3 + ["repeat"]
    calls = lower(report.operations[-1].outcome)
    assert (len(lower(report.operations[2].outcome)), len(calls)) == (2, 6)
    for earlier, later in pairwise(calls):
        np.testing.assert_array_equal(earlier.final, later.initial)


def test_a_repeat_is_judged_from_its_start_to_its_end(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    label: once",
        "repeat: {times: 2, operations: [{set_states: {gru/h: zeros}}, {predict: {x: x}}]}\n"
        "    label: loop\n"
        "    expect: {lstm/h@held: changed, 'lstm/h[0]@initial': {same_as: 'once: lstm/h'}}",
        "reset_states",
        "set_states: {'*': loop}",
    )
    assert [verdict.passed for verdict in report.verdicts] == [True, True], report.verdicts
    looped = next(entry.outcome for entry in report.operations if entry.operation == "repeat")
    np.testing.assert_array_equal(looped.before["lstm/h"], held(report, 0)["lstm/h"])
    for state, value in looped.held.items():
        np.testing.assert_array_equal(held(report)[state], value)


def test_a_label_keeps_the_states_of_its_own_time(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    label: first",
        "predict: {x: x}\n    label: second\n    expect:\n"
        "      lstm/h: {differs_from: 'first: lstm/h'}\n"
        "      lstm/h@initial: {same_as: 'first: lstm/h', atol: 0, rtol: 0}\n"
        "      result: {differs_from: 'first: result'}",
        "reset_states",
        "predict: {x: x}\n    expect:\n"
        "      lstm/*: {same_as: 'first: lstm/*', atol: 0, rtol: 0}\n"
        "      '*/h@initial': zeros\n"
        "      result: {same_as: 'first: result'}",
    )
    assert report.status == "passed", [v for v in report.verdicts if not v.passed]
