"""A real Dask scheduler with two workers, on 127.0.0.1."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from executors_shared import ROOT, dask_cluster, document, patience, probe, without_times

pytest.importorskip("distributed", reason="distributed is not installed")
ASKED = ("--allow-code", "-q", "--verify")
"""Every call is verified, whatever time it takes: else a loaded machine leaves some out."""


@pytest.fixture(scope="module")
def on_the_cluster(cluster: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    """Run the folder's scenarios there; their folder is another one than the workers'."""
    report = tmp_path_factory.mktemp("there") / "r.json"
    words = ["run", str(folder), *ASKED, "--report", str(report)]
    shown = probe(*words, "--cluster", cluster, "--timeout", patience())
    return shown, document(report)


def test_a_death_and_a_hang_are_the_outcomes_of_their_scenarios_and_no_other_is_lost(
    on_the_cluster: tuple,
) -> None:
    shown, report = on_the_cluster
    assert shown.returncode == 3, shown.stderr
    assert {s["name"]: s["status"] for s in report["scenarios"]} == {
        "first": "passed",
        "ends its process": "error",
        "with code": "passed",
        "hangs": "error",
        "reads a file": "passed",
        "fails": "failed",
    }
    errors = {s["name"]: s["error"] for s in report["scenarios"] if s["error"]}
    assert errors["ends its process"] == "the worker died while it ran this scenario"
    assert errors["hangs"] == f"it took more than {patience()} s and was ended"


def test_nothing_but_the_report_is_shown(on_the_cluster: tuple) -> None:
    assert on_the_cluster[0].stderr == ""


def test_ids_files_and_numbers_are_those_of_this_machine(
    on_the_cluster: tuple, folder: Path, tmp_path: Path
) -> None:
    report = tmp_path / "r.json"
    words = ["run", str(folder), *ASKED, "--report", str(report)]
    probe(*words, "--jobs", "2", "--timeout", patience())
    here = {s["id"]: without_times(s) for s in document(report)["scenarios"]}
    for scenario in on_the_cluster[1]["scenarios"]:
        twin = here[scenario["id"]]
        assert scenario["file"] == twin["file"]
        assert Path(scenario["file"]).name == "several.yaml"
        assert "probe-" not in scenario["file"]
        assert without_times(scenario)["operations"] == twin["operations"]


def test_files_travel_with_the_scenario(cluster: str, tmp_path: Path) -> None:
    """Each file is deleted once it was packed, so that a worker cannot read it in its place."""
    from lstm_state_probe.executors import Terms, workplace
    from lstm_state_probe.runner import Wishes
    from lstm_state_probe.scenario.read import read_scenarios

    (tmp_path / "inner").mkdir()
    lines = "\n".join("1,2,3" for _ in range(2))
    (tmp_path / "d.csv").write_text(lines)
    (tmp_path / "inner" / "helper.py").write_text("UNITS = 3\n")
    (tmp_path / "model.py").write_text(
        "import sys, pathlib\n"
        "def build():\n"
        "    from inner.helper import UNITS\n"
        "    layers = [keras.Input(batch_shape=(2, 3)), keras.layers.Reshape((3, 1)),"
        " keras.layers.LSTM(UNITS, name='lstm', stateful=True)]\n"
        "    return keras.Sequential(layers)\n"
    )
    file = tmp_path / "s.yaml"
    file.write_text(
        "model: {factory: 'model.py:build'}\ndata: {x: {file: d.csv}}\n"
        "operations: [{predict_on_batch: {x: x}, expect: {lstm/h: {shape: [2, 3]}}}]\n"
    )
    (scenario,) = read_scenarios(file)
    terms = Terms(Wishes(allow_code=True), ("keras3",), cluster=cluster, sent=(tmp_path / "inner",))
    with workplace(terms) as place:
        task = place.pack(scenario)
        shutil.rmtree(tmp_path)
        done = place.executor.submit(task).result(120)
    assert done.report.error is None
    assert done.report.status == "passed"


def test_a_file_that_is_nowhere_is_told_at_its_place(cluster: str, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "model: {batch_shape: [2, 3, 1], layers: [{LSTM: {units: 1}}]}\n"
        "data: {x: {file: none.npy}}\noperations: [{predict: {x: x}}]\n"
    )
    shown = probe("run", str(file), "-q", "--cluster", cluster)
    assert shown.returncode == 2
    assert f"{file.name}:2:" in shown.stdout
    assert "'none.npy' cannot be read: No such file or directory" in shown.stdout


def test_a_worker_with_another_version_is_told_and_does_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "lstm_state_probe", other / "lstm_state_probe", symlinks=True)
    init = other / "lstm_state_probe" / "version.py"
    init.write_text(init.read_text().replace('__version__ = "', '__version__ = "9.'))
    file = tmp_path / "s.yaml"
    file.write_text((ROOT / "scenarios" / "stateful_lstm.yaml").read_text())
    with dask_cluster(tmp_path, workers=1, path=str(other)) as address:
        shown = probe("run", str(file), "-q", "--cluster", address)
    assert shown.returncode == 3
    words = " ".join(shown.stdout.split())
    assert "the worker has other versions: lstm_state_probe" in words
    assert "on the worker" in words


def test_no_scheduler_at_the_address_is_a_wrong_command() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    shown = probe("run", str(ROOT / "scenarios" / "gru.yaml"), "--cluster", address)
    assert shown.returncode == 2
    assert shown.stdout == ""
    assert f"no Dask scheduler answers at {address!r}" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_scheduler_without_workers_is_told(tmp_path: Path) -> None:
    with dask_cluster(tmp_path, workers=0) as address:
        shown = probe("run", str(ROOT / "scenarios" / "gru.yaml"), "--cluster", address)
    assert shown.returncode == 2
    assert "has no worker" in shown.stderr


def test_a_scheduler_that_ends_meanwhile_loses_no_outcome(tmp_path: Path, folder: Path) -> None:
    report = tmp_path / "r.json"
    with dask_cluster(tmp_path, workers=1) as address:
        words = ["run", str(folder), *ASKED, "--report", str(report), "--progress", "plain"]
        client = subprocess.Popen(
            [sys.executable, "-m", "lstm_state_probe", *words, "--cluster", address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert client.stderr is not None
        first = client.stderr.readline()
    out, err = client.communicate(timeout=200)
    assert first.startswith("[1/6] passed ")
    assert client.returncode == 3, err
    statuses = [s["status"] for s in document(report)["scenarios"]]
    assert len(statuses) == 6
    assert statuses.count("error") >= 3
    assert "went away" in out
    assert [line.split()[0] for line in err.splitlines()] == [f"[{n}/6]" for n in range(2, 7)]


def test_without_dask_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lstm_state_probe.cli import run_command_line

    monkeypatch.setitem(sys.modules, "distributed", None)
    words = ["run", str(ROOT / "scenarios" / "gru.yaml"), "--cluster", "tcp://127.0.0.1:1"]
    assert run_command_line(words) == 2
    assert "pip install 'lstm-state-probe[cluster]'" in capsys.readouterr().err
