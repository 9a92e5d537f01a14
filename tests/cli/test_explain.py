"""`probe explain`: every word that a report can use has a page that says what to write."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from lstm_state_probe.cli import cli
from lstm_state_probe.errors import UsageError
from lstm_state_probe.explained import Explanation, explain, explanations, page
from lstm_state_probe.report.answers import ANSWERS
from lstm_state_probe.report.data import NO_EXPECTATIONS
from lstm_state_probe.scenario.written.checks import CHECKS
from lstm_state_probe.scenario.written.conditions import ENTRIES, ORIGINS
from lstm_state_probe.scenario.written.operations import OPERATIONS
from lstm_state_probe.shipped import shipped_names

ROOT = Path(__file__).parents[2]
WORDS = {
    "origins": ORIGINS,
    "conditions": ENTRIES,
    "checks": CHECKS,
    "operations": OPERATIONS,
    "statuses": ("passed", "failed", "error", NO_EXPECTATIONS),
}
ALL = explanations()


def named(one: Explanation) -> str:
    return f"{one.kind}/{one.word}"


@pytest.mark.parametrize("kind", WORDS)
def test_every_word_of_a_kind_is_explained(kind: str) -> None:
    assert set(WORDS[kind]) - {one.word for one in ALL if one.kind == kind} == set()


def test_every_answer_is_explained_or_has_the_word_of_a_finding() -> None:
    words = {one.word for one in ALL if one.kind in ("answers", "findings")}
    assert set(ANSWERS) - words == set()


@pytest.mark.parametrize("one", ALL, ids=named)
def test_an_explanation_names_a_shipped_scenario_and_what_to_write(one: Explanation) -> None:
    shown = re.search(r"\*\*See\.\*\* `probe run --shipped (\w+)`", one.text)
    assert shown
    assert shown[1] in shipped_names()
    written = re.search(r"```(\w+)\n(.+)\n```", one.text, re.DOTALL)
    assert written
    if written[1] == "yaml":
        assert yaml.safe_load(written[2])
    if written[1] == "python":
        compile(written[2], one.word, "exec")


def test_a_message_of_keras_is_recognised() -> None:
    (one,) = explain("'Sequential' object has no attribute 'reset_states'")
    assert one.word == "no-reset-on-a-model"
    assert "reset_state()" in one.text


def test_an_unknown_word_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"nothing .* for 'caried'; did you mean 'carried'"):
        explain("caried")


def test_the_page_of_the_docs_is_the_one_that_is_made() -> None:
    assert (ROOT / "docs" / "words.md").read_text(encoding="utf-8") == page()


def test_the_command_prints_text_json_and_the_list() -> None:
    runner = CliRunner()
    text = runner.invoke(cli, ["explain", "carried"], standalone_mode=False).output
    assert text.startswith("carried  (origins)\n")
    assert "**" not in text
    assert "```" not in text
    read = json.loads(
        runner.invoke(cli, ["explain", "zeros", "--format", "json"], standalone_mode=False).output
    )
    assert {one["kind"] for one in read} == {"origins", "conditions"}
    listed = runner.invoke(cli, ["explain"], standalone_mode=False).output
    assert all(one.word in listed for one in ALL)


def test_the_command_prints_the_page_of_the_docs() -> None:
    made = CliRunner().invoke(cli, ["explain", "--all"], standalone_mode=False).output
    assert made == page()


def test_explain_imports_no_tensorflow() -> None:
    code = (
        "import sys; from lstm_state_probe.cli import run_command_line as run;"
        "run(['explain', 'zeros']);"
        "assert not {'tensorflow', 'keras', 'rich', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
