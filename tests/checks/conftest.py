"""Small models for the checks, and the way to ask one property of one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ask = Callable[..., Any]
HERE = Path(__file__).parent


@pytest.fixture
def subject(tmp_path: Path) -> Callable[..., Any]:
    """Read a written scenario beside the broken layers."""
    from lstm_state_probe.scenario.read import read_scenarios

    def read(text: str, engine: str = "keras3") -> Any:
        for code in ("broken.py", "misleading.py"):
            shutil.copy(HERE / code, tmp_path)
        file = tmp_path / "subject.yaml"
        file.write_text(text, encoding="utf-8")
        (scenario,) = read_scenarios(file, engine=engine)
        return scenario

    return read


@pytest.fixture
def ask(subject: Callable[..., Any]) -> Ask:
    """Ask one property of a written model; return its verdict."""
    from lstm_state_probe.checks import PROPERTIES
    from lstm_state_probe.checks.battery import check

    def asked(name: str, text: str, engine: Any, **options: Any) -> Any:
        scenario = subject(text, engine.name)
        report = check(scenario, engine, [PROPERTIES[name]], allow_code=True, **options)
        assert report.error is None, report.error
        return report.verdicts[0]

    return asked
