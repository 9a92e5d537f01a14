"""YAML 1.2 with a position for every node, and what is refused before it becomes data."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.scenario.text.bounds import MAX_DEPTH, MAX_NODES, split_lines
from lstm_state_probe.scenario.text.document import Document, read_documents


def read(text: str) -> Document:
    (document,) = read_documents(text, file="s.yaml")
    return document


def value(text: str) -> Any:
    return read(f"a: {text}").data["a"]


def messages(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_documents(text, file="s.yaml")
    return [f"{c.line}:{c.column}: {c.message}" for c in caught.value.complaints]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            ("1e-3", 0.001),
            ("1E3", 1000.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-0.0", -0.0),
            ("+1.5", 1.5),
        ),
        *(("012", 12), ("0o14", 12), ("0xC", 12), ("+7", 7), ("-7", -7), ("0b1", "0b1")),
        *(("1_000", "1_000"), ("12:30", "12:30"), ("2001-01-01", "2001-01-01"), ("1e", "1e")),
        *(
            ("on", "on"),
            ("Yes", "Yes"),
            ("n", "n"),
            ("true", True),
            ("FALSE", False),
            ("tRUE", "tRUE"),
        ),
        *(("~", None), ("null", None), ("Null", None), ("", None), ("nULL", "nULL"), ("''", "")),
        *((".inf", math.inf), ("-.INF", -math.inf), ("inf", "inf"), ("nan", "nan"), ("=", "=")),
        *(("'1'", "1"), ('"true"', "true"), ("!!str 1", "1"), ("!!int '7'", 7), ("!!float 1", 1.0)),
        *(("!!null ''", None), ("|\n  x\n  y", "x\ny"), (">-\n  x\n  y", "x y")),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_a_number() -> None:
    assert math.isnan(value(".nan"))


@pytest.mark.parametrize("text", ["9" * 20, "0x" + "f" * 17, "9" * 5000, "-" + "9" * 30])
def test_an_integer_beyond_64_bits_is_refused(text: str) -> None:
    (message,) = messages(f"a: {text}")
    assert message.startswith("1:4: ")
    assert "does not fit into 64 bits; allowed: -2^63 to 2^64 - 1" in message
    assert len(message) < 150


def test_the_largest_integers_fit() -> None:
    assert value("18446744073709551615") == 2**64 - 1
    assert value("-9223372036854775808") == -(2**63)


def test_a_float_that_would_silently_be_infinite_is_refused() -> None:
    assert messages("a: 1e999") == ["1:4: 1e999 is too large for a float; infinity is written .inf"]


@pytest.mark.parametrize("text", ["!!int x", "!!bool yes", "!!float x", "!!null x", "!!int 1.5"])
def test_a_tag_that_does_not_fit_its_text_is_refused(text: str) -> None:
    (message,) = messages(f"a: {text}")
    assert "is not a valid" in message


@pytest.mark.parametrize(
    "tag", ["!!python/object:os.system", "!mine", "!!set", "!!binary", "!!map"]
)
def test_foreign_tags_are_refused(tag: str) -> None:
    (message,) = messages(f"a: {tag} x")
    assert message.startswith("1:4: the tag '")
    assert "allowed: !!null, !!bool, !!int, !!float, !!str, !!seq, !!map" in message


def test_every_key_and_value_has_its_place() -> None:
    document = read("a: 1\nb:\n  - x\n  - {c: [1, 22]}\n")
    assert document.data == {"a": 1, "b": ["x", {"c": [1, 22]}]}
    assert document.values[("a",)] == (1, 4)
    assert document.keys[("b",)] == (2, 1)
    assert document.values[("b", 0)] == (3, 5)
    assert document.keys[("b", 1, "c")] == (4, 6)
    assert document.values[("b", 1, "c", 1)] == (4, 13)


def test_columns_count_characters_not_bytes() -> None:
    assert read("{é日🙂: 1, b: 2}").keys[("b",)] == (1, 10)


def test_a_complaint_falls_back_to_the_nearest_parent() -> None:
    document = read("a:\n  b: [1]\n")
    assert document.complaint(("a", "b", 7, "x"), "m").column == 6
    assert document.complaint(("a", "b"), "m", at_key=True).column == 3
    assert document.complaint(("a", "b", 0), "m", at_key=True).column == 7
    assert document.complaint(("zzz",), "m", at_key=True).line == 1


def test_a_complaint_about_a_later_document_stands_there() -> None:
    _, second = read_documents("a: 1\n---\nb: 2\n", file="s")
    assert second.complaint((), "m", at_key=True).line == 3


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_editor_ends_them(newline: str) -> None:
    document = read(newline.join(["a: 1", "# é", "b: 2", ""]))
    assert document.keys[("b",)] == (3, 1)
    assert document.at((3, 4), "m").source == "b: 2"


def test_marks_stay_inside_the_file() -> None:
    document = Document("s", split_lines("ab\nc"))
    assert (document.at((9, 9), "m").line, document.at((9, 9), "m").column) == (2, 2)
    assert document.at((1, 99), "m").column == 3


def test_a_duplicate_key_is_told_with_the_first_place() -> None:
    assert messages("a: 1\nb: 2\na: 3\n01: x\n1: y") == [
        "3:1: duplicate key 'a'; it stands first in line 1",
        "5:1: duplicate key 1; it stands first in line 4",
    ]


@pytest.mark.parametrize("key", ["true", "null", "~", "1.5", ".nan", "? [a, b]\n", "? {a: 1}\n"])
def test_a_key_that_is_no_name_is_refused(key: str) -> None:
    (message,) = messages(f"{key}: x")
    assert "a key must be a name, found" in message


@pytest.mark.parametrize("text", ["\ta: 1", "a:\n\tb: 1", "a:\n  - x\n\t- y", "a: {b:\n\t@}"])
def test_tabs_and_odd_starts_are_named(text: str) -> None:
    (message,) = messages(text)
    assert "a tab cannot indent" in message or "cannot start with '@'" in message


def test_a_tab_inside_a_text_is_a_tab() -> None:
    assert value("'x\ty'") == "x\ty"


@pytest.mark.parametrize(
    "text", ["", "   ", "\n\n", "# nothing", "---", "---\n---\n", "---\n# x\n..."]
)
def test_an_empty_file_is_refused(text: str) -> None:
    (message,) = messages(text)
    assert message.startswith("1:1: the file is empty")


def test_documents_without_content_are_left_out() -> None:
    found = read_documents("---\n---\na: 1\n---\n# x\n---\nb: 2\n---\n", file="s")
    assert [document.data for document in found] == [{"a": 1}, {"b": 2}]


def test_what_stands_before_a_syntax_error_is_complained_about_too() -> None:
    found = messages("a: 1\na: 2\n---\nb: [\n")
    assert found[0] == "2:1: duplicate key 'a'; it stands first in line 1"
    assert "not valid YAML" in found[1]


@pytest.mark.parametrize("char", ["\x00", "\x07", "\x1b", "\x7f", "\ufffe", "\ud800", "\ufeff"])
def test_characters_that_yaml_forbids_are_named_with_their_place(char: str) -> None:
    (message,) = messages(f"é: 1\nb: é{char}")
    assert message == f"2:5: not valid YAML: the character U+{ord(char):04X} is not allowed"


def test_nesting_is_limited() -> None:
    deep = MAX_DEPTH - 1
    assert read("a: " + "[" * deep + "]" * deep).data
    for text in ("a: " + "[" * 70, "[" * 100_000, "- " * 100_000, "{a: " * 10_000):
        (message,) = messages(text)
        assert f"nested more than {MAX_DEPTH} levels deep" in message


def test_nesting_through_aliases_counts() -> None:
    chain = "".join(f"a{k}: &a{k} [{f'*a{k - 1}' if k else ''}]\n" for k in range(100))
    (message,) = messages(chain)
    assert message.startswith(f"{MAX_DEPTH}:")


def test_a_billion_laughs_are_refused_where_they_get_too_many() -> None:
    laughs = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"b{k}: &a{k + 1} [{', '.join([f'*a{k}'] * 10)}]\n" for k in range(9)
    )
    (message,) = messages(laughs)
    assert message.startswith("6:")
    assert f"more than {MAX_NODES:,} values" in message


def test_aliases_within_bounds_repeat_their_value() -> None:
    document = read("a: &a {x: [1, 2]}\nb: *a\nc: [*a, *a]\n")
    assert document.data == {"a": {"x": [1, 2]}, "b": {"x": [1, 2]}, "c": [{"x": [1, 2]}] * 2}


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a\n  <<: *a", "a: &a [[[*a]]]"]
)
def test_an_anchor_in_itself_is_refused(text: str) -> None:
    (message,) = messages(text)
    assert "the anchor 'a' contains itself" in message


def test_merge_keys_give_way_to_what_is_written() -> None:
    document = read(
        "a: &a {x: 1, y: {z: 2}}\nb: &b {x: 8, w: 9}\nc:\n  <<: *a\n  x: 5\nd: {<<: [*b, *a]}\n"
    )
    assert document.data["c"] == {"x": 5, "y": {"z": 2}}
    assert document.data["d"] == {"x": 8, "w": 9, "y": {"z": 2}}
    assert document.values[("c", "y", "z")] == (1, 21)
    assert value("{'<<': 1}") == {"<<": 1}


def test_only_mappings_merge() -> None:
    (message,) = messages("a: &a [1]\nb: {<<: *a}")
    assert "'<<' merges a mapping" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b: c", "put quotes around the text"),
        ("*/h: zeros", "put quotes around a selector"),
        ("a: *x", "put quotes around a selector"),
        ("a: 1\n b: 2\n  c: 3", "not valid YAML"),
        ("a: @x", "a value cannot start with '@'; quote it"),
        ("a: 'x", "unexpected end of stream"),
        ("a: [1, 2", "did not find expected ',' or ']'"),
        ("%YAML 9.9\n---\na: 1", "incompatible YAML"),
        ("- a\nb: c", "indentation"),
    ],
)
def test_syntax_errors_say_what_is_most_likely_meant(text: str, words: str) -> None:
    (message,) = messages(text)
    assert words in message
