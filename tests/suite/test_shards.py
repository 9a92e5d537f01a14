"""Shards: together everything, nothing twice, about equally long, whatever the order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.errors import UsageError
from lstm_state_probe.suite.shards import Shard, parse_shard, split

KEYS = st.lists(
    st.tuples(st.text("abc", max_size=4), st.sampled_from(["keras3", "tf_keras"])), unique=True
)
SECONDS = st.floats(0, 100, allow_nan=False)


@given(keys=KEYS, count=st.integers(1, 7), data=st.data())
def test_shards_are_complete_disjoint_and_the_same_in_any_order(keys, count, data) -> None:
    known = data.draw(st.lists(st.sampled_from(keys), unique=True) if keys else st.just([]))
    seconds = {key: data.draw(SECONDS) for key in known}
    parts = split(keys, count, seconds=seconds)
    assert len(parts) == count
    assert sum(map(len, parts)) == len(keys)
    assert frozenset().union(*parts) == frozenset(keys)
    shuffled = list(keys)
    random.Random(1).shuffle(shuffled)
    assert split(shuffled, count, seconds=seconds) == parts


@given(lengths=st.lists(SECONDS, min_size=1, max_size=40), count=st.integers(1, 6))
def test_no_shard_is_longer_than_another_by_more_than_one_scenario(lengths, count) -> None:
    seconds = {(str(index), "keras3"): length for index, length in enumerate(lengths)}
    loads = [sum(map(seconds.__getitem__, p)) for p in split(list(seconds), count, seconds=seconds)]
    assert max(loads) - min(loads) <= max(lengths) + 1e-9


def test_what_was_never_timed_counts_as_the_median() -> None:
    keys = [(name, "keras3") for name in "abcdefg"]
    seconds = {keys[0]: 1.0, keys[1]: 3.0, keys[2]: 100.0}  # the other four: 3 each
    parts = split(keys, 2, seconds=seconds)
    assert {keys[2]} in parts


def test_without_durations_the_numbers_are_equal() -> None:
    keys = [(str(index), "keras3") for index in range(10)]
    assert sorted(map(len, split(keys, 4, seconds={}))) == [2, 2, 3, 3]


def test_zero_seconds_do_not_pile_up_in_one_shard() -> None:
    keys = [(str(index), "keras3") for index in range(9)]
    assert [len(part) for part in split(keys, 3, seconds=dict.fromkeys(keys, 0.0))] == [3, 3, 3]


def test_a_shard_is_read() -> None:
    assert parse_shard("2/5") == Shard(2, 5)
    assert str(Shard(2, 5)) == "2/5"


@pytest.mark.parametrize("text", ["", "2", "0/5", "6/5", "1/0", "-1/3", "1/3/4", "a/b", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected a part such as 2/5"):
        parse_shard(text)
