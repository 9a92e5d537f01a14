"""What passed and has not changed is not run again; whatever changes, it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.errors import UsageError
from lstm_state_probe.executors import lost
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios
from lstm_state_probe.suite import cache as module
from lstm_state_probe.suite.cache import Cache, key_of

TEXT = """name: s
custom_objects: [cells.py]
model: {batch_shape: [2, 3, 1], layers: [{SimpleRNN: {name: rnn, units: 1}}]}
data: {x: {file: d.csv}}
operations: [{predict_on_batch: {x: x}, expect: {rnn/h: finite}}]
"""
Read = Callable[..., ScenarioFile]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name, text in {
        "cells.py": "A = 1\n",
        "neighbour.py": "B = 1\n",
        "d.csv": "1,2,3\n",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "s.yaml").write_text(TEXT)
    (tmp_path / "sent.bin").write_bytes(b"1")
    return tmp_path


def scenario_in(home: Path, engine: str = "keras3") -> ScenarioFile:
    return read_scenarios(home / "s.yaml", engine=engine)[0]


def passed(scenario: ScenarioFile, *, verdict: bool = True) -> ScenarioReport:
    outcome = Outcome("predict_on_batch", "a label", (), {}, {})
    verdicts = (Verdict("rnn/h", "finite", verdict, "é", 5, 12),)
    operation = OperationReport(0, "predict_on_batch", "a label", outcome, verdicts, 5, 3)
    report = replace(lost(scenario, ""), error=None, exit_code=0, not_done=0)
    return replace(report, status="passed", operations=(operation,), seconds=1.0)


@pytest.fixture
def warned() -> list[str]:
    return []


@pytest.fixture
def opened(home: Path, warned: list[str]) -> Callable[..., Cache]:
    def open_(wishes: Wishes | None = None) -> Cache:
        return Cache.at(home / "cache", wishes or Wishes(), warned.append)

    return open_


def entries(home: Path) -> list[Path]:
    return [p for p in (home / "cache").rglob("*") if p.is_file()]


def test_nothing_is_kept_of_a_scenario_whose_file_changed_while_it_ran(
    home: Path, opened: Callable[..., Cache], warned: list[str]
) -> None:
    scenario, cache = scenario_in(home), opened()
    assert cache.known([scenario]) == {}
    before = (home / "d.csv").read_bytes()
    (home / "d.csv").write_text("4,5,6\n")
    cache.keep(scenario, passed(scenario))
    assert warned == ["cache: " + f"{scenario.id} is not kept: a file of it changed while it ran"]
    (home / "d.csv").write_bytes(before)
    assert opened().known([scenario]) == {}


def test_what_passed_is_known_with_its_verdicts_and_its_time(
    home: Path, opened: Callable[..., Cache], warned: list[str]
) -> None:
    scenario = scenario_in(home)
    opened().keep(scenario, passed(scenario))
    (found,) = opened().known([scenario]).values()
    assert (found.status, found.exit_code, found.id) == ("passed", 0, scenario.id)
    assert found.verdicts == passed(scenario).verdicts
    assert found.operations[0].label == "a label"
    assert found.cached
    assert found.cached[:2] == "20"
    assert not warned


@pytest.mark.parametrize("status", ["failed", "error", "no expectations"])
def test_what_did_not_pass_is_not_kept_and_undoes_what_was(
    home: Path, opened: Callable[..., Cache], status: str
) -> None:
    scenario = scenario_in(home)
    opened().keep(scenario, passed(scenario))
    assert entries(home)
    opened().keep(scenario, replace(passed(scenario), status=status))
    assert opened().known([scenario]) == {}
    assert not entries(home)


def change_text(home: Path) -> None:
    (home / "s.yaml").write_text(TEXT + "# a word more\n")


def change_seed(home: Path) -> None:
    (home / "s.yaml").write_text(TEXT + "seed: 1\n")


@pytest.mark.parametrize(
    "change",
    [
        change_text,
        change_seed,
        lambda home: (home / "d.csv").write_text("1,2,4\n"),
        lambda home: (home / "d.csv").unlink(),
        lambda home: (home / "cells.py").write_text("A = 2\n"),
        lambda home: (home / "neighbour.py").write_text("B = 2\n"),
        lambda home: (home / "new.py").write_text(""),
        lambda home: (home / "sent.bin").write_bytes(b"2"),
    ],
    ids=["text", "seed", "data", "no data", "code", "neighbour", "new neighbour", "sent"],
)
def test_a_change_of_anything_a_scenario_reads_changes_its_key(
    home: Path, change: Callable[[Path], Any]
) -> None:
    sent = (home / "sent.bin",)
    before = key_of(scenario_in(home), Wishes(), sent)
    assert key_of(scenario_in(home), Wishes(), sent) == before
    change(home)
    assert key_of(scenario_in(home), Wishes(), sent) != before


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes(verify=True),
        Wishes(gates=True),
        Wishes(timesteps="all"),
        Wishes(allow_code=True),
        Wishes(kernel="generic"),
    ],
    ids=repr,
)
def test_an_option_that_changes_what_is_judged_or_recorded_changes_the_key(
    home: Path, wishes: Wishes
) -> None:
    scenario = scenario_in(home)
    assert key_of(scenario, wishes) != key_of(scenario, Wishes())


def test_the_engine_and_each_version_are_part_of_the_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = scenario_in(home)
    before = key_of(scenario, Wishes())
    assert key_of(scenario_in(home, "tf_keras"), Wishes()) != before
    ours = module.installed()
    for name in ("lstm_state_probe", "tensorflow", "keras", "numpy", "Python"):
        assert name in ours
        other = ours | {name: "0"}
        monkeypatch.setattr(module, "installed", lambda other=other: other)
        assert key_of(scenario, Wishes()) != before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"id": "another", "when": "", "operations": []}', "\udcff"],
    ids=["empty", "cut", "list", "null", "no keys", "another's", "no UTF-8"],
)
def test_a_corrupt_entry_is_told_of_and_ignored(
    home: Path, opened: Callable[..., Cache], warned: list[str], text: str
) -> None:
    scenario = scenario_in(home)
    opened().keep(scenario, passed(scenario))
    (entry,) = entries(home)
    entry.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert opened().known([scenario]) == {}
    (line,) = warned
    assert str(entry) in line
    assert "is ignored" in line


def test_an_entry_with_a_verdict_that_failed_is_not_believed(
    home: Path, opened: Callable[..., Cache], warned: list[str]
) -> None:
    scenario = scenario_in(home)
    opened().keep(scenario, passed(scenario))
    (entry,) = entries(home)
    data = json.loads(entry.read_text())
    data["operations"][0]["verdicts"][0]["passed"] = False
    entry.write_text(json.dumps(data))
    assert opened().known([scenario]) == {}
    assert warned


def test_a_change_while_the_suite_runs_keeps_no_wrong_entry(
    home: Path, opened: Callable[..., Cache]
) -> None:
    scenario, cache = scenario_in(home), opened()
    assert cache.known([scenario]) == {}
    (home / "d.csv").write_text("9,9,9\n")
    cache.keep(scenario, passed(scenario))
    assert opened().known([scenario]) == {}


def test_a_folder_that_cannot_be_made_is_a_wrong_command(home: Path) -> None:
    with pytest.raises(UsageError, match="no cache can be kept in"):
        Cache.at(home / "s.yaml", Wishes(), print)


RUNS = """name: runs
model: {batch_shape: [2, 3, 1], layers: [{SimpleRNN: {name: rnn, units: 1}}]}
data: {x: {ones: {shape: [2, 3, 1]}}}
operations: [{predict_on_batch: {x: x}, expect: {rnn/h: nonzero}}]
---
name: fails
model: {batch_shape: [2, 3, 1], layers: [{SimpleRNN: {name: rnn, units: 1}}]}
data: {x: {ones: {shape: [2, 3, 1]}}}
operations: [{predict_on_batch: {x: x}, expect: {rnn/h: zeros}}]
"""


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run two scenarios twice with a cache: ([names that ran], document, code) of each run."""
    from lstm_state_probe.executors import here

    folder = tmp_path_factory.mktemp("twice")
    (folder / "r.yaml").write_text(RUNS)
    ran: list[str] = []
    honest = here.perform

    def counted(scenario: ScenarioFile, *rest: Any) -> Any:
        ran.append(scenario.name)
        return honest(scenario, *rest)

    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here, "perform", counted)
        for n in range(2):
            report, arrays = str(folder / f"{n}.json"), str(folder / f"{n}.npz")
            words = ["run", str(folder / "r.yaml"), "--cache", str(folder / "cache")]
            code = run_command_line([*words, "--report", report, "--report", arrays])
            found.append((list(ran), json.loads(Path(report).read_text()), code))
            ran.clear()
    return found


