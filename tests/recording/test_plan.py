"""Which timesteps are kept."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.recording.plan import ENDS, Plan


@given(st.integers(0, 40), st.lists(st.integers(-50, 50), min_size=1))
def test_chosen_timesteps_are_in_order_unique_and_in_range(count: int, chosen: list[int]) -> None:
    kept = list(Plan(timesteps=tuple(chosen)).keep(count))
    assert kept == sorted(set(kept))
    assert set(kept) == {t + count if t < 0 else t for t in chosen if -count <= t < count}


@given(st.integers(1, 200), st.integers(1, 30))
def test_a_stride_keeps_the_first_and_the_last(count: int, stride: int) -> None:
    kept = list(Plan(timesteps=stride).keep(count))
    assert kept[0] == 0
    assert kept[-1] == count - 1
    assert all(b - a <= stride for a, b in itertools.pairwise(kept))


def test_all_keeps_all_and_final_none() -> None:
    assert list(Plan().keep(3)) == [0, 1, 2]
    assert list(ENDS.keep(3)) == []


def test_a_layer_that_no_pattern_names_gives_its_ends_alone() -> None:
    plan = Plan(gates=True, layers=("b*",))
    assert plan.level("lstm") == "final"
    assert plan.level("bidirectional/forward") == "gates"
    assert Plan().level("lstm") == "states"
