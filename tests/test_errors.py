"""The complaint's form, the nearest name, and values in YAML's words."""

from __future__ import annotations

from typing import Any

import pytest

from lstm_state_probe.errors import (
    Complaint,
    CouldNotRun,
    EngineMissing,
    ProbeError,
    ScenarioError,
    UsageError,
    brief,
    listed,
    nearest,
    one_of,
)


def _caret_points_at(complaint: Complaint) -> str:
    """Return what stands above the caret, in a terminal where 日 takes two cells."""
    _, source, caret = str(complaint).split("\n")
    cells = "".join(char + "\0" * (char in "日本") for char in source)
    cells = cells.replace("\u0301", "")
    return cells[caret.index("^")]


def test_every_user_error_has_an_exit_code() -> None:
    codes = {cls.__name__: cls.exit_code for cls in ProbeError.__subclasses__()}
    wrong = ("UsageError", "EngineMissing", "ScenarioError", "ModelError", "BaselineError")
    of_the_api = ("NotAModel", "NoSuchState", "Mismatch", "CannotRead")
    assert codes == {"Fault": 4, "CouldNotRun": 3, **dict.fromkeys((*wrong, *of_the_api), 2)}
    assert issubclass(UsageError, ProbeError)
    assert EngineMissing.exit_code == 2
    assert CouldNotRun.exit_code == 3


def test_a_complaint_is_a_compiler_s() -> None:
    text = str(Complaint("s.yaml", 12, 9, "unknown key", "  layers: [LSTM]"))
    assert text == "s.yaml:12:9: error: unknown key\n    layers: [LSTM]\n          ^"


def test_a_complaint_about_an_empty_line_has_no_caret() -> None:
    assert str(Complaint("s.yaml", 1, 1, "the file is empty", "")) == (
        "s.yaml:1:1: error: the file is empty"
    )


@pytest.mark.parametrize("column", [1, 60, 3000, 5001])
def test_a_long_line_is_cut_around_the_place(column: int) -> None:
    source = "x" * (column - 1) + "Q" + "x" * (5000 - column) if column <= 5000 else "x" * 5000
    complaint = Complaint("s.yaml", 1, column, "message", source)
    assert all(len(line) < 110 for line in str(complaint).split("\n"))
    if column <= 5000:
        assert _caret_points_at(complaint) == "Q"


@pytest.mark.parametrize(
    "source", ["\ta: Q", "日本: Q", "e\u0301: Q", "\x07\x1b[31m: Q", "\u2028: Q"]
)
def test_the_caret_stands_below_the_place_whatever_is_before_it(source: str) -> None:
    complaint = Complaint("s.yaml", 1, source.index("Q") + 1, "message", source)
    assert _caret_points_at(complaint) == "Q"
    assert "\x1b" not in str(complaint)
    assert "\t" not in str(complaint)


def test_complaints_are_sorted_by_place() -> None:
    late, early = Complaint("s", 9, 1, "b"), Complaint("s", 2, 5, "a")
    error = ScenarioError([late, early])
    assert error.complaints == (early, late)
    assert str(error).splitlines() == ["s:2:5: error: a", "s:9:1: error: b"]


@pytest.mark.parametrize(
    ("found", "allowed", "name"),
    [
        ("untis", ["units", "use_bias"], "units"),
        ("lstm", ["LSTM", "GRU"], "LSTM"),
        ("zzz", ["units"], None),
        ("", ["units"], None),
        (5, ["units"], None),
        ("x" * 10_000, ["x" * 10_000], None),
    ],
)
def test_the_nearest_name_is_proposed(found: Any, allowed: list[str], name: str | None) -> None:
    assert nearest(found, iter(allowed)) == (f"; did you mean {name!r}?" if name else "")


def test_lists_are_cut_and_say_how_much_is_missing() -> None:
    assert listed([]) == "none"
    assert listed(["a", "b"]) == "a, b"
    assert listed(range(100)).endswith("23, … (76 more)")
    assert listed(["x" * 5000]) == "x" * 60 + "…"
    assert one_of(["b", "a"]) == "allowed: a, b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        ({}, "an empty mapping"),
        ({"a": 1}, "a mapping"),
        ([], "an empty list"),
        ([1], "a list"),
        (float("nan"), ".nan"),
        (float("-inf"), "-.inf"),
        ("a\nb", r"'a\nb'"),
        ("x" * 100, "'" + "x" * 59 + "…"),
        (1e-3, "0.001"),
    ],
)
def test_values_are_named_in_yaml_s_words(value: object, text: str) -> None:
    assert brief(value) == text
