"""The files of a scenario: which they are, how they travel, how they are told of."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lstm_state_probe.executors.base import Done, lost
from lstm_state_probe.executors.parcel import parcel, unpacked
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report.data import OperationReport
from lstm_state_probe.scenario.files import named_files
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios

CHAIN = "model: {batch_shape: [2, 3, 1], layers: [{LSTM: {units: 1}}]}\n"
REST = "operations: [{predict: {x: x}}]\n"
HOME = "one/two/home"
Make = Callable[..., ScenarioFile]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(text: str, **files: str) -> ScenarioFile:
        home = tmp_path / HOME
        home.mkdir(parents=True, exist_ok=True)
        (home / "s.yaml").write_text(text)
        (scenario,) = read_scenarios(home / "s.yaml")
        return scenario

    return write


def put(path: Path, text: str = "content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_data_below_beside_and_far_away_are_named_as_they_are_written(
    make: Make, tmp_path: Path
) -> None:
    home = tmp_path / HOME
    far = put(tmp_path / "far" / "c.csv")
    for place in ("deep/a.csv", "../b.csv"):
        put(home / place)
    put(home / "../../up.csv")
    names = ["deep/a.csv", "../b.csv", str(far), "../../up.csv"]
    data = ", ".join(f"x{n}: {{file: {name!r}}}" for n, name in enumerate(names))
    scenario = make(f"{CHAIN}data: {{x: [[[1], [1], [1]]], {data}}}\n{REST}")
    assert list(named_files(scenario)) == names
    packed = parcel(scenario)
    assert packed.size == 4 * len("content")
    shutil.rmtree(tmp_path)
    with unpacked(packed, scenario) as (moved, told):
        places = [moved.beside(name) for name in names]
        assert [place.read_text() for place in places] == ["content"] * 4
        assert len({place.resolve() for place in places}) == 4
        report = told(Done(lost(scenario, f"in {places[1].resolve()}"))).report
        assert report.error == f"in {(tmp_path / HOME).parent / 'b.csv'}"
    assert not places[0].exists()


def test_a_saved_model_may_be_a_file_a_folder_or_a_checkpoint(make: Make, tmp_path: Path) -> None:
    home = tmp_path / HOME
    put(home / "saved" / "variables" / "v.index")
    put(home / "saved" / "saved_model.pb")
    put(home / "check.index")
    put(home / "check.data-00000-of-00001")
    scenario = make(f"model: {{load: saved, weights: check}}\ndata: {{x: [[1]]}}\n{REST}")
    found = named_files(scenario)
    assert set(found["saved"]) == {"saved/variables/v.index", "saved/saved_model.pb"}
    assert set(found["check"]) == {"check.index", "check.data-00000-of-00001"}
    with unpacked(parcel(scenario), scenario) as (moved, _):
        assert (moved.beside("saved") / "variables" / "v.index").is_file()
        assert (moved.beside("check").parent / "check.index").is_file()


def test_code_takes_the_python_files_beside_it_along_and_lies_in_the_scenarios_folder(
    make: Make, tmp_path: Path
) -> None:
    home = tmp_path / HOME
    for name in ("cells.py", "neighbour.py", "notes.txt", "further/w.bin"):
        put(home / name, "A = 1\n")
    scenario = make(f"custom_objects: [cells.py]\n{CHAIN}data: {{x: [[[1], [1], [1]]]}}\n{REST}")
    assert set(named_files(scenario)) == {"cells.py", "neighbour.py"}
    packed = parcel(scenario, [home / "further", put(tmp_path / "outside.bin")])
    with unpacked(packed, scenario) as (moved, _):
        inside = {p.name for p in moved.path.parent.iterdir()}
        assert inside == {"cells.py", "neighbour.py", "further", "outside.bin"}
        assert (moved.path.parent / "further" / "w.bin").is_file()


def test_a_scenario_without_code_takes_no_python_file_along(make: Make, tmp_path: Path) -> None:
    put(tmp_path / HOME / "other.py")
    scenario = make(f"{CHAIN}data: {{x: [[[1], [1], [1]]]}}\n{REST}")
    assert named_files(scenario) == {}


def test_a_missing_file_is_left_out(make: Make) -> None:
    scenario = make(f"{CHAIN}data: {{x: {{file: none.npy}}}}\n{REST}")
    assert named_files(scenario) == {"none.npy": {}}
    assert parcel(scenario).named == {}


def test_messages_name_the_first_places(make: Make) -> None:
    scenario = make(f"{CHAIN}data: {{x: [[[1], [1], [1]]]}}\n{REST}")
    with unpacked(parcel(scenario), scenario) as (moved, told):
        folder = moved.path.parent
        failure = Failure("OSError", f"no {folder}/a.txt")
        outcome = Outcome("predict", None, (), {}, {}, failure=failure)
        operation = OperationReport(0, "predict", None, outcome, (), 1, 1)
        report = replace(lost(scenario, f"in {folder}/m.keras"), operations=(operation,))
        done = told(Done(report))
    home = str(scenario.path.parent)
    assert done.report.error == f"in {home}/m.keras"
    assert str(done.report.operations[0].outcome.failure) == f"OSError: no {home}/a.txt"


def test_a_scenario_crosses_processes_as_it_is(make: Make) -> None:
    scenario = make(f"{CHAIN}data: {{x: [[[1], [1], [1]]]}}\n{REST}")
    copy = pickle.loads(pickle.dumps(scenario))
    assert copy == scenario
    assert str(copy.error(("data", "x"), "m")) == str(scenario.error(("data", "x"), "m"))


def test_other_versions_are_named_before_anything_else_is_read() -> None:
    from lstm_state_probe.executors.carry import carry_out
    from lstm_state_probe.host.environment import installed

    theirs = installed() | {"tensorflow": "1.0", "lstm_state_probe": "9.9"}
    told = carry_out(theirs, b"no pickle at all")
    assert isinstance(told, str)
    ours = installed()
    assert f"tensorflow 1.0 here, {ours['tensorflow']} on the worker" in told
    assert f"lstm_state_probe 9.9 here, {ours['lstm_state_probe']} on the worker" in told
    assert "numpy" not in told
