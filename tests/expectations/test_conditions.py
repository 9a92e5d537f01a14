"""Each condition says what it means, and its message names the element that speaks against it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from judged import CARRIED, judge, quantity

from lstm_state_probe.expectations.conditions import CONDITIONS
from lstm_state_probe.scenario.conditions import ENTRIES

NAN, INF = float("nan"), float("inf")
EMPTY = np.zeros((0, 3), "float32")

STEPS = np.ones((9, 1, 2))
# (entry, quantity, expected, tolerances): what holds
HOLDS: list[tuple[str, Any, Any, dict[str, float]]] = [
    ("zeros", quantity([[0.0, -0.0]]), True, {}),
    ("zeros", quantity(EMPTY), True, {}),
    ("zeros", quantity(0), True, {}),
    ("zeros", quantity([False, False]), True, {}),
    ("nonzero", quantity([[0.0, 1e-45]]), True, {}),
    ("nonzero", quantity([NAN, 0.0]), True, {}),
    ("nonzero", quantity(True), True, {}),
    ("finite", quantity([[1e38, -1e38]]), True, {}),
    ("finite", quantity(EMPTY), True, {}),
    ("finite", quantity([3, -3]), True, {}),
    ("changed", quantity([[1.0, 2.0]], [[1.0, 2.5]]), True, {}),
    ("changed", quantity([NAN], [0.0]), True, {}),
    ("changed", quantity([INF], [-INF]), True, {}),
    ("changed", quantity(np.float16([1.0]), np.float16([1.001])), True, {}),
    ("changed", quantity([True], [False]), True, {}),
    ("unchanged", quantity([[1.0, NAN, INF, -INF]], [[1.0, NAN, INF, -INF]]), True, {}),
    ("unchanged", quantity(EMPTY, EMPTY), True, {}),
    ("bounded", quantity(STEPS, over_time=True), True, {}),
    ("alive", quantity(STEPS, over_time=True), True, {}),
    ("unsaturated", quantity(STEPS / 2, over_time=True), True, {}),
    ("equals", quantity([[1.0, 2.0]]), [[1.0, 2.0]], {}),
    ("equals", quantity([1.0]), [1.0 + 1.9e-5], {}),
    ("equals", quantity(np.float32(0.5)), 0.5, {}),
    ("equals", quantity([NAN, INF]), [NAN, INF], {}),
    ("equals", quantity([1.0]), [2.0], {"atol": 1.0, "rtol": 0.0}),
    ("equals", quantity([1000.0]), [1001.0], {"rtol": 1e-3, "atol": 0.0}),
    ("equals", quantity([]), [], {}),
    ("same_as", quantity([1.0, NAN]), quantity([1.0, NAN]), {}),
    ("same_as", quantity(EMPTY), quantity(EMPTY), {}),
    ("differs_from", quantity([1.0]), quantity([2.0]), {}),
    ("differs_from", quantity([1.0]), quantity([1.0, 1.0]), {}),
    ("differs_from", quantity([NAN]), quantity([1.0]), {}),
    ("between", quantity([0.0, 1.0]), [0.0, 1.0], {}),
    ("between", quantity(EMPTY), [0.0, 0.0], {}),
    ("between", quantity(0.5), [0.0, 1.0], {}),
    ("between", quantity([INF]), [0.0, INF], {}),
    ("max_abs", quantity([-5.0, 4.0]), 5.0, {}),
    ("max_abs", quantity(EMPTY), 0.0, {}),
    ("shape", quantity(np.zeros((2, 3))), [2, 3], {}),
    ("shape", quantity(1.0), [], {}),
    ("dtype", quantity(np.zeros(2, "float16")), "float16", {}),
    ("dtype", quantity(True), "bool", {}),
    ("origin", quantity([0.0], origin=CARRIED), "carried", {}),
]

# (entry, quantity, expected, what the message says): what does not hold
BREAKS: list[tuple[str, Any, Any, str]] = [
    ("zeros", quantity([[0, 0.1], [0, -0.7]]), True, "2 of 4 .* largest -0.7 at sample 1, unit 1"),
    ("zeros", quantity([[0.0, NAN]]), True, "1 of 2 .* nan at sample 0, unit 1"),
    ("zeros", quantity([0.0, 3.0]), True, r"3 at sample 1$"),
    ("zeros", quantity(2.0), True, "2 at the value"),
    ("nonzero", quantity(np.zeros((2, 3))), True, "all 6 are zero"),
    ("nonzero", quantity(EMPTY), True, "all 0 are zero"),
    ("finite", quantity([[0, 1], [NAN, INF]]), True, "2 of 4 .* first nan at sample 1, unit 0"),
    ("finite", quantity(-INF), True, "-inf at the value"),
    ("changed", quantity([[1.0]], [[1.0]]), True, "bit for bit"),
    ("changed", quantity([[NAN]], [[NAN]]), True, "bit for bit"),
    ("changed", quantity(EMPTY, EMPTY), True, "bit for bit"),
    ("changed", quantity([1.0]), True, "nothing of the same shape"),
    ("changed", quantity([1.0, 2.0], [1.0]), True, "nothing of the same shape"),
    ("unchanged", quantity([[1, 2, 9]], [[1, 3, 5]]), True, "up to 4 at sample 0, unit 2"),
    ("unchanged", quantity([[1, NAN, 9]], [[1, 3, 5]]), True, "up to nan at sample 0, unit 1"),
    ("unchanged", quantity([1.0]), True, "nothing of the same shape"),
    ("bounded", quantity(2 ** np.cumsum(STEPS, 0), over_time=True), True, "keeps growing"),
    ("bounded", quantity(STEPS * NAN, over_time=True), True, "not finite after 1 timesteps"),
    ("alive", quantity(STEPS * 0, over_time=True), True, "2 of 2 units are always 0: u0, u1"),
    ("unsaturated", quantity(STEPS, over_time=True), True, "100% saturated"),
    (
        "equals", quantity([[1.0, 2.0], [3.0, 4.5]]), [[1.0, 2.0], [3.1, 4.0]],
        r"2 of 4 .* at sample 1, unit 1 expected 4, found 4.5 \(off by 0.5\)",
    ),
    ("equals", quantity([[1.0, NAN]]), [[9.0, 1.0]], "sample 0, unit 1 expected 1, found nan"),
    ("equals", quantity([INF]), [-INF], "expected -inf, found inf .off by inf."),
    ("equals", quantity([1.0, 2.0]), [1.0], r"its shape is \(2,\), that of .* is \(1,\)"),
    ("equals", quantity([[1.0]]), 1.0, r"its shape is \(1, 1\)"),
    ("same_as", quantity([[1.0, 2.0]]), quantity([[1.0, 5.0]]), "unit 1 expected 5, found 2"),
    ("differs_from", quantity([1.0]), quantity([1.000001]), "equals lstm/h within 1"),
    ("differs_from", quantity([NAN]), quantity([NAN]), "equals lstm/h within 0"),
    ("differs_from", quantity(EMPTY), quantity(EMPTY), "equals lstm/h"),
    ("between", quantity([[0.5, -0.1, 2]]), [0.0, 1.0], "2 of 3 .* first -0.1 at sample 0, unit 1"),
    ("between", quantity([NAN]), [-1e9, 1e9], "1 of 1 .* first nan"),
    ("max_abs", quantity([[1.0, -7.0, 6.0]]), 5.0, "-7 at sample 0, unit 1"),
    ("max_abs", quantity([[1.0, NAN, 6.0]]), 7.0, "nan at sample 0, unit 1"),
    ("shape", quantity(np.zeros((2, 3))), [3, 2], r"its shape is \[2, 3\]"),
    ("dtype", quantity(np.zeros(2, "float16")), "float32", "its dtype is float16"),
    ("origin", quantity([0.0], origin=CARRIED), "reset", "'carried' .carried from operation 1"),
    ("origin", quantity([0.0]), "reset", "made no call"),
]  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "found", "expected", "tolerances"), HOLDS)
def test_a_condition_holds(name: str, found: Any, expected: Any, tolerances: Any) -> None:
    passed, message = judge(name, found, expected, **tolerances)
    assert passed, message
    assert message, "it says what was seen"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "found", "expected", "says"), BREAKS)
def test_a_broken_condition_names_what_speaks_against_it(
    name: str, found: Any, expected: Any, says: str
) -> None:
    passed, message = judge(name, found, expected)
    assert not passed, message
    assert re.search(says, message), message


def test_every_condition_is_tried_both_ways() -> None:
    assert {entry[0] for entry in HOLDS} == {entry[0] for entry in BREAKS} == set(ENTRIES)
    assert set(CONDITIONS) == set(ENTRIES)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 1)])
def test_an_element_of_more_axes_is_named_by_its_indices(shape: tuple[int, ...]) -> None:
    value = np.zeros(shape)
    index = tuple(size - 1 for size in shape)
    value[index] = 2.0
    _, message = judge("zeros", quantity(value))
    assert message.endswith("2 at sample 1, " + ", ".join(f"[{k}]" for k in index[1:]))


floats = st.floats(width=32) | st.just(0.0)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def arrays(shape: tuple[int, ...]) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from([np.float32, np.float64, np.int32, np.bool_])
    return kinds.flatmap(
        lambda kind: hnp.arrays(
            kind, shape, elements=floats if np.issubdtype(kind, np.floating) else None
        )
    )


one = shapes.flatmap(arrays)
pairs = shapes.flatmap(
    lambda shape: st.tuples(*[hnp.arrays(np.float32, shape, elements=floats)] * 2)
)


@given(one)
def test_an_array_is_either_zeros_or_nonzero(array: Any) -> None:
    assert judge("zeros", quantity(array))[0] != judge("nonzero", quantity(array))[0]


@given(pairs)
def test_a_quantity_is_either_changed_or_unchanged(pair: Any) -> None:
    found = quantity(*pair)
    assert judge("changed", found)[0] != judge("unchanged", found)[0]


@given(one)
def test_nothing_has_changed_from_itself(array: Any) -> None:
    assert judge("unchanged", quantity(array, array.copy()))[0]


@given(pairs)
def test_same_as_is_the_opposite_of_differs_from(pair: Any) -> None:
    left, right = map(quantity, pair)
    assert judge("same_as", left, right)[0] != judge("differs_from", left, right)[0]


@given(pairs)
def test_same_as_is_symmetric_at_tolerance_zero(pair: Any) -> None:
    left, right = map(quantity, pair)
    exact = {"atol": 0.0, "rtol": 0.0}
    assert judge("same_as", left, right, **exact)[0] == judge("same_as", right, left, **exact)[0]
    assert judge("same_as", left, right, **exact)[0] == np.array_equal(*pair, equal_nan=True)


@given(one)
def test_an_array_equals_itself_and_has_its_shape_and_dtype(array: Any) -> None:
    found = quantity(array)
    if array.size:
        assert judge("equals", found, array.tolist(), atol=0.0, rtol=0.0)[0]
    assert judge("shape", found, list(array.shape))[0]
    assert judge("dtype", found, array.dtype.name)[0]


@given(one)
def test_finite_numbers_lie_between_their_smallest_and_largest(array: Any) -> None:
    found = quantity(array)
    finite = judge("finite", found)[0]
    assert finite == bool(np.isfinite(array).all())
    if finite and array.size:
        low, high = float(array.min()), float(array.max())
        assert judge("between", found, [low, high])[0]
        assert judge("max_abs", found, max(abs(low), abs(high)))[0]


@given(one, st.floats(0, 1e6))
def test_max_abs_is_between_minus_and_plus(array: Any, bound: float) -> None:
    found = quantity(array)
    assert judge("max_abs", found, bound)[0] == judge("between", found, [-bound, bound])[0]
