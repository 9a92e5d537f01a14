"""`[k]` counts the calls that happened; what was not kept is an error and never another call."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from judged import CARRIED, call, judge, outcome, quantity

from lstm_state_probe.expectations.happened import NoSuchQuantity, numbered
from lstm_state_probe.expectations.judge import Bench, chosen, judge_operation
from lstm_state_probe.expectations.quantity import find_quantities
from lstm_state_probe.recording.call import Call, Missed, State
from lstm_state_probe.recording.outcome import all_missed
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.written.conditions import Condition
from lstm_state_probe.scenario.written.selectors import parse_selector


def gated(k: int, *, kept: bool) -> Call:
    """Make the k-th call, with a gate of k at both of its timesteps if it was kept."""
    gates = {"f": np.full((2, 2, 3), float(k))} if kept else {}
    return replace(call("lstm", k), timesteps=2, kept=(0, 1) if kept else (), gates=gates)


def find(text: str, *calls: Call) -> Any:
    (found,) = find_quantities(parse_selector(text), outcome(*calls), ["lstm/h", "lstm/c"])
    return found


def test_a_gate_of_a_call_that_was_not_kept_is_not_that_of_another() -> None:
    last_alone = gated(0, kept=False), gated(1, kept=False), gated(2, kept=True)
    assert find("lstm/f[2]@all", *last_alone).value.flat[0] == 2
    assert find("lstm/f[-1]@0", *last_alone).name == "lstm/f[-1]@0"
    for selector in ("lstm/f[0]@all", "lstm/f[-2]@1"):
        with pytest.raises(NoSuchQuantity, match="not recorded; see 'record'"):
            find(selector, *last_alone)
    with pytest.raises(NoSuchQuantity, match="predict made 3 calls"):
        find("lstm/f[3]", *last_alone)
    with pytest.raises(NoSuchQuantity, match="not recorded"):
        find("lstm/f", gated(0, kept=True), gated(1, kept=False))


def test_runs_that_xla_overwrote_are_counted() -> None:
    # three runs of a graph with two uses of the layer, of which the last is left; then one run
    left = [replace(call("lstm", 2), use=use, skipped=2) for use in (0, 1)]
    calls = [*left, call("lstm", 3)]
    assert numbered(calls) == ([4, 5, 6], 7)
    assert find("lstm/h[5]", *calls).value is left[1].states["h"].final
    assert find("lstm/h[-1]", *calls).value is calls[2].states["h"].final
    with pytest.raises(NoSuchQuantity, match=r"made 7 calls, and this one was not recorded.*\[4\]"):
        find("lstm/h[0]", *calls)


def test_a_chosen_sample_is_named_by_its_own_number() -> None:
    condition = Condition.model_validate({"zeros": True, "samples": [2, 0]})
    part = chosen(quantity([[0.0], [9.0], [3.0]]), condition)
    assert "worst: sample 2, u0: 3 " in judge("zeros", part)[1]
    again = chosen(part, Condition.model_validate({"zeros": True, "samples": [1]}))
    assert again.chosen == (0,)


def test_growth_is_judged_of_the_chosen_samples_and_told_by_the_timesteps_of_the_loop() -> None:
    condition = Condition.model_validate({"bounded": True, "samples": [1]})
    ends = tuple(np.array([1.0 + k, 1.0]) for k in range(12))
    grown = quantity(np.ones((2, 1)), ends=ends)
    assert not judge("bounded", grown)[0]
    assert judge("bounded", chosen(grown, condition))[0]
    steps = np.arange(1.0, 13).reshape(12, 1, 1)
    told = judge("bounded", quantity(steps, over_time=True, timesteps=tuple(range(0, 120, 10))))[1]
    assert "6 after 51 timesteps, 12 after 111" in told


def test_one_row_of_a_mask_stands_for_a_batch_that_keras_broadcast() -> None:
    state = State(np.zeros((2, 3)), np.ones((2, 3)), CARRIED, np.ones((2, 2, 3)))
    mask = np.array([[True, False]])
    masked = Call("lstm", "predict", -1, 0, 0, 2, mask, {"h": state}, kept=(0, 1))
    found = find("lstm/h@all", masked)
    np.testing.assert_array_equal(found.used, [[True, True], [False, False]])
    assert judge("alive", found)[0]


def test_a_unit_of_a_convolution_is_named_by_its_place() -> None:
    steps = np.ones((2, 1, 2, 3))
    steps[..., 1, 2] = 0
    assert "1 of 6 units are always 0: [1,2]" in judge("alive", quantity(steps, over_time=True))[1]


def test_the_failure_of_an_initial_state_says_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "model: {batch_shape: [2, 5, 1], layers: [LSTM: {name: lstm, units: 3}]}\n"
        "data: {x: {normal: {shape: [2, 5, 1]}}}\n"
        "operations: [{predict: {x: x}, expect: {lstm/h@initial: zeros}}]\n"
    )
    (scenario,) = read_scenarios(file)
    bench = Bench(scenario, ["lstm/h", "lstm/c"], outcome(call("lstm", 1)), {})
    (verdict,) = judge_operation(bench, scenario.spec.operations[0], ("operations", 0))
    assert f"6 of 6 not zero ({CARRIED.words})" in verdict.message


def test_calls_that_could_not_be_recorded_are_counted() -> None:
    def missed(after: int) -> Missed:
        return Missed("lstm", "predict", -1, 0, "it has no loop", after)

    calls = [call("lstm", 0), call("lstm", 1)]
    one = replace(outcome(*calls), missed=(missed(1), missed(2), missed(-1)))

    def value(text: str) -> Any:
        (found,) = find_quantities(parse_selector(text), one, ["lstm/h"])
        return found.value

    assert value("lstm/h[0]") is calls[0].states["h"].final
    assert value("lstm/h[2]") is value("lstm/h[-2]") is calls[1].states["h"].final
    for text in ("lstm/h", "lstm/h[1]", "lstm/h[3]"):
        with pytest.raises(NoSuchQuantity, match="made 4 calls, and this one was not recorded: it"):
            value(text)
    with pytest.raises(NoSuchQuantity, match=r"made 4 calls$"):
        value("lstm/h[4]")
    twice = all_missed([one, one])
    assert [each.after for each in twice] == [1, 2, -1, 3, 4, -1]
