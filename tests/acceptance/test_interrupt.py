"""Ctrl-C: a report of what was done, exit 130; the second one ends the process at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

MODEL = "model: {batch_shape: [2, 3, 1], layers: [%s{LSTM: {name: lstm, units: 1}}]}\n"
REST = """data: {x: {ones: {shape: [2, 3, 1]}}}
operations: [{call: {x: x}, expect: {lstm/h: nonzero}}]
"""
WAITS = """
import pathlib, time
class Waits(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        pathlib.Path("waiting").touch()
        %s
"""
SLEEPS = "time.sleep(100)"
DEAF = """while True:
            try:
                time.sleep(100)
            except KeyboardInterrupt:
                pathlib.Path("deaf").touch()"""
SWALLOWS = """try:
            time.sleep(100)
        except KeyboardInterrupt:
            pass"""


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen]:
    """Start a suite of three scenarios, of which the second waits; return when it does."""

    def run(code: str, *words: str) -> subprocess.Popen:
        (tmp_path / "waits.py").write_text(code)
        waits = "name: waits\ncustom_objects: [waits.py]\n" + MODEL % "{Waits: {}}, " + REST
        first, last = (f"name: {name}\n" + MODEL % "" + REST for name in ("first", "last"))
        (tmp_path / "s.yaml").write_text("---\n".join([first, waits, last]))
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "lstm_state_probe", "run", "s.yaml", "--allow-code"),
                *("-q", "--report", "r.json", *words),
            ],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent.parent)},
            start_new_session=True,
        )
        wait_for(tmp_path / "waiting")
        return process

    return run


def wait_for(file: Path) -> None:
    for _ in range(900):
        if file.exists():
            time.sleep(0.3)
            return
        time.sleep(0.1)
    raise AssertionError(f"{file.name} did not come")


def left(process: subprocess.Popen, tmp_path: Path) -> tuple[str, str, dict]:
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    return out, err, json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words", [(), ("--jobs", "2", "--progress", "plain")], ids=["one process", "two jobs"]
)
def test_the_report_has_what_was_done_and_names_what_was_not(
    start: Callable[..., subprocess.Popen], tmp_path: Path, words: tuple[str, ...]
) -> None:
    process = start(dedent(WAITS) % SLEEPS, *words)
    if words:
        assert process.stderr is not None  # the first may run beside the second
        assert process.stderr.readline().startswith("[1/3] passed")
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all the processes
    out, err, document = left(process, tmp_path)
    assert [(s["name"], s["status"]) for s in document["scenarios"]] == [("first", "passed")]
    assert document["interrupted"] is True
    assert document["not_run"] == ["s.yaml::waits", "s.yaml::last"]
    assert document["summary"]["not_run"] == 2
    assert "interrupted: 2 scenarios not run" in out
    assert "Traceback" not in err


def test_one_that_a_scenarios_code_swallows_ends_the_suite_too(
    start: Callable[..., subprocess.Popen], tmp_path: Path
) -> None:
    process = start(dedent(WAITS) % SWALLOWS)
    process.send_signal(signal.SIGINT)
    _, _, document = left(process, tmp_path)
    assert document["not_run"] == ["s.yaml::waits", "s.yaml::last"]


def test_the_second_ends_a_process_that_is_deaf_to_the_first(
    start: Callable[..., subprocess.Popen], tmp_path: Path
) -> None:
    process = start(dedent(WAITS) % DEAF)
    process.send_signal(signal.SIGINT)
    wait_for(tmp_path / "deaf")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)  # it would sleep for much longer
    assert process.returncode == 130
    assert not (tmp_path / "r.json").exists()
