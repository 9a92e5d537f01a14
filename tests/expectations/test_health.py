"""The words that look along time: bounded, alive, unsaturated; and samples that are chosen."""

from __future__ import annotations

import numpy as np
from judged import CARRIED, judge, quantity

from lstm_state_probe.expectations.judge import chosen
from lstm_state_probe.expectations.quantity import find_quantities
from lstm_state_probe.recording.call import Call, Origin, State
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.scenario.written.conditions import Condition
from lstm_state_probe.scenario.written.selectors import parse_selector

CALLS = 12


def ended(*sizes: float, mask: object = None) -> Outcome:
    """Make calls of a layer that end at these sizes; the first was reset, the others carry on."""
    calls = []
    for k, size in enumerate(sizes):
        origin = CARRIED if k else Origin("reset", "reset")
        state = State(np.zeros((1, 2)), np.array([[size, 0.0]]), origin)
        calls.append(Call("lstm", "predict", -1, k, 0, 1, None, {"h": state}))
    return Outcome("repeat", None, tuple(calls), {}, {})


def ends(outcome: Outcome, selector: str = "lstm/h") -> tuple[bool, str]:
    (found,) = find_quantities(parse_selector(selector), outcome, ["lstm/h"])
    return judge("bounded", found)


def test_a_state_that_keeps_growing_over_calls_is_not_bounded() -> None:
    held, message = ends(ended(*range(1, CALLS + 1)))
    assert not held
    assert "keeps growing: max|.| 6 after 6 calls that carry on, 12 after 12" in message


def test_a_state_that_settles_is_bounded() -> None:
    assert ends(ended(*(2 - 2.0**-k for k in range(CALLS))))[0]
    assert ends(ended(*[1.0] * CALLS))[0]


def test_a_state_that_becomes_infinite_is_not_bounded() -> None:
    held, message = ends(ended(*[1.0] * CALLS, np.inf))
    assert not held
    assert f"not finite after {CALLS + 1} calls" in message


def test_of_a_few_calls_nothing_is_said_and_nothing_holds() -> None:
    held, message = ends(ended(1, 1, 1))
    assert not held
    assert "3 calls that carry on tell nothing; at least 8" in message
    assert not ends(ended(*[1.0] * CALLS), "lstm/h[3]")[0], "only the calls up to that one count"


def test_growth_over_timesteps_is_told_of_one_call() -> None:
    steps = np.arange(1.0, CALLS + 1).reshape(CALLS, 1, 1)
    assert not judge("bounded", quantity(steps, over_time=True))[0]
    assert judge("bounded", quantity(np.ones((CALLS, 1, 1)), over_time=True))[0]


def test_a_unit_that_is_always_zero_is_dead_unless_a_mask_hides_where_it_is_not() -> None:
    steps = np.zeros((2, 2, 3))
    steps[:, :, 0] = 1
    steps[1, 1, 1] = 1
    held, message = judge("alive", quantity(steps, over_time=True))
    assert not held
    assert "1 of 3 units are always 0: u2" in message
    used = np.array([[True, True], [True, False]])
    held, message = judge("alive", quantity(steps, over_time=True, used=used))
    assert "2 of 3 units are always 0: u1, u2" in message
    assert judge("alive", quantity(steps[..., :2], over_time=True))[0]
    nothing = quantity(steps, over_time=True, used=np.zeros((2, 2), bool))
    assert not judge("alive", nothing)[0]


def test_a_gate_is_saturated_from_a_tenth_of_its_values_on() -> None:
    gate = np.full((10, 1, 2), 0.5)
    gate[0, 0, 0] = 0.999
    assert judge("unsaturated", quantity(gate, over_time=True))[0]
    gate[0, 0, 1] = 0.001
    held, message = judge("unsaturated", quantity(gate, over_time=True))
    assert not held
    assert "10% saturated (1 below 0.01, 1 above 0.99, of 20)" in message
    assert not judge("unsaturated", quantity(gate + 1, over_time=True))[0], "it is no sigmoid"
    masked = np.ones((10, 1), bool)
    masked[0] = False
    assert judge("unsaturated", quantity(gate, over_time=True, used=masked))[0]


def test_chosen_samples_are_looked_at_alone_on_both_sides() -> None:
    condition = Condition.model_validate({"same_as": "lstm/h", "samples": [1]})
    one, other = quantity([[1.0], [2.0]]), quantity([[9.0], [2.0], [7.0]])
    assert not judge("same_as", one, other)[0]
    assert judge("same_as", chosen(one, condition), chosen(other, condition))[0]
    over_time = quantity(np.arange(6.0).reshape(3, 2, 1), over_time=True)
    np.testing.assert_array_equal(chosen(over_time, condition).value, [[[1]], [[3]], [[5]]])
