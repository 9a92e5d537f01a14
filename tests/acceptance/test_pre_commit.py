"""The hooks: what pre-commit would run, with the files that it would name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from lstm_state_probe.cli import run_command_line

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_a_hook_reads_the_scenarios_that_were_changed(
    hook: dict[str, Any], tmp_path, monkeypatch, capsys
) -> None:
    program, *words = shlex.split(hook["entry"])
    assert program == "probe"
    files = [f"scenarios/{p.name}" for p in sorted((ROOT / "scenarios").glob("*.yaml"))]
    assert files
    assert all(re.search(hook["files"], name) for name in [*files, "tests/scenarios/x.yml"])
    assert not re.search(hook["files"], ".github/workflows/ci.yaml")
    monkeypatch.chdir(ROOT)
    assert run_command_line([*words, *files]) == 0
    assert capsys.readouterr().out == ""
    (tmp_path / "wrong.yaml").write_text("modl: 1\n")
    assert run_command_line([*words, *files, str(tmp_path / "wrong.yaml")]) == 2
    assert "unknown key 'modl'" in capsys.readouterr().out
