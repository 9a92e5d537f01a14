"""`--show`, `--operation`, `--sample`, `--view`: alike for a run and for a report that is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line

SCENARIO = """
name: parts
model: {batch_shape: [2, 4, 1], layers: [LSTM: {name: lstm, units: 2, stateful: true}]}
data: {x: {normal: {shape: [2, 4, 1]}}}
operations:
  - predict_on_batch: {x: x}
    label: first
  - reset_states
  - predict_on_batch: {x: x}
"""
CHOSEN = ["--show", "lstm/c", "--operation", "first", "--sample", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("parts")
    (place / "s.yaml").write_text(SCENARIO)
    words = ["run", str(place / "s.yaml"), "--report", str(place / "r.json"), "-q"]
    assert run_command_line(words) == 0
    return place


def shown(capsys: Any, *words: str) -> str:
    assert run_command_line(list(words)) == 0
    return str(capsys.readouterr().out)


def test_what_is_chosen_of_a_report_is_what_is_chosen_of_a_run(folder: Path, capsys: Any) -> None:
    run = shown(capsys, "run", str(folder / "s.yaml"), *CHOSEN)
    read = shown(capsys, "report", "show", str(folder / "r.json"), *CHOSEN)
    table, again = (
        text[text.index("lstm  1 call") : text.index("What was")] for text in (run, read)
    )
    assert table == again
    assert "2. reset_states" not in run
    lines = [line.split() for line in table.splitlines() if " final " in line]
    assert [line[:3] for line in lines] == [["final", "1", lines[0][2]]]


def test_the_view_of_tables_has_every_moment(folder: Path, capsys: Any) -> None:
    text = shown(capsys, "report", "show", str(folder / "r.json"), "--view", "table")
    assert "initialised" in text
    assert "held = final" in text
    assert "initialised" not in shown(capsys, "report", "show", str(folder / "r.json"))
