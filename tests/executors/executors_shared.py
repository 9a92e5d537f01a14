"""What the tests of executors share: the command line in a process, reports, a Dask cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def probe(
    *words: str, cwd: Path | None = None, timeout: float = 300, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "COLUMNS", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "lstm_state_probe", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=cwd,
        env=kept | environment,
    )


@lru_cache
def patience() -> str:
    """Return the seconds that a scenario may take before it counts as hanging, on this machine.

    A scenario takes a few seconds at most on an idle one; a slow or busy one is measured.
    """
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import pydantic, numpy, rich.table"], check=True)
    return str(max(15, round(40 * (time.monotonic() - started))))


def document(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def without_times(scenario_: dict) -> dict:
    """Return a scenario of a report without the seconds, which differ from run to run."""
    operations = [{**done, "seconds": None} for done in scenario_["operations"]]
    return {**scenario_, "seconds": None, "operations": operations}


@contextmanager
def dask_cluster(folder: Path, *, workers: int, path: str = "") -> Iterator[str]:
    """Start a scheduler and workers on 127.0.0.1, give the address, and end them.

    They end by themselves too: the workers without a scheduler, the scheduler when it is idle.
    """
    pytest.importorskip("distributed", reason="distributed is not installed")
    file = folder / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": path or str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    common = ["--no-dashboard", "--host", "127.0.0.1"]
    ends = ["--idle-timeout", "600s"]
    limits = ["--nthreads", "1", "--death-timeout", "60", "--local-directory", str(folder)]
    where = ["--scheduler-file", str(file)]
    commands = [
        ["dask_scheduler", *where, "--port", "0", *ends],
        ["dask_worker", *where, "--nworkers", str(workers), *limits],
    ]
    started = []
    with (folder / "dask.log").open("w") as log:
        try:
            for module, *words in commands if workers else commands[:1]:
                command = [sys.executable, "-m", f"distributed.cli.{module}", *words, *common]
                started.append(
                    subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder)
                )
            yield _address(file)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(60)


def _address(file: Path) -> str:
    for _ in range(600):
        try:
            return str(json.loads(file.read_text())["address"])
        except (OSError, ValueError):
            time.sleep(0.1)
    raise AssertionError("the scheduler did not start")
