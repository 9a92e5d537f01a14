"""`--allow-code` on the command line: nothing of the user's runs without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lstm_state_probe.cli import COMMANDS

CODE = """
def build():
    open({trace!r}, "w").close()
    return keras.Sequential([keras.Input((3, 1)), keras.layers.GRU(2, name="gru")])
"""
SCENARIO = """
model: {factory: "made.py:build"}
data: {x: {ones: {shape: [1, 3, 1]}}}
operations:
  - predict_on_batch: {x: x}
    expect: {gru/h: changed}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    code = CODE.format(trace=str(tmp_path / "ran"))
    (tmp_path / "made.py").write_text(code, encoding="utf-8")
    (tmp_path / "s.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path / "s.yaml"


def probe(name: str, *words: str) -> Result:
    (command,) = (command for command in COMMANDS if command.name == name)
    return CliRunner().invoke(command, [*words], standalone_mode=False)


def test_code_runs_with_the_flag_and_is_refused_without(scenario: Path, engine: Any) -> None:
    words = [str(scenario), "--engine", engine.name]
    refused = probe("run", *words)
    assert refused.return_value == 2
    assert "s.yaml:2:9: error: 'factory' runs Python code" in refused.output
    assert not (scenario.parent / "ran").exists()
    done = probe("run", *words, "--allow-code")
    assert done.return_value == 0, done.output
    assert (scenario.parent / "ran").exists()


def test_validate_runs_nothing(scenario: Path) -> None:
    done = probe("validate", str(scenario))
    assert done.return_value == 0, done.output
    assert not (scenario.parent / "ran").exists()
