"""Annotations: workflow commands that GitHub's runner parses back to what was meant."""

from __future__ import annotations

import io
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lstm_state_probe.errors import Complaint
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.choose import shown
from lstm_state_probe.report.github import annotation, commands
from lstm_state_probe.safe import one_line, printable

COMMAND = re.compile(r"::(\w+) ((?:\w+=[^,:]*)(?:,\w+=[^,:]*)*)::(.*)", re.DOTALL)
PROPERTY = {"%3A": ":", "%2C": ","}
DATA = {"%0D": "\r", "%0A": "\n"}


def unescaped(text: str, marks: dict[str, str]) -> str:
    """Do what the runner does: the percent sign last."""
    for mark, char in marks.items():
        text = text.replace(mark, char)
    return text.replace("%25", "%")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Parse one line as the runner does."""
    kind, written, message = COMMAND.fullmatch(line).groups()
    pairs = (pair.split("=", 1) for pair in written.split(","))
    return kind, {k: unescaped(v, PROPERTY | DATA) for k, v in pairs}, unescaped(message, DATA)


def test_what_went_wrong_is_an_error_at_its_line_and_nothing_expected_a_notice(made) -> None:
    found = [parsed(line) for line in commands(made.everything())]
    places = [(kind, p["file"], p["line"], p["col"]) for kind, p, _ in found]
    assert places == [
        ("error", "a.yaml", "18", "7"),
        ("error", "b/c.yaml", "18", "7"),  # an expectation, before the operation that raised
        ("error", "b/c.yaml", "16", "5"),
        ("error", "b/c.yaml", "3", "5"),
        ("notice", "b/c.yaml", "1", "1"),
        ("error", "d.yaml", "1", "2"),
    ]
    _, first, message = found[0]
    assert first["title"] == "a.yaml::x (keras3): lstm/h: zeros"
    assert message.startswith("lstm/h: expected zeros, found 2 of 8 not zero; worst: sample 0, u3")


@given(st.text(), st.text(), st.text(alphabet=st.characters(exclude_characters="/\x00")))
def test_any_text_survives_the_runner_but_for_what_is_not_printable(
    title: str, message: str, file: str
) -> None:
    at = Complaint(f"x{file}y", 1, 2, "")
    line = annotation("error", at, title, message)
    assert "\n" not in line
    assert "\r" not in line
    kind, properties, said = parsed(line)
    assert (kind, said, properties["title"]) == ("error", printable(message), one_line(title))
    assert properties["file"] == one_line(f"x{file}y")


def test_files_are_named_from_the_root_of_the_checkout(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    for file in ("x.yaml", str(tmp_path / "sub" / "x.yaml"), "../sub/x.yaml"):
        _, properties, _ = parsed(annotation("error", Complaint(file, 1, 1, ""), "t", "m"))
        assert properties["file"] == "sub/x.yaml"


def test_stdout_shows_the_tables_and_then_the_annotations(made) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", newline="\n")
    view = shown("github", Console(file=file, width=80), ShowOptions())
    report = made.everything()
    for scenario in report.scenarios:
        view.scenario(scenario)
    view.end(report)
    file.flush()
    tables, _, annotations = raw.getvalue().decode("ascii").partition("\n::")
    assert "5 scenarios: 1 passed" in tables
    assert annotations.count("\n::") == 5
