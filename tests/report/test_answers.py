"""The answers: each kind of sentence says what was recorded, and nothing where nothing was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from jsonschema import validate

from lstm_state_probe.recording.call import Origin
from lstm_state_probe.report import junit, markdown
from lstm_state_probe.report.answers import ANSWERS, answers
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.html import page as html
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.json.schema import report_schema
from lstm_state_probe.report.json.writer import text as json_text

ZEROS = Origin("zeros", "zeros: as the layer was built")
STATELESS = Origin("zeros", "zeros: stateless, made for this call")
CARRIED = Origin("carried", "carried from operation 1, batch 1")
RESET = Origin("reset", "reset: operation 2")
NONE, SOME, OTHER = np.zeros((1, 2)), np.full((1, 2), 0.5), np.full((1, 2), 0.7)
Tell = Callable[..., list[str]]


@pytest.fixture
def tell(made: Any) -> Tell:
    """Tell the sentences of one kind about operations, numbered in their order."""

    def sentences(word: str, *operations: Any, **other: Any) -> list[str]:
        report = made.scenario(*operations, **{"stateful": True, **other})
        return [answer.sentence for answer in answers(report) if answer.word == word]

    return sentences


@pytest.fixture
def done(made: Any) -> Callable[..., Any]:
    """One operation on a layer that holds its state: what it held, its calls, what it holds."""

    def operation(index: int, before: Any, after: Any, *calls: Any, **other: Any) -> Any:
        held = {"before": {"lstm/h": before}, "held": {"lstm/h": after}}
        return made.operation(*calls, index=index, **held, **other)

    return operation


def test_a_stateless_layer_starts_every_call_anew(made: Any, tell: Tell) -> None:
    calls = [made.call(NONE, SOME, origin=STATELESS) for _ in range(2)]
    told = tell("starts", *(made.operation(call) for call in calls), stateful=False)
    assert told == [
        "lstm starts every call at zeros: it is not stateful, and keeps nothing for the next."
    ]


def test_a_stateful_layer_starts_at_zeros_then_where_the_last_call_ended(made, done, tell) -> None:
    first = done(0, NONE, SOME, made.call(NONE, SOME, origin=ZEROS))
    reset = done(1, SOME, NONE, operation="reset_states")
    second = done(2, NONE, SOME, made.call(NONE, SOME, origin=RESET))
    third = done(3, SOME, OTHER, made.call(SOME, OTHER, origin=CARRIED))
    assert tell("starts", first, reset, second, third) == [
        "lstm starts at zeros on its first call, then at zeros after a reset and where the last"
        " call ended."
    ]


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Origin("given", "given: encoder"), "from what it is given (encoder)"),
        (Origin("learned", "learned: model/cell/start"), "at a learned weight (start)"),
        (Origin("random", "random: drawn"), "at a random draw, another each time"),
        (Origin("custom", "custom: its own way"), "at its own way"),
        (Origin("set", "set: operation 1"), "at what set_states assigned"),
    ],
)
def test_every_origin_has_words_for_where_a_call_starts(made, done, tell, origin, words) -> None:
    one = done(0, SOME, OTHER, made.call(SOME, OTHER, origin=origin))
    assert tell("starts", one) == [f"lstm starts {words} on its one call."]


def test_fit_carries_over_batches_epochs_and_into_validation(made, done, tell) -> None:
    places = [("train", 0, 0), ("train", 0, 1), ("test", 0, 0), ("train", 1, 0)]
    calls = [
        made.call(SOME, SOME, origin=CARRIED if k else ZEROS, phase=p, epoch=e, batch=b)
        for k, (p, e, b) in enumerate(places)
    ]
    assert tell("carries", done(0, NONE, SOME, *calls, operation="fit")) == [
        "fit carries lstm from batch to batch, from epoch to epoch and into its validation, which"
        " moves it: fit never resets."
    ]


def test_nothing_is_carried_where_each_batch_starts_anew(made, done, tell) -> None:
    calls = [made.call(NONE, SOME, origin=RESET, batch=b) for b in range(3)]
    assert tell("carries", done(0, NONE, SOME, *calls)) == []


def test_what_moves_the_state_is_named_once(made, done, tell) -> None:
    call = made.call(NONE, SOME)
    twice = [done(k, NONE, SOME, call, operation="predict") for k in range(2)]
    train = done(2, SOME, OTHER, call, operation="train_on_batch")
    assert tell("moves", *twice, train) == [
        "predict and train_on_batch move lstm, and it keeps what they left."
    ]
    assert tell("moves", done(0, SOME, SOME, call)) == []


def test_a_reset_that_brings_zeros_back_says_so(done, tell) -> None:
    reset = done(0, SOME, NONE, operation="reset_states")
    assert tell("resets", reset) == ["reset_states brings zeros back to lstm."]
    built = {"initialised": {"lstm/h": OTHER}}
    assert tell("resets", reset, **built) == [
        "reset_states brings zeros back to lstm, not what it was built with."
    ]


def test_a_reset_that_does_nothing_or_raises_says_so(done, tell) -> None:
    nothing = done(0, SOME, SOME, operation="reset_states")
    assert tell("resets", nothing) == ["reset_states leaves lstm as it was."]
    failed = done(0, SOME, SOME, operation="reset_states", failure=("AttributeError", "no"))
    assert tell("resets", failed) == [
        "reset_states raised AttributeError, and lstm stays as it was."
    ]
    assert tell("resets", done(0, NONE, NONE, operation="reset_states")) == []


def test_a_reload_keeps_or_loses_the_state(done, tell) -> None:
    assert tell("reloads", done(0, SOME, SOME, operation="reload")) == [
        "reload keeps what lstm held."
    ]
    assert tell("reloads", done(0, SOME, NONE, operation="reload")) == [
        "reload loses what lstm held: it holds zeros after save and load."
    ]
    as_built = done(0, SOME, OTHER, operation="reload")
    assert tell("reloads", as_built, initialised={"lstm/h": OTHER}) == [
        "reload loses what lstm held: it holds what it was built with."
    ]
    assert tell("reloads", done(0, NONE, NONE, operation="reload")) == []  # nothing to lose


def test_what_the_probe_assigned_is_told_as_such(done, tell) -> None:
    assert tell("sets", done(1, NONE, SOME, operation="set_states")) == [
        "set_states assigned lstm (operation 2)."
    ]


def repeated(made: Any, done: Any, *rows: tuple[Any, Any]) -> list[Any]:
    """Predict the same input several times: (initial, result) each."""
    return [
        done(k, a, SOME, made.call(a, SOME), result=result, inputs="x='x'")
        for k, (a, result) in enumerate(rows)
    ]


def test_a_second_predict_that_differs_says_why_and_what_to_do(made, done, tell) -> None:
    assert tell("repeats", *repeated(made, done, (NONE, SOME), (SOME, OTHER))) == [
        "A second predict on the same input gives another result (operations 1 and 2): lstm starts"
        " elsewhere. Reset it before each to have the same."
    ]
    again = repeated(made, done, (NONE, SOME), (SOME, OTHER), (NONE, SOME))
    assert tell("repeats", *again)[0].endswith(
        "Started alike, it gives the same (operations 1 and 3)."
    )


def test_equal_results_are_told_as_such(made, done, tell) -> None:
    assert tell("repeats", *repeated(made, done, (NONE, SOME), (NONE, SOME))) == [
        "predict on the same input gives the same result again (operations 1 and 2)."
    ]


def test_nothing_is_compared_across_a_training_or_another_input(made, done, tell) -> None:
    first, second = repeated(made, done, (NONE, SOME), (SOME, OTHER))
    train = done(1, SOME, SOME, made.call(SOME, SOME, phase="train"), operation="fit")
    assert tell("repeats", first, train, second) == []
    other = done(1, SOME, SOME, made.call(SOME, SOME), result=OTHER, inputs="x='other'")
    assert tell("repeats", first, other) == []
    unknown = done(1, SOME, SOME, made.call(SOME, SOME), result=OTHER)
    assert tell("repeats", unknown, unknown) == []


def test_a_mask_is_counted_over_all_samples(made, done, tell) -> None:
    mask = np.array([[True, False, False]])
    assert tell("masked", done(0, NONE, SOME, made.call(NONE, SOME, mask=mask))) == [
        "A mask holds lstm at 2 of 3 timesteps of all samples."
    ]
    assert tell("masked", done(0, NONE, SOME, made.call(NONE, SOME, mask=mask | True))) == []


def test_the_first_value_that_is_not_finite_has_its_place(made, done, tell) -> None:
    steps = np.zeros((3, 1, 2), np.float32)
    steps[1:, 0, 1] = np.nan
    call = made.recorded(steps, batch=1)
    good = made.recorded(steps[:1])
    assert tell("not finite", done(0, NONE, SOME, good, call)) == [
        "The first NaN of lstm/h stands in operation 1 (predict, batch 2), timestep 1, sample 0,"
        " u1."
    ]


def test_what_keras_raised_says_whether_the_state_had_moved(made, done, tell) -> None:
    failed = done(2, SOME, OTHER, failure=("ValueError", "no"), raises=True)
    assert tell("raised", failed) == [
        "predict (operation 3) raised ValueError, as expected. lstm: it had moved by then."
    ]
    kept = done(2, SOME, SOME, failure=("ValueError", "no"))
    assert tell("raised", kept) == [
        "predict (operation 3) raised ValueError. lstm: it holds what it held before."
    ]


def test_every_kind_of_sentence_has_a_test() -> None:
    from pathlib import Path

    text = Path(__file__).read_text(encoding="utf-8")
    assert [word for word in ANSWERS if f'"{word}"' not in text] == []


@pytest.fixture
def story(made: Any, done: Any) -> ScenarioReport:
    layer = {"stateful": True}
    first, second = repeated(made, done, (NONE, SOME), (SOME, OTHER))
    scenario: ScenarioReport = made.scenario(first, second, **layer)
    return scenario


def test_every_report_carries_the_answers(made, page, story, tmp_path) -> None:
    suite = made.suite(story)
    sentences = [answer.sentence for answer in answers(story)]
    assert len(sentences) >= 3
    flat = " ".join(page(story).split())
    for sentence in sentences:
        assert sentence in flat
        assert sentence in html.text(suite)
        assert sentence.replace("_", "\\_") in markdown.text(suite)
        assert sentence in junit.text(suite).decode()
    file = tmp_path / "r.json"
    file.write_text(json_text(suite), encoding="utf-8")
    read = json.loads(file.read_text(encoding="utf-8"))
    validate(read, report_schema())
    assert [answer["sentence"] for answer in read["scenarios"][0]["answers"]] == sentences
    (back,) = read_report(file).scenarios
    assert answers(back) == answers(story)
