"""A few lines of each state: what stands there is what was recorded; what is not shown is told."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.call import Gates
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.chosen import chosen, selector
from lstm_state_probe.report.words.numbers import digits
from lstm_state_probe.report.words.strip import ASCII_LEVELS, LEVELS, strip

STEPS = np.random.default_rng(0).normal(size=(10, 2, 4)).astype(np.float32)


def shown(page, report, **options) -> str:
    text: str = page(report, **{"view": None, **options})
    return text


def numbers(text: str, when: str) -> list[str]:
    match = re.search(rf"^.*\b{when}\s+(?:all|\d+)((?:\s+-?[\d.]+(?:e-?\d+)?)+)", text, re.M)
    assert match, text
    return match[1].split()


def test_initial_one_timestep_and_final_are_there_without_any_option(made, page) -> None:
    text = shown(page, made.scenario(made.operation(made.recorded(STEPS))))
    assert numbers(text, "initial")[:4] == ["0"] * 4
    assert numbers(text, "t 4")[:4] == [digits(float(v), 4) for v in STEPS[4, 0]]
    assert numbers(text, "final")[:4] == [digits(float(v), 4) for v in STEPS[-1, 0]]


def test_an_operation_on_a_small_model_is_a_screen_at_most(made, page) -> None:
    report = made.scenario(made.operation(made.recorded(STEPS)))
    assert len(shown(page, report).splitlines()) <= 30


def test_the_strip_is_the_largest_value_of_each_timestep() -> None:
    found = strip(STEPS, 10)
    assert found.per == 1
    assert found.values == tuple(float(np.abs(step).max()) for step in STEPS)
    assert found.marks(LEVELS)[int(np.argmax(found.values))] == LEVELS[-1]


def test_a_strip_of_many_timesteps_is_binned_and_says_so(made, page) -> None:
    steps = np.ones((100, 1, 2), np.float32)
    steps[57] = 3
    found = strip(steps, 16)
    assert len(found.values) <= 16
    assert found.values[57 // found.per] == 3
    text = shown(page, made.scenario(made.operation(made.recorded(steps))))
    assert f"a mark over time is the largest of {found.per} timesteps" in text


def test_a_value_that_is_not_finite_has_a_mark_of_its_own() -> None:
    steps = STEPS.copy()
    steps[3, 0, 0], steps[5, 1, 1] = np.nan, np.inf
    marks = strip(steps, 10).marks(ASCII_LEVELS)
    assert [k for k, mark in enumerate(marks) if mark == "!"] == [3, 5]


def test_a_state_that_is_all_zeros_is_one_line(made, page) -> None:
    text = shown(page, made.scenario(made.operation(made.recorded(STEPS * 0))))
    assert "zeros from first to last, (2, 4) float32" in text
    assert "initial" not in text.replace("initial  zeros", "")


def test_a_layer_that_was_not_called_is_one_line(made, page) -> None:
    held = {"before": {"lstm/h": np.full((1, 2), 0.5)}, "held": {"lstm/h": np.zeros((1, 2))}}
    reset = made.operation(operation="reset_states", **held)
    assert "lstm  h max|.| 0.5000 → 0" in shown(page, made.scenario(reset, stateful=True))
    same = {"before": {"lstm/h": np.ones((1, 2))}, "held": {"lstm/h": np.ones((1, 2))}}
    assert "h held as before, max|.| 1.000" in shown(
        page, made.scenario(made.operation(**same), stateful=True)
    )


def test_what_is_held_is_shown_only_where_it_is_not_the_final(made, page) -> None:
    call = made.recorded(STEPS)
    same = made.operation(call, held={"lstm/h": STEPS[-1]})
    other = made.operation(call, held={"lstm/h": STEPS[-1] + 1})
    assert " held " not in shown(page, made.scenario(same, stateful=True))
    text = shown(page, made.scenario(other, stateful=True))
    assert numbers(text, "held")[:4] == [digits(float(v), 4) for v in STEPS[-1, 0] + 1]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_no_line_is_wider_than_the_page_and_what_is_left_out_is_told(made, page, width) -> None:
    steps = np.random.default_rng(1).normal(size=(40, 8, 64)).astype(np.float32)
    text = shown(page, made.scenario(made.operation(made.recorded(steps))), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert re.search(r"showing units .* of 64 and\s+samples 0, 7 of 8", text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_blocks_gets_characters(made, page, encoding) -> None:
    text = shown(page, made.scenario(made.operation(made.recorded(STEPS))), encoding=encoding)
    assert not set(text) & set(LEVELS)
    assert strip(STEPS, 16).marks(ASCII_LEVELS) in text


def test_a_narrow_page_shows_every_moment_at_length(made, page) -> None:
    report = made.scenario(made.operation(made.recorded(STEPS)))
    assert shown(page, report, width=40) == shown(page, report, width=40, view="table")


# --- what is chosen ---------------------------------------------------------------------------


@pytest.fixture
def two(made):
    gates = Gates({"f": STEPS, "i": STEPS + 1})
    first = made.operation(made.recorded(STEPS, gates=gates), label="up", operation="fit")
    second = made.operation(made.recorded(STEPS + 2), index=1)
    return made.scenario(first, second)


def test_an_operation_is_chosen_by_number_label_or_name(two) -> None:
    for word in ("1", "up", "fit"):
        cut = chosen(two, ShowOptions(operations=(word,)))
        assert [done.index for done in cut.operations] == [0]
    with pytest.raises(UsageError, match=r"no operation 'ftt'.*did you mean 'fit'"):
        chosen(two, ShowOptions(operations=("ftt",)))


def test_states_and_gates_are_chosen_by_the_selector_language(two) -> None:
    (call,) = chosen(two, ShowOptions(show=("lstm/f",))).operations[0].outcome.calls
    assert (list(call.states), list(call.gates)) == ([], ["f"])
    assert np.array_equal(call.gates["f"], STEPS)
    (call,) = chosen(two, ShowOptions(show=("*/h",))).operations[0].outcome.calls
    assert (list(call.states), list(call.gates)) == (["h"], [])
    with pytest.raises(UsageError, match="matches no state; known: lstm/h, lstm/f, lstm/i"):
        chosen(two, ShowOptions(show=("lstm/c",)))


@pytest.mark.parametrize("text", ["lstm", "result", "lstm/h@0", "lstm/h[1]", "@"])
def test_a_selector_that_cannot_be_shown_is_refused_before_anything_runs(text) -> None:
    with pytest.raises(UsageError, match="--show"):
        selector(text)


def test_one_sample_is_shown_by_its_own_number(two, page) -> None:
    text = shown(page, two, sample=1, operations=("1",), show=("lstm/h",))
    assert numbers(text, "final")[:4] == [digits(float(v), 4) for v in STEPS[-1, 1]]
    assert not re.search(r"(initial|final|t 4)\s+0\b", text)
    with pytest.raises(UsageError, match="no sample 2: the largest batch has 2"):
        chosen(two, ShowOptions(sample=2))


def test_the_answers_are_those_of_the_whole_whatever_is_chosen(two, page) -> None:
    texts = [shown(page, two, operations=chosen_) for chosen_ in ((), ("1",))]
    whole, part = (text.partition("What was seen")[2] for text in texts)
    assert whole == part
