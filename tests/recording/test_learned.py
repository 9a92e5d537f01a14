"""Initial states that a cell makes for itself: learned, computed, constant, random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from own_cells import START, cell
from plain_keras import BATCH, Case

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.recorder import Recorder

MODES = {"graph": {}, "run_eagerly": {"run_eagerly": True}, "jit_compile": {"jit_compile": True}}


def case(how: str, *, stateful: bool = False, **options: Any) -> Case:
    def layers(K: Any) -> list[Any]:
        keras = import_module(K.__name__.split(".")[0])
        return [K.RNN(cell(keras, how), stateful=stateful, name="rnn"), K.Dense(1)]

    return Case(how, layers, compile=options)


def recorded(
    engine: Any, made: Case, act: Callable[[Any, Any, Any], Any]
) -> tuple[Any, Sequence[Call]]:
    model = made.build(engine.keras)
    recorder = Recorder.attach(engine, model, Origins(operation="operation 1"))
    try:
        act(model, *made.data(BATCH))
        return model, recorder.take()[0]
    finally:
        recorder.detach()
        engine.clear()


def train_twice(model: Any, x: Any, y: Any) -> None:
    for _ in range(2):
        model.train_on_batch(x, y)


def called_twice(model: Any, x: Any, y: Any) -> None:
    for _ in range(2):
        model.predict_on_batch(x)


def called_and_trained(model: Any, x: Any, y: Any) -> None:
    model.predict_on_batch(x)
    train_twice(model, x, y)


def start_weight(model: Any) -> str:
    (path,) = (
        getattr(w, "path", w.name).removesuffix(":0")
        for w in model.trainable_weights
        if "start" in w.name
    )
    return str(path)


@pytest.mark.parametrize("mode", ["graph", "run_eagerly"])
def test_a_learned_start_is_told_with_its_weight_also_while_it_trains(
    engine: Any, mode: str
) -> None:
    model, calls = recorded(engine, case("a weight", **MODES[mode]), train_twice)
    assert [call.states["h"].origin.word for call in calls] == ["learned", "learned"]
    assert calls[1].states["h"].origin.words == f"learned: {start_weight(model)}"
    np.testing.assert_array_equal(calls[0].states["h"].initial[0], np.float32(START))
    assert not np.array_equal(calls[1].states["h"].initial, calls[0].states["h"].initial)


def test_a_learned_start_is_told_under_xla(engine: Any) -> None:
    model, calls = recorded(
        engine, case("a weight", jit_compile=True), lambda m, x, y: m.train_on_batch(x, y)
    )
    assert calls[0].states["h"].origin.words == f"learned: {start_weight(model)}"


def test_a_learned_start_of_zeros_is_learned_and_not_zeros(engine: Any) -> None:
    _, (call,) = recorded(
        engine, case("a weight of zeros"), lambda m, x, y: m.predict(x, verbose=0)
    )
    assert not call.states["h"].initial.any()
    assert call.states["h"].origin.word == "learned"


def test_a_start_that_is_computed_from_a_weight_is_learned_and_says_so(engine: Any) -> None:
    model, (call,) = recorded(
        engine, case("computed from a weight"), lambda m, x, y: m.predict(x, verbose=0)
    )
    words = f"learned: computed from {start_weight(model)}"
    assert call.states["h"].origin.words == words


@pytest.mark.parametrize("how", ["a weight that is cut off", "a constant"])
def test_a_start_that_no_weight_can_train_is_custom(engine: Any, how: str) -> None:
    _, calls = recorded(
        engine, case(how), lambda m, x, y: [m.predict(x, verbose=0) for _ in range(2)]
    )
    assert [call.states["h"].origin.word for call in calls] == ["custom", "custom"]


def test_a_cell_that_makes_zeros_itself_starts_at_zeros(engine: Any) -> None:
    _, (call,) = recorded(engine, case("zeros"), lambda m, x, y: m.predict(x, verbose=0))
    assert call.states["h"].origin.word == "zeros"


@pytest.mark.parametrize("mode", ["graph", "run_eagerly"])
def test_random_is_what_draws_a_random_number_from_the_first_call_on_and_in_training(
    engine: Any, mode: str
) -> None:
    _, calls = recorded(engine, case("random", **MODES[mode]), called_and_trained)
    assert {call.states["h"].origin.words for call in calls} == {"random: drawn for this call"}
    assert not np.array_equal(calls[1].states["h"].initial, calls[2].states["h"].initial)


@pytest.mark.parametrize(
    ("how", "mode"), [("a counter", "graph"), ("the number of rows", "run_eagerly")]
)
def test_a_start_with_a_cause_is_custom_though_it_changes_from_call_to_call(
    engine: Any, how: str, mode: str
) -> None:
    _, calls = recorded(engine, case(how, **MODES[mode]), called_and_trained)
    words = "custom: what get_initial_state of the cell returns"
    assert {call.states["h"].origin.words for call in calls} == {words}


def test_zeros_by_chance_are_told_apart_from_zeros_that_are_made(engine: Any) -> None:
    """A counter may be zero."""
    _, (call,) = recorded(engine, case("a counter at zero"), lambda m, x, y: m.predict_on_batch(x))
    assert not call.states["h"].initial.any()
    assert call.states["h"].origin.word == "custom"


def test_a_learned_start_with_noise_is_learned_and_says_so(engine: Any) -> None:
    model, calls = recorded(
        engine, case("a weight and noise"), lambda m, x, y: m.train_on_batch(x, y)
    )
    words = f"learned: computed from {start_weight(model)} and random numbers"
    assert {call.states["h"].origin.words for call in calls} == {words}


@pytest.mark.parametrize("how", ["a weight of zeros", "computed from a weight", "random"])
def test_what_a_stateful_layer_was_built_with_is_told_as_it_was_made(engine: Any, how: str) -> None:
    """As its numbers would not tell: zeros, and what equals no weight."""
    with engine.noting_builds():
        _, calls = recorded(engine, case(how, stateful=True), called_twice)
    first = calls[0].states["h"].origin
    assert first.word == ("random" if how == "random" else "learned")
    assert first.words.endswith("when the layer was built")
    assert {call.states["h"].origin.word for call in calls[1:]} == {"carried"}


def test_a_stateful_layer_reads_the_weight_once_and_is_reset_to_zeros(engine: Any) -> None:
    def act(model: Any, x: Any, y: Any) -> None:
        model.train_on_batch(x, y)
        model.layers[0].reset_states()
        model.predict(x, verbose=0)

    _, calls = recorded(engine, case("a weight", stateful=True), act)
    first, second = (call.states["h"].origin for call in calls)
    assert first.word == "learned"
    assert "read once when the layer was built" in first.words
    assert second.word == "reset"
    assert not calls[1].states["h"].initial.any()


@pytest.mark.rows(4)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["a weight", "computed from a weight"])
def test_asking_which_weight_it_was_changes_no_bit_of_the_training(
    engine: Any, how: str, mode: str
) -> None:
    made = case(how, **MODES[mode])

    def trained(*, watched: bool) -> list[Any]:
        model = made.build(engine.keras)
        recorder = Recorder.attach(engine, model, Origins()) if watched else None
        x, y = made.data()
        losses = [model.train_on_batch(x[:BATCH], y[:BATCH]) for _ in range(3)]
        if recorder is not None:
            recorder.detach()
        return [np.asarray(losses), *(np.asarray(w) for w in model.get_weights())]

    for plain, observed in zip(trained(watched=False), trained(watched=True), strict=True):
        np.testing.assert_array_equal(plain, observed)
