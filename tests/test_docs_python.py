"""The Python blocks of docs/python.md are one script; it runs on both engines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lstm_state_probe
from lstm_state_probe.pytest_plugin import SUFFIXES

if TYPE_CHECKING:
    from lstm_state_probe.engines import Engine

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
SCENARIO = ROOT / "scenarios" / "stateful_lstm.yaml"


def script() -> str:
    return "\n".join(re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL))


def test_the_page_runs_as_it_stands(
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    text = script()
    if engine.name == "tf_keras":
        text = text.replace("import keras\n", "import tf_keras as keras\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lifecycle.yaml").write_bytes(SCENARIO.read_bytes())
    namespace: dict[str, Any] = {"__name__": "page"}
    exec(compile(text, "page.py", "exec"), namespace)
    shown = capsys.readouterr().out
    assert "carried from operation 1, epoch 2, batch 4" in shown
    assert "page.py:" in shown

    from lstm_state_probe.pytesting.fixture import StateProbe

    tests = [name for name in namespace if name.startswith("test_")]
    assert len(tests) == 2
    for name in tests:
        namespace[name](StateProbe(tmp_path, allow_code=False))


def test_the_page_names_every_public_name() -> None:
    for name in set(lstm_state_probe.__all__) - {"__version__", "Recording", "Snapshot"}:
        assert f"`{name}" in PAGE, name
    assert all(f"*{suffix}" in PAGE for suffix in SUFFIXES[:1])
    assert "--probe-engine" in PAGE
    assert "--probe-allow-code" in PAGE
