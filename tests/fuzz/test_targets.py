"""Every reader returns or raises a ProbeError: a bounded number of inputs each; more by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from lstm_state_probe.errors import ProbeError
from tests.fuzz.fuzz import fuzz
from tests.fuzz.targets import TARGETS

SECONDS = 0.7


@pytest.mark.parametrize("target", TARGETS)
def test_a_reader_returns_or_tells_what_is_wrong(target: str) -> None:
    result = fuzz(target, inputs=400, seed=2, seconds=SECONDS)
    told = [f"{kind} {where}\n{text}" for (kind, where), text in result.told.items()]
    assert not result.faults, "\n".join(told)


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_reads_its_seeds(target: str, tmp_path: Path) -> None:
    chosen = TARGETS[target]
    read = 0
    for seed in chosen.seeds()[:4]:
        try:
            chosen.read(seed, tmp_path)
        except ProbeError:
            continue
        read += 1
    assert read, "every seed is refused: nothing behind the first check would be tried"
