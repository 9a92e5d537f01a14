"""Commands that point on: a model to what takes one, standard input, quiet runs, the doctor."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.host.diagnosis import EXTRAS
from lstm_state_probe.scenario import read

ROOT = Path(__file__).parents[2]
SCENARIO = b"""
name: piped
model: {batch_shape: [1, 2, 1], layers: [SimpleRNN: {name: rnn, units: 1}]}
data: {x: {ones: {shape: [1, 2, 1]}}}
operations:
  - predict_on_batch: {x: x}
    expect: {rnn/h@initial: zeros}
"""


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(text: bytes) -> None:
        read._stdin.cache_clear()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    yield give
    read._stdin.cache_clear()


def test_a_scenario_is_read_from_standard_input(piped: Any, capsys: Any) -> None:
    piped(SCENARIO)
    assert run_command_line(["run", "-"]) == 0
    assert "<stdin>::piped" in capsys.readouterr().out


def test_a_complaint_about_standard_input_has_its_place(piped: Any, capsys: Any) -> None:
    piped(b"model: 3\noperations: []\n")
    assert run_command_line(["validate", "-"]) == 2
    assert "<stdin>:1:8: error: expected a mapping, found 3" in "".join(capsys.readouterr())


def test_quietly_nothing_is_said_of_what_passed(piped: Any, capsys: Any) -> None:
    piped(SCENARIO)
    assert run_command_line(["run", "-", "-q"]) == 0
    out = capsys.readouterr().out
    assert "piped" not in out
    assert "1 scenario: 1 passed" in out


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "folder"])
@pytest.mark.parametrize("command", ["run", "validate", "list"])
def test_a_saved_model_in_the_place_of_a_scenario_points_to_what_takes_one(
    command: str, name: str, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"")
    else:
        path.write_bytes(b"")
    assert run_command_line([command, str(path)]) == 2
    told = capsys.readouterr().err
    for other in ("inspect", "check", "init --from"):
        assert f"`probe {other} {path}`" in told


def test_the_doctor_knows_every_extra_but_that_of_the_developers() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text.split("[project.optional-dependencies]")[1].split("\n[")[0]
    assert set(EXTRAS) == set(re.findall(r"^(\w+) = \[", table, re.M)) - {"dev"}