def test_the_second_run_does_what_failed_alone(twice: Any) -> None:
    (first, _, code), (second, _, again) = twice
    assert first == ["runs", "fails"]
    assert second == ["fails"]
    assert code == again == 1


def test_the_report_says_which_was_not_run_and_has_its_verdicts_and_no_states(twice: Any) -> None:
    first, second = twice[0][1], twice[1][1]
    assert [s["cached"] is not None for s in first["scenarios"]] == [False, False]
    assert [s["cached"] is not None for s in second["scenarios"]] == [True, False]
    assert (first["summary"]["cached"], second["summary"]["cached"]) == (0, 1)
    assert second["summary"]["passed"] == 1
    known, ran = second["scenarios"][0], first["scenarios"][0]
    assert known["status"] == "passed"
    assert known["operations"][0]["expectations"] == ran["operations"][0]["expectations"]
    assert known["operations"][0]["calls"] == []
    assert ran["operations"][0]["calls"]


def test_the_report_conforms_to_its_schema(twice: Any) -> None:
    import jsonschema

    from lstm_state_probe.report.json.schema import report_schema

    for _, document, _ in twice:
        jsonschema.validate(document, report_schema())


def test_the_tables_say_that_nothing_was_run(
    home: Path, opened: Callable[..., Cache], capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    from lstm_state_probe.report.base import ShowOptions
    from lstm_state_probe.report.data import SuiteReport
    from lstm_state_probe.report.terminal.tables import Tables

    scenario = scenario_in(home)
    opened().keep(scenario, passed(scenario))
    (report,) = opened().known([scenario]).values()
    view = Tables(Console(width=200), ShowOptions())
    view.scenario(report)
    view.end(SuiteReport({}, (report,), (), 0.0))
    shown = capsys.readouterr().out
    assert "not run: unchanged since it passed, 20" in shown
    assert "1 passed (1 of them cached)" in shown
