"""Each condition says what it means, and its message names the element that speaks against it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from judged import CARRIED, judge, quantity

from lstm_state_probe.expectations.conditions import CONDITIONS
from lstm_state_probe.expectations.judging import Finding
from lstm_state_probe.scenario.written.conditions import ENTRIES, Condition

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
    ("nonzero", quantity(True), True, {}),
    ("finite", quantity([[1e38, -1e38]]), True, {}),
    ("finite", quantity(EMPTY), True, {}),
    ("finite", quantity([3, -3]), True, {}),
    ("changed", quantity([[1.0, 2.0]], [[1.0, 2.5]]), True, {}),
    ("changed", quantity([INF], [-INF]), True, {}),
    ("changed", quantity(np.float16([1.0]), np.float16([1.001])), True, {}),
    ("changed", quantity([True], [False]), True, {}),
    ("unchanged", quantity([[1.0, INF, -INF]], [[1.0, INF, -INF]]), True, {}),
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
    ("same_as", quantity([1.0, INF]), quantity([1.0, INF]), {}),
    ("same_as", quantity(EMPTY), quantity(EMPTY), {}),
    ("differs_from", quantity([1.0]), quantity([2.0]), {}),
    ("differs_from", quantity([1.0]), quantity([1.0, 1.0]), {}),
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
    ("zeros", quantity([[0, 0.1], [0, -0.7]]), True, "2 of 4 not zero; .* u1: -0.7 .off by 0.7.$"),
    ("zeros", quantity([[0.0, NAN]]), True, "1 of 2 .* sample 0, u1: nan$"),
    ("zeros", quantity([0.0, 3.0]), True, r"worst: sample 1: 3 \(off by 3\)$"),
    ("zeros", quantity(2.0), True, "worst: the value: 2"),
    ("nonzero", quantity(np.zeros((2, 3))), True, "expected nonzero, found all 6 zero$"),
    ("nonzero", quantity(EMPTY), True, "all 0 zero"),
    ("nonzero", quantity([0.0, NAN]), True, "1 of 2 NaN; worst: sample 1: nan$"),
    ("finite", quantity([[0, 1], [NAN, INF]]), True, "2 of 4 not finite; .* 1, u0: nan$"),
    ("finite", quantity(-INF), True, "the value: -inf"),
    ("changed", quantity([[1.0]], [[1.0]]), True, "found bit for bit"),
    ("changed", quantity([[NAN]], [[NAN]]), True, "bit for bit"),
    ("changed", quantity(EMPTY, EMPTY), True, "bit for bit"),
    ("changed", quantity([NAN], [0.0]), True, "NaN where it differs from what it started from"),
    ("changed", quantity([1.0], [NAN]), True, "NaN where it differs"),
    ("changed", quantity([2.0, NAN], [1.0, 0.0]), True, "1 of 2 NaN; worst: sample 1: nan"),
    ("changed", quantity([1.0]), True, "nothing of the same shape"),
    ("changed", quantity([1.0, 2.0], [1.0]), True, "nothing of the same shape"),
    ("unchanged", quantity([[1, 2, 9]], [[1, 3, 5]]), True, "2 of 3 .* u2: 9, expected 5 .off by"),
    ("unchanged", quantity([[1, NAN, 9]], [[1, 3, 5]]), True, "sample 0, u1: nan, expected 3$"),
    ("unchanged", quantity([1.0]), True, "nothing of the same shape"),
    ("unchanged", quantity([[3.0, NAN]], [[3.0, NAN]]), True, "1 of 2 NaN; worst: sample 0, u1"),
    ("bounded", quantity(2 ** np.cumsum(STEPS, 0), over_time=True), True, "keeps growing"),
    ("bounded", quantity(STEPS * NAN, over_time=True), True, "not finite after 1 timesteps"),
    ("alive", quantity(STEPS * NAN, over_time=True), True, "18 of 18 NaN"),
    ("unsaturated", quantity(STEPS * NAN, over_time=True), True, "18 of 18 NaN"),
    ("alive", quantity(STEPS * 0, over_time=True), True, "2 of 2 units are always 0: u0, u1"),
    ("unsaturated", quantity(STEPS, over_time=True), True, "100% saturated"),
    (
        "equals", quantity([[1.0, 2.0], [3.0, 4.5]]), [[1.0, 2.0], [3.1, 4.0]],
        r"2 of 4 that differ; worst: sample 1, u1: 4.5, expected 4 \(off by 0.5\)$",
    ),
    ("equals", quantity([[1.0, NAN]]), [[9.0, 1.0]], "sample 0, u1: nan, expected 1$"),
    ("equals", quantity([INF]), [-INF], "inf, expected -inf .off by inf."),
    ("equals", quantity([1.0, 2.0]), [1.0], r"the shape \[2\]; that of .* is \[1\]"),
    ("equals", quantity([[1.0]]), 1.0, r"the shape \[1, 1\]"),
    ("same_as", quantity([[1.0, 2.0]]), quantity([[1.0, 5.0]]), "u1: 2, expected 5 .off by 3."),
    ("differs_from", quantity([1.0]), quantity([1.000001]), "found equal to lstm/h within 1"),
    ("differs_from", quantity([NAN]), quantity([NAN]), "equal to lstm/h within 0"),
    ("same_as", quantity([1.0, NAN]), quantity([1.0, NAN]), "1 of 2 NaN; worst: sample 1: nan"),
    ("differs_from", quantity([NAN]), quantity([1.0]), "NaN where it differs from lstm/h"),
    ("differs_from", quantity([1.0]), quantity([NAN]), "NaN where it differs from lstm/h"),
    ("differs_from", quantity([NAN, 3.0]), quantity([1.0, 1.0]), "1 of 2 NaN"),
    ("differs_from", quantity(EMPTY), quantity(EMPTY), "equal to lstm/h"),
    ("between", quantity([[0.5, -0.1, 2]]), [0.0, 1.0], "2 of 3 outside; .* u2: 2 .off by 1."),
    ("between", quantity([[0.5, -1.5, 2]]), [0.0, 1.0], "worst: sample 0, u1: -1.5 .off by 1.5."),
    ("between", quantity([NAN]), [-1e9, 1e9], "1 of 1 outside; worst: sample 0: nan$"),
    ("between", quantity([INF, -5.0]), [0.0, INF], "1 of 2 outside; worst: sample 1: -5"),
    ("max_abs", quantity([[1.0, -7.0, 6.0]]), 5.0, "2 of 3 larger .* u1: -7 .off by 2."),
    ("max_abs", quantity([[1.0, NAN, 6.0]]), 7.0, "1 of 3 .* u1: nan$"),
    ("shape", quantity(np.zeros((2, 3))), [3, 2], r"found the shape \[2, 3\]"),
    ("dtype", quantity(np.zeros(2, "float16")), "float32", "found float16"),
    ("origin", quantity([0.0], origin=CARRIED), "reset", "found carried .carried from operation 1"),
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


ASKS = {"equals": [NAN, 1.0], "shape": [2], "dtype": "float64", "origin": "carried"}
TAKES = {"between": [-9.0, 9.0], "max_abs": 9.0, "same_as": quantity([NAN, 1.0])}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ENTRIES)
def test_nan_passes_no_condition_but_one_that_asks_for_it_or_looks_at_no_number(name: str) -> None:
    wanted = ASKS.get(name, TAKES.get(name, quantity([0.0, 0.0]) if "_" in name else True))
    plain = quantity([NAN, 1.0], [0.0, 0.0], origin=CARRIED)
    assert judge(name, plain, wanted)[0] == (name in ASKS)
    steps = np.array([[[NAN, 1.0]]] * 9)
    if name in ("bounded", "alive", "unsaturated"):
        assert not judge(name, quantity(steps, over_time=True))[0]


def test_every_condition_is_tried_both_ways() -> None:
    assert {entry[0] for entry in HOLDS} == {entry[0] for entry in BREAKS} == set(ENTRIES)
    assert set(CONDITIONS) == set(ENTRIES)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 3, 4, 1)])
def test_an_element_of_more_axes_is_named_by_its_indices(shape: tuple[int, ...]) -> None:
    value = np.zeros(shape)
    index = tuple(size - 1 for size in shape)
    value[index] = 2.0
    _, message = judge("zeros", quantity(value))
    assert f"worst: sample 1, [{','.join(map(str, index[1:]))}]: 2 " in message


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"over_time": True, "timesteps": (0, 9)}, "sample 1, u2, timestep 9: 2 "),
        ({"over_time": True}, "sample 1, u2, timestep 1: 2 "),
    ],
)
def test_an_element_over_time_is_named_by_the_timestep_of_the_loop(other: Any, says: str) -> None:
    value = np.zeros((2, 2, 3))
    value[1, 1, 2] = 2.0
    assert says in judge("zeros", quantity(value, **other))[1]


def test_an_element_of_one_timestep_tells_which() -> None:
    assert "sample 0, u0, timestep 4: 1 " in judge("zeros", quantity([[1.0]], timesteps=(4,)))[1]


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3), elements=st.floats(-9, 9)))
def test_the_worst_element_of_an_interval_is_the_farthest_from_it(array: Any) -> None:
    beyond = np.maximum(-1 - array, array - 1)
    assume(beyond.max() > 0)
    with pytest.raises(Finding) as caught:
        CONDITIONS["between"](
            quantity(array), [-1, 1], Condition.model_validate({"between": [-1, 1]})
        )
    worst = caught.value.worst
    assert worst is not None
    assert worst.deviation == beyond.max()
    assert array[worst.index] == worst.found


floats = st.floats(width=32, allow_nan=False) | st.just(0.0)
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
