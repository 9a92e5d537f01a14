"""Findings are what the arrays hold, and nothing is found where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import drawn, words

from lstm_state_probe.recording.call import Origin, State
from lstm_state_probe.recording.finite import first_not_finite
from lstm_state_probe.report.data import LayerReport
from lstm_state_probe.report.words.findings import findings, masked
from lstm_state_probe.report.words.findings_growth import growth_per_call, growth_per_timestep
from lstm_state_probe.report.words.findings_units import dead, saturated

CARRIED = Origin("carried", "carried from operation 1, batch 1")


def quiet(*shape, seed=0):
    """States in which there is nothing to find."""
    return np.tanh(drawn(*shape, seed=seed))


def test_nothing_is_found_in_states_that_are_well(made, page):
    call = made.recorded(quiet(20, 3, 4), gates={"i": abs(quiet(20, 3, 4)) * 0.5 + 0.25})
    assert findings({"lstm": [call, call]}) == []
    assert "•" not in page(made.scenario(made.operation(call)))


@given(
    at=st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 3), st.integers(0, 4)),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
    later=st.booleans(),
)
def test_the_first_nan_is_the_first_in_time(made, at, value, later):
    number, timestep, sample, unit = at
    steps = [quiet(9, 4, 5, seed=k) for k in range(3)]
    steps[number][timestep, sample, unit] = value
    if later:
        steps[number][timestep + 1 :, 0, 0] = np.nan
    found = first_not_finite("lstm", [made.recorded(array) for array in steps])
    assert found is not None
    assert (found.call, found.timestep, *found.where) == at
    np.testing.assert_equal(found.value, value)


def test_a_gate_comes_before_the_state_of_the_same_timestep(made):
    steps = quiet(4, 2, 3)
    gate = abs(quiet(4, 2, 3))
    steps[2, 0, 0], gate[2, 1, 1] = np.nan, np.inf
    found = first_not_finite("lstm", [made.recorded(steps, gates={"f": gate})])
    assert (found.name, found.timestep, found.where) == ("f", 2, (1, 1))


def test_a_nan_is_found_without_timesteps_too(made):
    bad = np.array([[0, np.nan]])
    assert first_not_finite("lstm", [made.call(bad, bad)]).moment == "initial"
    assert first_not_finite("lstm", [made.call(bad * 0 == 0, bad)]).moment == "final"


def test_kept_timesteps_are_called_by_their_number_in_the_loop(made):
    steps = quiet(3, 1, 2)
    steps[1, 0, 1] = np.inf
    call = made.recorded(steps, timesteps=50, kept=(0, 20, 49))
    assert first_not_finite("lstm", [call]).timestep == 20


def test_saturation_counts_both_ends_of_unmasked_values(made):
    gate = np.full((2, 2, 5), 0.5)
    gate[0, 0, :2], gate[0, 0, 2], gate[1, 1] = 0.001, 0.999, 0.0
    call = made.recorded(quiet(2, 2, 5), gates={"f": gate, "g": gate * 0})
    (found,) = saturated("lstm", [call])
    assert (found.gate, found.low, found.high, found.count) == ("f", 7, 1, 20)
    mask = np.array([[True, True], [True, False]])
    (found,) = saturated("lstm", [made.recorded(quiet(2, 2, 5), gates={"f": gate}, mask=mask)])
    assert (found.low, found.high, found.count) == (2, 1, 15)


def test_a_gate_outside_0_and_1_is_no_sigmoid_and_is_not_judged(made):
    gate = np.full((2, 1, 3), -1.0)
    assert not [*saturated("lstm", [made.recorded(quiet(2, 1, 3), gates={"f": gate})])]


def test_the_mask_of_a_loop_that_ran_backwards_is_read_backwards(made):
    gate = np.array([[[0.0]], [[0.5]], [[0.5]]])  # the first timestep reads the last input
    mask = np.array([[True, True, False]])
    call = made.recorded(quiet(3, 1, 1), gates={"f": gate}, mask=mask, backwards=True)
    assert not [*saturated("lstm", [call])]


def test_a_dead_unit_is_0_at_every_unmasked_timestep_of_every_call(made):
    one, two = quiet(3, 2, 4), quiet(3, 2, 4, seed=1)
    one[..., [1, 2]] = 0
    two[..., [1, 3]] = 0
    (found,) = dead("lstm", [made.recorded(one), made.recorded(two)])
    assert (found.columns, found.timesteps, found.calls) == ((1,), 6, 2)
    held = made.recorded(one * 0, mask=np.zeros((2, 3), bool))
    assert not [*dead("lstm", [held])]
    assert not [*dead("lstm", [made.call(one[0] * 0, one[0] * 0)])]


@pytest.mark.parametrize(
    ("sizes", "grows"),
    [
        (np.arange(1, 21) * 0.5, True),
        (1.3 ** np.arange(20), True),
        (np.arange(1, 21) * 0.04, False),  # never beyond 1
        (5 * (1 - 0.9 ** np.arange(20)), False),  # slows down
        (np.full(20, 7.0), False),
        (np.r_[np.arange(19) * 0.5, 0.1], False),
        (np.arange(7.0), False),  # too few
        (np.r_[np.arange(19) * 0.5, np.inf], False),  # told as not finite
    ],
)
def test_growth_rises_steadily_beyond_1_without_slowing_down(made, sizes, grows):
    steps = sizes[:, None, None] * np.array([[[0.5, -1.0]]])
    found = [*growth_per_timestep("lstm", [made.recorded(steps)])]
    assert bool(found) == grows
    if found:
        assert found[0].end == sizes[-1]
        assert found[0].last == len(sizes) - 1
    calls = [
        made.call(np.zeros_like(step), step, origin=CARRIED, batch=k)
        for k, step in enumerate(steps)
    ]
    assert bool([*growth_per_call("lstm", calls)]) == grows


def test_calls_that_did_not_carry_over_are_no_growth(made):
    calls = [made.call([[0.0]], [[float(k)]]) for k in range(1, 20)]
    assert not [*growth_per_call("lstm", calls)]


def test_masked_timesteps_are_counted(made):
    mask = np.array([[True, False, False], [False, False, False]])
    found = masked("lstm", [made.recorded(quiet(3, 2, 1), mask=mask)])
    assert (found.held, found.count, found.samples, found.wholly) == (5, 6, 2, 1)
    assert masked("lstm", [made.recorded(quiet(3, 2, 1), mask=mask | True)]) is None


def test_findings_are_told_one_line_each_under_the_operation(made, page):
    steps = np.arange(1, 13.0)[:, None, None] * np.array([[[1.0, 0.0]]])
    bad = steps.copy()
    bad[4, 0, 0] = np.nan
    gates = {"i": np.ones((12, 1, 2))}
    mask = np.ones((1, 12), bool)
    mask[0, 11] = False
    grown = made.recorded(steps, gates=gates)
    text = words(page(made.scenario(made.operation(grown)), width=200))
    assert "saturated gate: lstm/i: 100% of 24 values (0% below 0.01, 100% above 0.99)" in text
    assert "dead units: lstm/h: u1 (1 of 2) exactly 0 at all 12 recorded timesteps" in text
    assert "growth: max|lstm/h| rose at every timestep from 5 to 11, from 6.000 to 12.00" in text
    calls = [grown, made.recorded(bad, mask=mask)]
    text = words(page(made.scenario(made.operation(*calls)), width=200))
    assert "first NaN or Inf: lstm/h is NaN at call 2 of 2, timestep 4, sample 0, u0" in text
    assert "mask: lstm was held at 1 of 12 timesteps" in text


def test_a_repeat_tells_only_what_its_operations_alone_do_not_show(made, page):
    calls = [made.call([[0.0]], [[float(k + 1)]], origin=CARRIED, batch=k) for k in range(12)]
    text = words(page(made.scenario(made.operation(*calls, operation="repeat")), width=200))
    assert "growth: max|lstm/h| rose at every call from 6 to 12, from 6.000 to 12.00" in text


def test_quietly_nothing_is_looked_for(made, page):
    bad = np.full((2, 1, 1), np.nan)
    assert page(made.scenario(made.operation(made.recorded(bad))), verbosity=-1) == ""


def test_a_call_with_half_precision_is_looked_at_in_its_own_numbers(made):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    steps = quiet(9, 2, 3).astype(bfloat16)
    steps[3, 1, 2] = np.nan
    call = made.recorded(steps)
    found = findings({"lstm": [call]})
    assert [f.timestep for f in found] == [3]


def test_states_of_other_layers_and_names_are_left_alone(made):
    state = State(np.zeros((1, 2)), np.zeros((1, 2)), CARRIED, np.zeros((3, 1, 2)))
    call = made.recorded(quiet(3, 1, 2), states={"c": state})
    assert not [*dead("lstm", [call])]


def test_a_mask_that_was_lost_on_the_way_is_told_where_no_call_had_one(made, page) -> None:
    layer = LayerReport("lstm", "LSTM", ("h",), False, "the mask that m makes is destroyed by pool")
    call = made.call(drawn(2, 3), drawn(2, 3, seed=1))
    told = "mask: lstm got none: the mask that m makes is destroyed by pool"
    report = made.scenario(made.operation(call), layers=(layer,))
    assert told in words(page(report))
    for options in ({"verbosity": -1}, {"ledger": True}):
        assert told in words(page(report, end=True, **options))
    arrived = replace(call, mask=np.ones((2, 5), bool))
    for calls in ((arrived,), ()):
        shown = page(made.scenario(made.operation(*calls), layers=(layer,)))
        assert "got none" not in shown
