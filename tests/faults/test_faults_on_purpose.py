"""Whatever ends a writer, what it wrote to is whole, and nothing stays beside it.

The folder has a driver: `python tests/faults/drive.py all --times 100` makes more of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = ("kill", "interrupt", "full", "descriptors", "readonly")
DEEDS = ("reports", "report merge", "baseline", "states", "last run", "init")
CODES = {"kill": "-9", "interrupt": "2", "readonly": "1"}
"""How each of the writers must have ended."""


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, dict[str, int]]]:
    """Make each fault four times; a file that is not whole ends the driver."""
    done = subprocess.run(
        [sys.executable, str(HERE / "drive.py"), "all", "--times", "4"],
        capture_output=True,
        text=True,
        timeout=170,
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_deed_was_tried_with_every_fault(figures) -> None:
    assert set(figures) == set(FAULTS)
    assert all(tuple(deeds) == DEEDS for deeds in figures.values())


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_there_is_whole_and_nothing_is_left_beside(figures, fault: str, deed: str) -> None:
    found = figures[fault][deed]
    assert "ended 3" not in found, "an error that nobody foresaw"
    if fault in CODES:  # at a random moment a deed may be done already
        done = found.get("ended 0", 0) if fault == "interrupt" else 0
        assert found.get(f"ended {CODES[fault]}", 0) + done == 4
    if fault == "kill":  # nobody can clean up then: the next writer does
        assert found["strays after the next write"] == 0
    else:
        assert found["strays"] == 0
