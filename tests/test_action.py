"""The action of GitHub: its inputs are used, its shell does what it says, its options exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstm_state_probe.cli.run import run
from lstm_state_probe.report import WRITERS

ROOT = Path(__file__).parent.parent
ACTION = ROOT / "action.yml"


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return found


def steps(action: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        step.get("id", step.get("uses", step.get("name"))): step for step in action["runs"]["steps"]
    }


def test_every_input_is_described_and_used_and_no_other_is(action: dict[str, Any]) -> None:
    text = ACTION.read_text(encoding="utf-8").partition("\nruns:")[2]
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action["inputs"])
    assert all(entry["description"] and "default" in entry for entry in action["inputs"].values())


def test_every_step_that_is_named_exists(action: dict[str, Any]) -> None:
    named = re.findall(r"steps\.(\w+)\.", ACTION.read_text(encoding="utf-8"))
    assert set(named) <= {step.get("id") for step in action["runs"]["steps"]}


def test_no_input_is_put_into_a_script(action: dict[str, Any]) -> None:
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert len(scripts) == 3
    for script in scripts:
        assert "${{" not in script, "an input goes through the environment: it is no code"
    assert all(step["shell"] == "bash" for step in action["runs"]["steps"] if "run" in step)


def words_of(action: dict[str, Any], tmp_path: Path, **inputs: str) -> list[str]:
    """Run the script of the step with a Python that prints its words."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    given = {name.upper(): entry["default"] for name, entry in action["inputs"].items()}
    environment = {
        **given,
        **inputs,
        "REPORTS": "out dir",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    script = "set -eo pipefail\n" + steps(action)["run"]["run"]
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_step_hands_on_paths_engines_options_and_asks_for_the_reports(
    action: dict[str, Any], tmp_path: Path
) -> None:
    words = words_of(
        action, tmp_path, PATHS="a b/c.yaml\nd\n", ENGINES="keras3 tf_keras", OPTIONS="-q --verify"
    )
    reports = [f"out dir/probe{suffix}" for suffix in (".json", ".junit.xml", ".md", ".html")]
    assert words == [
        *("-m", "lstm_state_probe", "run", "a", "b/c.yaml", "d", "-q", "--verify"),
        *("--engine", "keras3", "--engine", "tf_keras"),
        *(word for report in reports for word in ("--report", report)),
    ]  # fmt: skip
    assert all(any(report.endswith(suffix) for suffix in WRITERS) for report in reports)


def test_the_step_runs_no_words_of_an_input(action: dict[str, Any], tmp_path: Path) -> None:
    words = words_of(action, tmp_path, PATHS="$(touch pwned) `id`", OPTIONS='"; id; "')
    assert words[3:8] == ["$(touch", "pwned)", "`id`", '";', "id;"]


def test_the_command_line_takes_what_the_step_gives(action: dict[str, Any], tmp_path: Path) -> None:
    words = words_of(action, tmp_path, OPTIONS="--verify", ENGINES="keras3")
    context = run.make_context("run", words[3:])
    assert context.params["paths"] == ("scenarios",)
    assert context.params["verify"] is True
    assert len(context.params["reports"]) == 4
