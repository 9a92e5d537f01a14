"""Selectors and references, as they are written."""

from __future__ import annotations

import pytest

from lstm_state_probe.scenario.written.selectors import Selector, parse_reference, parse_selector

STATES = ["lstm/h", "lstm/c", "bidirectional/forward/h", "rnn/cell0/h"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lstm/h", ("lstm/h", None, "final")),
        ("lstm/h[0]", ("lstm/h", 0, "final")),
        ("lstm/h[-1]@initial", ("lstm/h", -1, "initial")),
        ("lstm/*@held", ("lstm/*", None, "held")),
        ("*", ("*", None, "final")),
        ("*/h", ("*/h", None, "final")),
        ("lstm/?@final", ("lstm/?", None, "final")),
        ("a/b/c/h", ("a/b/c/h", None, "final")),
        (" lstm/h ", ("lstm/h", None, "final")),
        ("result", ("result", None, "final")),
        ("result/loss", ("result/loss", None, "final")),
    ],
)
def test_a_selector_has_an_address_a_call_and_a_moment(text: str, expected: object) -> None:
    found = parse_selector(text)
    assert (found.address, found.call, found.when) == expected
    assert found.is_result == text.startswith("result")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a selector"),
        ("@initial", "is not a selector"),
        ("lstm/h[0", "is not a selector"),
        ("lstm/h[0][1]", "is not a selector"),
        ("lstm/h@initial@final", "is not a selector"),
        ("lstm/h@initial[0]", "is not a selector"),
        ("a b/h", "is not a selector"),
        ("first: lstm/h", "is not a selector"),
        ("lstm", "such as lstm/h"),
        ("resul", "did you mean 'result'?"),
        ("lstm/h[x]", "[x] is not a call"),
        ("lstm/h[]", "[] is not a call"),
        ("lstm/h[1.5]", "[1.5] is not a call"),
        ("lstm/h[99999999999]", "is not a call"),
        ("lstm/h@inital", "did you mean 'initial'?"),
        ("lstm/h@", "@ is not a moment"),
        ("lstm/h@1.5", "is not a moment; allowed: initial, final, held, all, a timestep"),
        ("result@initial", "it has no [k], no @when"),
        ("result[0]", "it has no [k], no @when"),
        ("lstm/h[0]@held", "belongs to no call"),
        ("x" * 10_000, "is not an address"),
    ],
)
def test_a_wrong_selector_says_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_selector(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("lstm/h", ["lstm/h"]),
        ("lstm/*", ["lstm/h", "lstm/c"]),
        ("*/h", ["lstm/h", "bidirectional/forward/h", "rnn/cell0/h"]),
        ("*", STATES),
        ("rnn/cell?/h", ["rnn/cell0/h"]),
        ("LSTM/h", []),
        ("lstm", []),
    ],
)
def test_globs_match_whole_addresses_in_their_order(pattern: str, matched: list[str]) -> None:
    assert Selector(pattern, pattern).matches(STATES) == matched


def test_no_match_says_what_there_is() -> None:
    message = parse_selector("lst/h").explain_no_match(STATES)
    assert message.endswith("did you mean 'lstm/h'?")
    assert "known: lstm/h, lstm/c" in message
    assert "no recurrent layer" in parse_selector("a/h").explain_no_match([])
    assert len(parse_selector("a/h").explain_no_match([f"l{k}/h" for k in range(10_000)])) < 600


@pytest.mark.parametrize(
    ("text", "label", "address"),
    [
        ("lstm/h", None, "lstm/h"),
        ("first: lstm/h", "first", "lstm/h"),
        ("the first update: lstm/h[0]@initial", "the first update", "lstm/h"),
        ("first:lstm/*", "first", "lstm/*"),
        (" first : result", "first", "result"),
    ],
)
def test_a_reference_may_name_an_earlier_operation(
    text: str, label: str | None, address: str
) -> None:
    found, selector = parse_reference(text)
    assert (found, selector.address) == (label, address)


@pytest.mark.parametrize("text", ["a: b: lstm/h", ": lstm/h", "first:", "first: lstm", ""])
def test_a_wrong_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|is not"):
        parse_reference(text)


@pytest.mark.parametrize(("text", "when"), [("lstm/h@0", 0), ("lstm/h@-1", -1), ("*/c@all", "all")])
def test_a_selector_can_name_timesteps(text: str, when: object) -> None:
    assert parse_selector(text).when == when


def test_a_glob_names_gates_only_by_their_letter() -> None:
    gates = ["lstm/i", "lstm/f", "gru/z"]
    assert parse_selector("lstm/*").matches_gates(gates) == []
    assert parse_selector("*/f").matches_gates(gates) == ["lstm/f"]
    assert parse_selector("lstm/i").matches_gates(gates) == ["lstm/i"]
