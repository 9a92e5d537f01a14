"""The reports of real runs: alike but for the times, without paths of the machine, merged."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.report import WRITERS
from lstm_state_probe.report.json.schema import report_schema

SCENARIOS = """
name: good
model:
  batch_shape: [2, 3, 2]
  layers: [{LSTM: {name: lstm, units: 2, stateful: true}}, {Dense: {units: 1}}]
  compile: {optimizer: sgd, loss: mse}
data: {x: {normal: {shape: [4, 3, 2]}}, y: {zeros: {shape: [4, 1]}}}
operations:
  - fit: {x: x, y: y, epochs: 2, batch_size: 2, shuffle: false, verbose: 0}
    expect: {lstm/h: changed, "lstm/*[0]@initial": zeros}
---
name: bad
model:
  batch_shape: [2, 3, 2]
  layers: [{SimpleRNN: {name: rnn, units: 2}}]
data: {x: {constant: {value: 1.0, shape: [2, 3, 2]}}}
record: {timesteps: [0, -1]}
operations:
  - predict: {x: x}
    expect:
      "rnn/h@all": {between: [-0.001, 0.001]}
---
name: unheard
model:
  batch_shape: [2, 3, 2]
  layers: [{SimpleRNN: {name: rnn, units: 2, stateful: true}}]
data: {x: {normal: {shape: [2, 3, 2]}}, odd: {normal: {shape: [3, 3, 2]}}}
operations:
  - predict: {x: x}
  - call: {x: odd}
    allow_partial_batch: true
  - predict: {x: x}
"""
LINE = 1 + SCENARIOS[: SCENARIOS.index('"rnn/h@all"')].count("\n")
TIMES = re.compile(rb'("seconds": |time="|duration_ms: )[\d.]+|\d+\.\d+ s\b')


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run twice in a folder, with every writer; the file is named by its absolute path."""
    folder = tmp_path_factory.mktemp("project")
    before = Path.cwd()
    os.chdir(folder)
    (folder / "sub").mkdir()
    (folder / "sub" / "x.yaml").write_text(SCENARIOS, "utf-8")
    (folder / "sub" / "wrong.yaml").write_text("modl: 1\n", "utf-8")
    for name in ("first", "second"):
        reports = [word for suffix in WRITERS for word in ("--report", f"{name}{suffix}")]
        assert run_command_line(["run", str(folder / "sub"), "-q", *reports]) == 3
    yield folder
    os.chdir(before)


@pytest.mark.parametrize("suffix", WRITERS)
def test_two_runs_make_the_same_report_but_for_the_times(project: Path, suffix: str) -> None:
    first, second = ((project / f"{name}{suffix}").read_bytes() for name in ("first", "second"))
    assert TIMES.sub(b"", first) == TIMES.sub(b"", second)
    assert (first == second) == (suffix == ".npz"), "the times are there, and they differ"


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_report_holds_no_path_of_the_machine(project: Path, suffix: str) -> None:
    content = (project / f"first{suffix}").read_bytes()
    for secret in (str(project), sys.prefix, tempfile.gettempdir(), str(Path.home()) + "/"):
        assert secret.encode() not in content
    assert b"sub" in content


def test_the_worst_element_over_time_is_named_by_the_timestep_of_the_loop(project: Path) -> None:
    document = json.loads((project / "first.json").read_text("utf-8"))
    jsonschema.validate(document, report_schema())
    bad = document["scenarios"][1]
    (expectation,) = bad["operations"][0]["expectations"]
    (broken,) = expectation["broken"]
    worst = broken["worst"]
    steps = bad["operations"][0]["calls"][0]["states"]["h"]["timesteps"]
    assert bad["operations"][0]["calls"][0]["kept"] == [0, 2]
    values = [
        (abs(value) - 0.001, {0: 0, 1: 2}[k], [sample, unit], value)
        for k, step in enumerate(steps)
        for sample, row in enumerate(step)
        for unit, value in enumerate(row)
    ]
    largest = max(values, key=lambda value: value[0])
    assert worst["deviation"] == pytest.approx(largest[0])
    assert (worst["timestep"], worst["index"], worst["found"]) == largest[1:]
    assert (bad["file"], expectation["line"]) == ("sub/x.yaml", LINE)
    assert expectation["source"].strip().startswith('"rnn/h@all"')


