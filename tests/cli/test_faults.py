"""A fault of the probe in one scenario of two: in reading, building, running, judging, showing."""

from __future__ import annotations

import json
import pkgutil
from pathlib import Path

import pytest

from lstm_state_probe.api.scenarios import run_file
from lstm_state_probe.cli import run_command_line
from lstm_state_probe.errors import Fault

SCENARIO = """
model: {batch_shape: [2, 3, 1], layers: [{LSTM: {name: lstm, units: 2}}]}
data: {x: {normal: {shape: [2, 3, 1]}}}
operations: [{predict_on_batch: {x: x}, expect: {lstm/h: nonzero}}]
"""
READING = "lstm_state_probe.suite.run.read_scenarios"
WITHIN = [
    "lstm_state_probe.runner.draw_arrays",
    "lstm_state_probe.operations.base.Session.keywords",
    "lstm_state_probe.recording.recorder.Recorder.take",
    "lstm_state_probe.runner.judge_operation",
    "lstm_state_probe.runner.judge_verified",
    "lstm_state_probe.report.terminal.tables.show_findings",
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SCENARIO)
    return ["a.yaml", "b.yaml"]


def at_fault_once(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """Make a function of ours raise the first time that it is called."""
    owner, _, name = target.rpartition(".")
    calls: list[int] = []

    def fails(*args, **kwargs):
        calls.append(1)
        if len(calls) == 1:
            raise ZeroDivisionError("nobody had foreseen it")
        return original(*args, **kwargs)

    original = getattr(pkgutil.resolve_name(owner), name)
    monkeypatch.setattr(target, fails)


@pytest.mark.parametrize("target", WITHIN)
def test_it_ends_its_own_scenario_with_its_traceback_in_the_report_and_the_exit_code_is_4(
    monkeypatch, capsys, files, target
) -> None:
    at_fault_once(monkeypatch, target)
    assert run_command_line(["run", *files, "--verify", "--report", "r.json"]) == 4
    bad, good = json.loads(Path("r.json").read_text())["scenarios"]
    assert (bad["status"], bad["exit_code"], good["status"]) == ("error", 4, "passed")
    assert "ZeroDivisionError: nobody had foreseen it" in bad["error"]
    assert bad["fault"].startswith("Traceback")
    assert "in fails" in bad["fault"]
    shown = capsys.readouterr()
    assert "raised" not in shown.out.replace("nobody", ""), "it is not told as Keras's"
    assert "in fails" in shown.out
    assert shown.err == ""


def test_a_file_that_cannot_be_read_by_a_fault_takes_no_other_with_it(
    monkeypatch, capsys, files
) -> None:
    at_fault_once(monkeypatch, READING)
    assert run_command_line(["run", *files, "-q", "--report", "r.json", "--report", "r.tap"]) == 4
    document = json.loads(Path("r.json").read_text())
    assert [s["status"] for s in document["scenarios"]] == ["passed"]
    assert "in fails" in document["complaints"][0]["fault"]
    assert "in fails" in Path("r.tap").read_text()
    at_fault_once(monkeypatch, READING)
    assert run_command_line(["validate", *files]) == 4


def test_a_fault_outside_every_scenario_is_told_with_its_traceback_never_by_exit_1(
    monkeypatch, capsys
) -> None:
    at_fault_once(monkeypatch, "lstm_state_probe.suite.run.find_files")
    assert run_command_line(["run", "a.yaml"]) == 4
    told = capsys.readouterr().err
    assert "in fails" in told
    assert told.splitlines()[-1].startswith("error: a fault of the probe itself")


def test_probe_check_answers_the_other_properties(monkeypatch, capsys, files) -> None:
    from lstm_state_probe.checks import PROPERTIES

    words = ["check", "a.yaml", "--format", "json"]
    for name in list(PROPERTIES)[:2]:
        words += ["--select", name]
    at_fault_once(monkeypatch, "lstm_state_probe.checks.battery.scenario_for")
    assert run_command_line(words) == 4
    bad, good = json.loads(capsys.readouterr().out)["subjects"][0]["checks"]
    assert bad["verdict"] == "could not be carried out"
    assert "in fails" in bad["fault"]
    assert good["verdict"] != bad["verdict"]
    at_fault_once(monkeypatch, "lstm_state_probe.checks.battery.examine")
    assert run_command_line(words) == 4
    assert "in fails" in json.loads(capsys.readouterr().out)["subjects"][0]["fault"]


def test_the_python_api_raises_it_as_itself(monkeypatch, files) -> None:
    at_fault_once(monkeypatch, "lstm_state_probe.runner.judge_operation")
    with pytest.raises(Fault, match="ZeroDivisionError") as told:
        run_file(Path("a.yaml"))
    assert "in fails" in str(told.value)
