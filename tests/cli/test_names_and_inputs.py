"""Names from outside on the terminal; inputs that are not written over; closed streams, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.cli import run_command_line

NASTY = r"n\n::error file=a::b\r::stop-commands::t\e]0;title\a\e[31m\u202e\0 ##[error]x"
"""As YAML writes it in quotes."""
SCENARIO = f"""name: "{NASTY}"
description: "{NASTY}"
tags: ["{NASTY}"]
model: {{load: m.json}}
data: {{x: {{file: x.npy}}}}
operations: [{{predict_on_batch: {{x: x}}, label: "l\\e[31m\\u202e"}}]
"""
SPOKEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]|^\s*::(?!error title=)|##\[", re.M)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario that loads a model and reads an array; none of them can be carried out."""
    monkeypatch.chdir(tmp_path)
    config = {"class_name": "Sequential", "config": {"name": "m", "layers": []}}
    (tmp_path / "m.json").write_text(json.dumps({**config, "keras_version": "3.0.0"}))
    np.save(tmp_path / "x.npy", np.zeros((2, 3, 1), np.float32))
    (tmp_path / "s.yaml").write_text(SCENARIO)
    return tmp_path


@pytest.mark.parametrize("github", ["", "true"])
@pytest.mark.parametrize(
    "words",
    [
        ["list", "s.yaml"],
        ["run", "s.yaml", "--list"],
        ["run", "s.yaml", "--progress", "plain"],
        ["list", "s.yaml", "-k", "\n::error::x\x1b["],
        ["validate", "wrong.yaml"],
        ["validate", "\x1b[31m\n::error::x.yaml"],
        ["inspect", "\x1b[31m\n::error::x.keras"],
        ["check", "\x1b[31m\n::error::x.keras"],
        ["source", "\x1b[31m\n::error::x"],
        ["\n::error::no such command\x1b[31m"],
    ],
)
def test_nothing_that_is_printed_obeys_a_name(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, words: list[str], github: str
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", github)
    (here / "wrong.yaml").write_text(SCENARIO + f'"{NASTY}": 1\nseed: "{NASTY}"\n')
    assert run_command_line(words) in (0, 2, 3)
    out, err = capsys.readouterr()
    assert out + err
    assert not SPOKEN.findall(out)
    assert not SPOKEN.findall(err)


@pytest.mark.parametrize(
    "words",
    [
        ["run", "s.yaml", "--report", "m.json"],
        ["run", "s.yaml", "--report", "sub/../m.json"],
        ["run", "s.yaml", "--report", "soft.json"],
        ["run", "s.yaml", "--report", "hard.json"],
        ["check", "s.yaml", "--report", "m.json"],
        ["check", "mask-holds.yaml", "--write-scenarios", "."],
        ["inspect", "m.json", "--report", "m.json"],
        ["inspect", "m.keras", "--input", "x=m.json", "--report", "soft.json"],
        ["inspect", "m.keras", "--input", "x=m.json:key", "--report", "hard.json"],
        ["init", "mask-holds.yaml", "--from", "m.json", "--weights", "mask-holds.yaml", "--force"],
        ["init", "new.yaml", "--from", "probe.schema.json"],
        ["report", "merge", "m.json", "-o", "m.json"],
        ["report", "merge", "m.json", "-o", "new.md", "-o", "hard.json"],
    ],
    ids=shlex.join,
)
def test_an_input_of_the_same_call_is_not_written_over(
    here: Path, capsys: Any, words: list[str]
) -> None:
    (here / "sub").mkdir()
    (here / "mask-holds.yaml").write_text(SCENARIO)
    (here / "probe.schema.json").write_text("{}")
    (here / "soft.json").symlink_to("m.json")
    (here / "hard.json").hardlink_to(here / "m.json")
    before = {path: path.read_bytes() for path in here.iterdir() if path.is_file()}
    assert run_command_line(words) == 2
    assert "is an input of the same call" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in here.iterdir() if path.is_file()} == before


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def swallowed() -> None:
    """Interrupt as a module does that turns whatever is raised while it is imported."""
    try:
        interrupt()
    except KeyboardInterrupt:
        raise ImportError("half a module") from None


@pytest.mark.parametrize("press", [interrupt, swallowed])
@pytest.mark.parametrize(
    "where", ["executors.here.load_engine", "suite.run.prepare", "suite.run.read_scenarios"]
)
def test_ctrl_c_before_the_first_scenario_leaves_a_report(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    where: str,
    press: Callable[[], None],
) -> None:
    monkeypatch.setattr(f"lstm_state_probe.{where}", lambda *_, **__: press())
    code = run_command_line(["run", "s.yaml", "--report", "r.json", "--report", "r.junit.xml"])
    assert code == 130
    document = json.loads((here / "r.json").read_text(encoding="utf-8"))
    assert document["interrupted"] is True
    known = where != "suite.run.read_scenarios"
    assert len(document["not_run"]) == document["summary"]["not_run"] == known
    assert (here / "r.junit.xml").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_a_report_that_was_there_stays_as_long_as_it_is_not_known_what_is_read(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (here / "m.json").read_bytes()
    monkeypatch.setattr("lstm_state_probe.suite.run.read_scenarios", lambda *_, **__: interrupt())
    assert run_command_line(["run", "s.yaml", "--report", "m.json"]) == 130
    assert (here / "m.json").read_bytes() == before


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_a_closed_stream_stops_nothing(here: Path, closed: str) -> None:
    """What is opened next would get the number of the closed one, and what goes there."""
    code = "from lstm_state_probe.__main__ import main; main()"
    words = [sys.executable, "-c", code, "init", "new.yaml"]
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(words)} {closed}"],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert done.returncode == 0
    assert (here / "new.yaml").read_text(encoding="utf-8").startswith("# yaml-language-server")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(
    here: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    (here / "s.yaml").write_text(SCENARIO.replace(NASTY, "é ✓ 😀"), encoding="utf-8")
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding=encoding))
    assert run_command_line(["list", "s.yaml"]) == 0
    assert ("s.yaml::" in raw.getvalue().decode(encoding)) is True


def test_a_user_without_a_home_writes_reports(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54321)  # nobody knows this one
    (here / "wrong.yaml").write_text("modl: 1\n")
    assert run_command_line(["run", "wrong.yaml", "--report", "r.json"]) == 2
    assert json.loads((here / "r.json").read_text())["complaints"]