def test_shards_are_merged_into_every_form(project: Path, capsys) -> None:
    document = json.loads((project / "first.json").read_text("utf-8"))
    parts = document["scenarios"][:1], document["scenarios"][1:]
    for k, part in enumerate(parts):
        shard = {**document, "scenarios": part}
        (project / f"shard{k}.json").write_text(json.dumps(shard), "utf-8")
    outputs = [word for suffix in WRITERS for word in ("-o", f"merged{suffix}")]
    assert run_command_line(["report", "merge", "shard0.json", "shard1.json", *outputs]) == 0
    assert capsys.readouterr().err == ""
    for suffix in WRITERS:
        first, merged = ((project / f"{n}{suffix}").read_bytes() for n in ("first", "merged"))
        assert TIMES.sub(b"", first) == TIMES.sub(b"", merged)


def test_merging_a_report_with_itself_is_refused_unless_allowed(project: Path, capsys) -> None:
    words = ["report", "merge", "first.json", "second.json", "--output", "twice.json"]
    assert run_command_line(words) == 2
    assert (
        "sub/x.yaml::good on keras3 is in first.json and in second.json" in capsys.readouterr().err
    )
    assert run_command_line([*words, "--allow-duplicates"]) == 0
    twice = json.loads((project / "twice.json").read_text("utf-8"))
    assert twice["summary"]["scenarios"] == 6
    assert len(twice["complaints"]) == len(
        json.loads((project / "first.json").read_text())["complaints"]
    )


def test_a_report_is_shown_as_the_run_showed_it_with_its_exit_code(project: Path, capsys) -> None:
    assert run_command_line(["report", "show", "first.json", "-q"]) == 3
    shown = capsys.readouterr().out
    assert f"sub/x.yaml:{LINE}:7: error: rnn/h@all: expected between" in shown
    assert "3 scenarios: 1 passed, 1 failed, 1 error" in shown
    assert run_command_line(["report", "show", "first.json", "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out) == json.loads(
        (project / "first.json").read_text("utf-8")
    )


def test_what_is_no_report_is_one_sentence_and_2(project: Path, capsys) -> None:
    for words, says in (
        (["report", "merge", "none.json", "-o", "x.json"], "none.json: the report cannot be read"),
        (["report", "show", "sub/x.yaml"], "no report of probe"),
        (["report", "merge", "first.json", "-o", "x.txt"], "no report writer for 'x.txt'"),
        (["report", "merge", "first.json"], "Missing option"),
    ):
        assert run_command_line(words) == 2
        assert says in capsys.readouterr().err


def test_on_github_the_tables_are_annotated_and_the_summary_is_written(
    project: Path, monkeypatch, capsys
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project))
    assert run_command_line(["run", "sub", "-q"]) == 3
    out = capsys.readouterr().out
    assert re.search(
        rf"^::error title=sub/x.yaml%3A%3Abad.*,file=sub/x.yaml,line={LINE},col=7::", out, re.M
    )
    assert ",file=sub/wrong.yaml,line=1,col=1::" in out
    assert "1 error" in out
    summary = (project / "summary.md").read_text("utf-8")
    assert summary.startswith("## probe: 3 scenarios: 1 passed, 1 failed, 1 error")
    assert run_command_line(["run", "sub", "-q", "--format", "table"]) == 3
    assert "::error" not in capsys.readouterr().out


def test_files_that_are_all_wrong_leave_reports_too(project: Path, capsys) -> None:
    words = ["run", "sub/wrong.yaml", "--report", "wrong.junit.xml", "--report", "wrong.json"]
    assert run_command_line(words) == 2
    assert b"unknown key" in (project / "wrong.junit.xml").read_bytes()
    jsonschema.validate(json.loads((project / "wrong.json").read_text("utf-8")), report_schema())
    assert "sub/wrong.yaml:1:1" in capsys.readouterr().err


def test_validate_annotates_its_complaints_on_github(project: Path, monkeypatch, capsys) -> None:
    assert run_command_line(["validate", "sub/wrong.yaml"]) == 2
    assert "::error" not in capsys.readouterr().out
    assert run_command_line(["validate", "sub/wrong.yaml", "--format", "github"]) == 2
    given = capsys.readouterr().out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run_command_line(["validate", "sub/wrong.yaml"]) == 2
    assert capsys.readouterr().out == given
    assert "::error title=the scenario is wrong,file=sub/wrong.yaml,line=1,col=1::" in given
    assert run_command_line(["validate", "sub/wrong.yaml", "--format", "text"]) == 2
    assert "::error" not in capsys.readouterr().out
