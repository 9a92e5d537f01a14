"""Text from outside is harmless, wherever it is printed, and says the same in JSON."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.safe import Guarded, encodable, one_line, printable, say, within_json

PIECES = (
    "::",
    "##[",
    "\n",
    "\r",
    " ",
    "\t",
    "\x1b[31m",
    "\0",
    "\x9b",
    "\u2028",
    "\u202e",
    ":",
    "é",
)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=8).map("".join)
COMMAND = re.compile(r"^\s*::|##\[", re.M)


def lines(text: str) -> list[str]:
    """Split as the runner does."""
    return re.split(r"\r\n|\r|\n", text)


@given(TEXTS)
def test_what_is_printed_has_no_control_character_and_no_line_that_is_a_command(text: str) -> None:
    for made in (printable(text), one_line(text)):
        assert made.replace("\n", "").isprintable()
        assert not any(COMMAND.search(line) for line in lines(made))
        assert made == (printable(made) if made == printable(text) else one_line(made))
    assert "\n" not in one_line(text)


@pytest.mark.parametrize("make", [printable, one_line])
def test_what_is_harmless_stays_as_it_is(make: Callable[[str], str]) -> None:
    text = "lstm/h: a::b, é ✓ 😀 std::vector {x: [1]} # c"
    assert make(text) == text


@given(st.lists(TEXTS, max_size=6))
def test_no_line_on_a_guarded_stream_is_a_command_however_it_was_cut(pieces: list[str]) -> None:
    written = io.StringIO()
    stream = Guarded(written)
    for piece in pieces:
        stream.write(piece)
    assert not any(COMMAND.search(line) for line in lines(written.getvalue()))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(text=TEXTS)
def test_json_says_the_same_in_characters_that_are_harmless(encoding: str, text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()  # half a pair is no text in JSON
    document = within_json(json.dumps({whole: [whole]}, ensure_ascii=False), encoding)
    assert document.isprintable()
    assert "##[" not in document
    assert json.loads(document.encode(encoding).decode(encoding)) == {whole: [whole]}


def test_a_name_that_is_not_utf_8_makes_a_document_that_any_reader_takes() -> None:
    document = within_json(json.dumps("a\udcff", ensure_ascii=False))
    assert json.loads(document) == "a\\udcff"
    assert document.encode()


def test_what_an_encoding_has_not_is_an_escape() -> None:
    assert encodable("é✓", "ascii") == r"\xe9\u2713"
    assert encodable("é✓", "latin-1") == r"é\u2713"


def test_a_stream_that_is_closed_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    say("nobody hears it", err=True)
