"""Processes beside this one: what ends, what hangs, what is left of them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from executors_shared import document, patience, probe, without_times

from lstm_state_probe.executors.processes import Processes, TimedOut, WorkerDied


def square(number: int) -> int:
    return number * number


def end_by(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.fixture(scope="module")
def pool() -> Iterator[Processes]:
    """Two processes without an engine, so that TensorFlow is not imported."""
    executor = Processes(2, timeout=None)
    yield executor
    executor.shutdown(cancel_futures=True)


def test_what_is_submitted_is_done_in_another_process(pool: Processes) -> None:
    assert list(pool.map(square, range(6))) == [0, 1, 4, 9, 16, 25]
    assert pool.submit(os.getpid).result() != os.getpid()


def test_what_a_task_raises_comes_back_with_its_traceback(pool: Processes) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        pool.submit(divmod, 1, 0).result()
    assert "Traceback" in str(caught.value.__cause__)


def test_a_process_that_dies_takes_no_other_task_along(pool: Processes) -> None:
    slow = pool.submit(time.sleep, 1.0)
    killed = pool.submit(end_by, signal.SIGKILL)
    left = pool.submit(os._exit, 7)
    after = [pool.submit(square, n) for n in range(4)]
    with pytest.raises(WorkerDied, match="killed by SIGKILL; was the memory enough"):
        killed.result()
    with pytest.raises(WorkerDied, match="left with exit code 7"):
        left.result()
    assert [future.result() for future in after] == [0, 1, 4, 9]
    assert slow.result() is None


def test_a_segmentation_fault_is_named(pool: Processes) -> None:
    with pytest.raises(WorkerDied, match="killed by SIGSEGV"):
        pool.submit(ctypes.string_at, 0).result()


def test_a_task_that_hangs_is_ended_and_the_next_has_a_process() -> None:
    executor = Processes(1, timeout=1.0)
    try:
        hanging, next_ = executor.submit(time.sleep, 600), executor.submit(square, 3)
        with pytest.raises(TimedOut, match="more than 1 s"):
            hanging.result()
        assert next_.result() == 9
    finally:
        executor.shutdown(cancel_futures=True)


def test_the_end_of_a_pool_is_the_end_of_its_processes_whatever_they_do() -> None:
    executor = Processes(1, timeout=None)
    pid = executor.submit(os.getpid).result()
    hanging, waiting = executor.submit(time.sleep, 600), executor.submit(square, 3)
    while not hanging.running():
        time.sleep(0.01)
    started = time.monotonic()
    executor.shutdown(cancel_futures=True)
    assert time.monotonic() - started < 30
    assert isinstance(hanging.exception(), WorkerDied)
    assert waiting.cancelled()
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "starts.py"
    script.write_text(
        dedent("""
        import os, time
        from lstm_state_probe.executors.processes import Processes
        if __name__ == "__main__":
            pool = Processes(1, timeout=None)
            print(pool.submit(os.getpid).result(), flush=True)
            pool.submit(time.sleep, 600)
            time.sleep(600)
        """)
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    for _ in range(300):
        if not alive(pid):
            break
        time.sleep(0.1)
    assert not alive(pid)


@pytest.fixture(scope="module")
def two_jobs(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple:
    """Run the folder's scenarios in two processes: (what was shown, the report)."""
    report = tmp_path_factory.mktemp("two") / "r.json"
    words = ["run", str(folder), "--allow-code", "-q", "--verify", "--report", str(report)]
    shown = probe(*words, "--jobs", "2", "--timeout", patience(), "--progress", "plain")
    return shown, document(report)


def test_a_death_and_a_hang_are_the_outcomes_of_their_scenarios_and_no_other_is_lost(
    two_jobs: tuple,
) -> None:
    shown, report = two_jobs
    assert shown.returncode == 3
    found = {s["name"]: s["status"] for s in report["scenarios"]}
    assert found == {
        "first": "passed",
        "ends its process": "error",
        "with code": "passed",
        "hangs": "error",
        "reads a file": "passed",
        "fails": "failed",
    }
    errors = {s["name"]: s["error"] for s in report["scenarios"] if s["error"]}
    assert "the worker died while it ran this scenario" in errors["ends its process"]
    assert f"it took more than {patience()} s" in errors["hangs"]
    assert report["environment"]["tensorflow"][0].isdigit()


def test_progress_in_lines_has_one_a_scenario_in_the_order_of_the_file(two_jobs: tuple) -> None:
    lines = two_jobs[0].stderr.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [f"[{n}/6]", status]
        for n, status in enumerate(
            ["passed", "error", "passed", "error", "passed", "failed"], start=1
        )
    ]


def test_the_numbers_are_those_of_one_process_bit_for_bit(
    two_jobs: tuple, folder: Path, tmp_path: Path
) -> None:
    import re

    text = (folder / "several.yaml").read_text()
    alone = "---\n".join(re.findall(r"name: (?:first|with code|reads a file|fails)\n[^-]*", text))
    (folder / "several.yaml").with_name("alone.yml").write_text(alone)
    report = tmp_path / "r.json"
    try:
        words = [
            "run",
            str(folder / "alone.yml"),
            "--allow-code",
            "-q",
            "--verify",
            "--report",
            str(report),
        ]
        assert probe(*words).returncode == 1
    finally:
        (folder / "alone.yml").unlink()
    here = {s["name"]: without_times(s) for s in document(report)["scenarios"]}
    there = {s["name"]: without_times(s) for s in two_jobs[1]["scenarios"]}
    assert len(here) == 4
    for name, scenario in here.items():
        assert scenario["operations"][0]["calls"] == there[name]["operations"][0]["calls"]
        assert scenario["operations"][0]["calls"][0]["gates"]["f"]["timesteps"]


def test_the_help_needs_no_executor() -> None:
    code = "import sys, lstm_state_probe.cli; sys.exit('concurrent.futures' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
