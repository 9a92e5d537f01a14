"""What differs is found, and the first of it named, in the order in which it came to be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from baseline_made import call, changed, found_in, operation, scenario, story
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.baseline.compare import Comparison, Tolerance, compare, differing
from lstm_state_probe.baseline.digest import Digest, entry, spans, stored_form
from lstm_state_probe.baseline.parts import Part
from lstm_state_probe.baseline.store import Stored

PARTS = found_in(story())
ELEMENTS = [(part.key, tuple(map(int, k))) for part in PARTS for k in np.ndindex(part.array.shape)]
OF_KEY = {part.key: part for part in PARTS}


def stored(parts: list[Part]) -> Stored:
    forms = {part.key: stored_form(part.array) for part in parts}
    entries = {part.key: entry(part, forms[part.key]) for part in parts}
    digest = Digest(scenario="x", engine="keras3", made_with={}, values=entries)
    return Stored(digest, {entries[key].sha256: form for key, form in forms.items()})


BEFORE = stored(PARTS)


def compared(parts: list[Part], **tolerance: float) -> Comparison:
    return compare(parts, BEFORE, Tolerance(**tolerance))


def when(element: tuple[str, tuple[int, ...]]) -> tuple[object, ...]:
    """Order elements as they came to be, from their names alone."""
    key, place = element
    head, _, rest = key.partition(": ")
    batch = int(head.partition("batch ")[2]) if "batch" in head else math.inf
    moment = {"initial": -1.0, "all": float(place[0]) if place else 0.0}
    layer = ["lstm", "gru"].index(rest.partition("/")[0]) if batch < math.inf else 0
    order = moment.get(rest.partition("@")[2], math.inf)
    return head[:11], batch, "result" in rest, layer, order, list(OF_KEY).index(key), place


def test_the_names_are_those_of_operation_batch_address_and_moment() -> None:
    keys = list(OF_KEY)
    assert keys[:3] == [
        f"operation 1 predict, batch 1: lstm/h@{w}" for w in ("initial", "all", "final")
    ]
    assert "operation 1 predict, batch 1: lstm/f@all" in keys
    assert "operation 2 predict, batch 2: gru/c@final" in keys
    assert "operation 2 predict: lstm/h@held" in keys
    assert "operation 2 predict: result/loss" in keys
    assert not any("words" in key for key in keys), "a text is no number"


def test_a_run_matches_itself() -> None:
    found = compared(PARTS)
    assert found.matched
    assert found.same == set(OF_KEY)


@settings(deadline=None)
@given(st.sampled_from(ELEMENTS), st.floats(3e-5, 1e3), st.booleans())
def test_a_single_element_off_by_more_than_the_tolerance_is_found_and_named(
    element: tuple[str, tuple[int, ...]], size: float, down: bool
) -> None:
    key, place = element
    found = compared(changed(PARTS, {element: -size if down else size}))
    (one,) = found.differences
    part = OF_KEY[key]
    assert (one.part.key, one.count, one.size) == (key, 1, part.array.size)
    assert one.first is not None
    assert one.first == one.largest
    steps = [] if one.first.timestep is None else [one.first.timestep]
    assert (*steps, *one.first.index) == place
    assert bool(steps) == key.endswith("@all")
    assert one.first.expected == float(part.array[place])
    assert one.first.deviation == pytest.approx(size, rel=0.01)


@settings(deadline=None)
@given(st.lists(st.sampled_from(ELEMENTS), min_size=1, max_size=8, unique=True))
def test_of_several_the_first_to_come_about_is_the_first_told(
    elements: list[tuple[str, tuple[int, ...]]],
) -> None:
    found = compared(changed(PARTS, dict.fromkeys(elements, 1.0)))
    key, place = min(elements, key=when)
    first = found.differences[0]
    assert first.part.key == key
    assert first.first is not None
    steps = () if first.first.timestep is None else (first.first.timestep,)
    assert (*steps, *first.first.index) == place
    assert {one.part.key for one in found.differences} == {key for key, _ in elements}


@settings(deadline=None)
@given(st.floats(-9e-6, 9e-6))
def test_what_is_off_by_less_than_the_tolerance_matches(size: float) -> None:
    assert compared(changed(PARTS, dict.fromkeys(ELEMENTS, size))).matched


def test_the_largest_deviation_is_told_beside_the_first() -> None:
    key = "operation 1 predict, batch 1: lstm/h@all"
    (one,) = compared(changed(PARTS, {(key, (1, 0, 2)): 0.1, (key, (3, 1, 0)): 0.5})).differences
    assert one.count == 2
    assert one.first is not None
    assert one.largest is not None
    assert (one.first.timestep, one.first.index) == (1, (0, 2))
    assert (one.largest.timestep, one.largest.index) == (3, (1, 0))


def test_a_tolerance_that_is_given_holds_for_every_dtype() -> None:
    off = changed(PARTS, {ELEMENTS[0]: 0.01})
    assert not compared(off).matched
    assert compared(off, atol=0.02).matched
    assert not compared(changed(PARTS, {ELEMENTS[0]: 1e-9}), atol=0.0, rtol=0.0).matched
    assert Tolerance(atol=1e-9).of("float16") == (1e-9, Tolerance().of("float16")[1])


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_without_one_the_next_number_of_a_dtype_is_no_difference(name: str) -> None:
    values = np.linspace(-3, 3, 50).astype(name)
    near = np.nextafter(values, np.array(9, name))
    assert not differing(values, near, *Tolerance().of(name)).any()
    far = values + np.array(0.1, name)
    assert differing(values, far, *Tolerance().of(name)).all()


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (math.nan, math.nan, False),
        (math.nan, 0.0, True),
        (0.0, math.nan, True),
        (math.inf, math.inf, False),
        (math.inf, -math.inf, True),
        (math.inf, 1.0, True),
        (1.0, math.inf, True),
        (0.0, -0.0, False),
    ],
)
def test_what_is_not_finite_is_compared_by_what_it_is(
    before: float, after: float, differs: bool
) -> None:
    assert bool(differing(np.array(before), np.array(after), 1e-5, 1e-5)) is differs


def test_whole_numbers_must_be_the_same() -> None:
    large = np.array([2**60, 5])
    assert differing(large, large + np.array([1, 0]), 1.0, 1.0).tolist() == [True, False]


def test_another_dtype_shape_or_choice_of_timesteps_is_told_in_words() -> None:
    rng = np.random.default_rng(0)
    before = found_in(scenario(operation(0, call(rng, "lstm"))))
    steps = before[1]
    half = replace(steps, array=steps.array.astype(np.float16))
    fewer = replace(steps, array=steps.array[::2], kept=(0, 2))
    other = replace(steps, kept=(0, 1, 2, 5))
    told = []
    for part in (half, fewer, other):
        (one,) = compare([before[0], part, *before[2:]], stored(before), Tolerance()).differences
        told.append((one.then, one.now, one.first))
    assert told == [
        ("dtype float32", "dtype float16", None),
        ("shape (4, 2, 3)", "shape (2, 2, 3)", None),
        ("timesteps 0-3", "timesteps 0-2,5", None),
    ]


def test_a_call_that_is_missing_or_new_is_told_and_what_an_option_adds_is_not_wrong() -> None:
    without = [part for part in PARTS if "batch 2" not in part.key]
    gone = compared(without)
    assert not gone.matched
    assert set(gone.missing) == {key for key in OF_KEY if "batch 2" in key}
    more = compare(PARTS, stored(without), Tolerance())
    assert not more.matched
    assert set(more.new) == {k for k in gone.missing if not k.endswith("@all")}
    gates = [part for part in PARTS if not part.key.endswith("lstm/f@all")]
    added = compare(PARTS, stored(gates), Tolerance())
    assert added.matched
    assert len(added.added) == 2


def test_two_calls_of_one_name_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    same = found_in(scenario(operation(0, call(rng, "lstm"), call(rng, "lstm"))))
    keys = [part.key for part in same]
    assert len(set(keys)) == len(keys)
    assert "operation 1 predict, batch 1: lstm/h (2)@all" in keys


def test_what_repeat_repeats_is_compared_once() -> None:
    rng = np.random.default_rng(0)
    one = operation(0, call(rng, "lstm"))
    whole = operation(1, *one.outcome.calls, name="repeat")
    assert found_in(scenario(one, whole)) == found_in(scenario(one))


@settings(deadline=None)
@given(st.sets(st.integers(0, 30)))
def test_spans_name_exactly_the_timesteps(timesteps: set[int]) -> None:
    ends = [list(map(int, run.split("-"))) for run in spans(sorted(timesteps)).split(",") if run]
    assert {t for run in ends for t in range(run[0], run[-1] + 1)} == timesteps
