"""TAP 14: a parser of TAP reads a test point for each scenario, and the YAML block below it."""

from __future__ import annotations

import re

import pytest
import yaml
from tap.parser import Parser

from lstm_state_probe.report.tap import text


def parsed(source: str) -> list:
    return list(Parser().parse_text(source))


def test_the_parser_knows_every_line_and_the_plan_counts_the_points(made) -> None:
    lines = parsed(text(made.everything()))
    assert [line.category for line in lines] == ["version", "plan", *["test"] * 6]
    assert lines[1].expected_tests == 6
    assert [line.number for line in lines[2:]] == list(range(1, 7))


def test_what_passed_failed_and_was_skipped_is_told_apart(made) -> None:
    points = [line for line in parsed(text(made.everything())) if line.category == "test"]
    assert [point.ok for point in points] == [True, False, False, False, True, False]
    assert [point.skip for point in points] == [False] * 4 + [True, False]
    assert points[1].description == "- a.yaml::x (keras3)"


def test_the_block_of_a_failure_is_yaml_and_says_what_a_compiler_would(made) -> None:
    points = [line for line in parsed(text(made.everything())) if line.category == "test"]
    failed = points[1].yaml_block
    assert failed["severity"] == "fail"
    assert failed["message"] == "lstm/h: zeros"
    assert failed["found"].startswith("a.yaml:18:7: error: lstm/h: expected zeros")
    assert [points[k].yaml_block["severity"] for k in (2, 3, 5)] == ["error"] * 3
    assert points[0].yaml_block == {"duration_ms": 1000.0}


@pytest.mark.parametrize("name", ["a # SKIP", "back\\slash", "two\nlines", "{0} {}", "bell\a"])
def test_a_name_cannot_make_a_directive_or_a_line(made, name: str) -> None:
    report = made.suite(
        made.scenario(made.operation(verdicts=(made.broken(),)), id=name, status="failed")
    )
    (line,) = [line for line in text(report).splitlines() if line.startswith("not ok")]
    description = line.removeprefix("not ok 1 - ")
    assert (
        re.sub(r"\\(.)", r"\1", description)
        == (" ".join(name.replace("\a", r"\x07").split()) + " (keras3)")
        or "\a" in name
    )
    assert not re.search(r"(?<!\\)#", description), "a bare # would begin a directive"


@pytest.mark.parametrize("source", ["a: ...", "  ---", "\ttab", "trailing   ", "é 漢"])
def test_any_source_line_keeps_the_block_readable(made, source: str) -> None:
    failed = made.broken(source=source)
    report = made.suite(made.scenario(made.operation(verdicts=(failed,)), status="failed"))
    block = re.search(r"^  ---\n(.*?)^  \.\.\.$", text(report), re.DOTALL | re.MULTILINE)[1]
    assert source.strip() in yaml.safe_load(block)["found"]
