"""A selector names arrays of an operation, or there is an error that says what there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from judged import call, outcome

from lstm_state_probe.expectations.happened import NoSuchQuantity
from lstm_state_probe.expectations.quantity import Quantity, find_quantities
from lstm_state_probe.scenario.written.selectors import parse_selector

ADDRESSES = ["lstm/h", "lstm/c", "gru/h", "bidirectional/forward/h"]
TWICE = outcome(call("lstm", 0), call("gru", 0, states=("h",)), call("lstm", 1))
HELD = {"lstm/h": np.ones((2, 3)), "lstm/c": np.zeros((2, 3))}
RESET = outcome(operation="reset_states", before=HELD, held={k: 0 * v for k, v in HELD.items()})


def find(text: str, of: Any = TWICE) -> list[Quantity]:
    return find_quantities(parse_selector(text), of, ADDRESSES)


def first(text: str, of: Any = TWICE) -> float:
    (found,) = find(text, of)
    return float(found.value.flat[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lstm/h", 2.0),
        ("lstm/h@final", 2.0),
        ("lstm/h@initial", 1.0),
        ("lstm/h[0]", 1.0),
        ("lstm/h[0]@initial", 0.0),
        ("lstm/h[1]", 2.0),
        ("lstm/h[-1]", 2.0),
        ("lstm/h[-2]", 1.0),
        ("gru/h", 1.0),
    ],
)
def test_k_is_the_call_of_the_layer_and_the_last_unless_said(text: str, value: float) -> None:
    assert first(text) == value


def test_a_glob_names_every_state_in_the_order_of_the_layers() -> None:
    assert [found.name for found in find("lstm/*")] == ["lstm/h", "lstm/c"]
    everything = outcome(held={address: np.ones(1) for address in ADDRESSES})
    assert [found.name for found in find("*/h", everything)] == [
        "lstm/h",
        "gru/h",
        "bidirectional/forward/h",
    ]


def test_final_is_compared_with_where_that_call_started() -> None:
    (found,) = find("lstm/h[0]")
    assert found.start is not None
    assert float(found.start.flat[0]) == 0.0
    assert found.origin is not None


def test_without_a_call_it_is_what_the_layer_holds() -> None:
    assert first("lstm/h", RESET) == 0.0
    assert first("lstm/h@initial", RESET) == 1.0
    assert first("lstm/h@held", RESET) == 0.0
    (found,) = find("lstm/h@held", RESET)
    assert found.start is HELD["lstm/h"]


def test_held_is_what_is_held_and_not_what_a_call_ended_with() -> None:
    of = outcome(call("lstm", 0), held={"lstm/h": np.full((2, 3), 7.0)})
    assert first("lstm/h@held", of) == 7.0
    assert first("lstm/h", of) == 1.0


@pytest.mark.parametrize(
    ("text", "of", "says"),
    [
        ("lstm/x", TWICE, "matches no state; known: lstm/h"),
        ("gruu/h", TWICE, "did you mean 'gru/h'"),
        ("lstm/h[2]", TWICE, "predict made 2 calls"),
        ("lstm/h[-3]", TWICE, "predict made 2 calls"),
        ("gru/h[1]", TWICE, "predict made 1 call"),
        ("lstm/h@held", TWICE, "not held: its layer is not stateful"),
        ("bidirectional/forward/h", TWICE, "predict made no call of 'bidirectional/forward'"),
        ("lstm/h[0]", RESET, "reset_states made no call of 'lstm'"),
        ("result", TWICE, "returned nothing that could be judged"),
        ("result/los", outcome(result={"loss": 1.0, "mae": 2.0}), "did you mean 'result/loss'"),
    ],
)
def test_what_is_not_there_is_an_error_and_never_a_silent_pass(
    text: str, of: Any, says: str
) -> None:
    with pytest.raises(NoSuchQuantity) as caught:
        find(text, of)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("result", "text", "names"),
    [
        (0.5, "result", ["result"]),
        (0, "result", ["result"]),
        (False, "result", ["result"]),
        (np.zeros((2, 1)), "result", ["result"]),
        ([0.1, 0.2], "result", ["result"]),
        ({"loss": 0.1, "mae": [1.0, 2.0]}, "result", ["result/loss", "result/mae"]),
        ({"loss": 0.1, "mae": 0.2}, "result/mae", ["result/mae"]),
        ([np.zeros(2), np.ones(3)], "result", ["result/0", "result/1"]),
        ([np.zeros(2), np.ones(3)], "result/1", ["result/1"]),
        ({"a": [np.zeros(2), {"b": 1}]}, "result/a", ["result/a/0", "result/a/1/b"]),
    ],
)
def test_result_is_what_the_operation_returned(result: Any, text: str, names: list[str]) -> None:
    assert [found.name for found in find(text, outcome(result=result))] == names
