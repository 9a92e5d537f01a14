"""Finding and choosing on the command line, alike for `run`, `validate` and `list`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lstm_state_probe.cli import run_command_line

ROOT = Path(__file__).parents[2]
BODY = """
model:
  batch_shape: [2, 3, 1]
  layers: [LSTM: {name: lstm, units: "${units:2}"}]
data: {x: {ones: {shape: [2, 3, 1]}}}
operations:
  - predict: {x: x}
    expect: {lstm/h: %s}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, tags, holds in (
        ("a", "[slow]", "zeros"),
        ("b", "[]", "nonzero"),
        ("c", "[]", "zeros"),
    ):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\ntags: {tags}{BODY % holds}")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert run_command_line(words) == code
    shown = capsys.readouterr()
    return shown.out, shown.err


CHOICES = [
    (["-k", "a.yaml or c.yaml"], "ac"),
    (["--tag", "not slow"], "bc"),
    (["--shard", "1/3"], "a"),
    (["--shard", "3/3", "-k", "not b"], None),
    (["--lf"], "abc"),
    (["--var", "units=3", "-k", "b"], "b"),
]


@pytest.mark.parametrize(("words", "left"), CHOICES, ids=[" ".join(row[0]) for row in CHOICES])
def test_run_list_list_and_validate_choose_alike(words, left, folder, capsys) -> None:
    code = 0 if left else 2
    out, _ = said(capsys, "run", ".", "--list", *words, code=code)
    assert out == "".join(f"{name}.yaml::{name}\n" for name in left or "")
    out, _ = said(capsys, "list", ".", *words, code=code)
    assert [line[0] for line in out.splitlines()] == list(left or "")
    out, err = said(capsys, "validate", ".", *words, code=code)
    if left:
        assert out.startswith(f"{len(left)} scenario")
    else:
        assert err == "error: nothing was selected: --shard 3/3 selects none of 2 scenarios\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-k", "gru"], "nothing was selected: -k 'gru' selects none of 3 scenarios"),
        (["--tag", "a and"], "--tag: expected a word, 'not' or '(', found the end\n  a and\n"),
        (["--shard", "4/3"], "--shard: expected a part such as 2/5"),
        (["--var", "units"], "--var: expected NAME=VALUE such as units=4, found 'units'"),
        (["--var", "units=1e999"], "--var units: 1e999 is too large"),
        (["--var", "unit=4"], "--var unit: no scenario uses ${unit}; did you mean 'units'?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.parametrize("command", ["run", "validate", "list"])
def test_what_selects_nothing_or_is_wrong_is_told_with_2(
    command, words, message, folder, capsys
) -> None:
    _, err = said(capsys, command, ".", *words, code=2)
    assert err.startswith(f"error: {message}")


def test_complaints_are_told_though_nothing_is_selected(folder, capsys) -> None:
    (folder / "d.yaml").write_text("modl: 1\n")
    _, err = said(capsys, "run", ".", "-k", "gru", code=2)
    assert "d.yaml:1:1: error: unknown key 'modl'" in err
    assert "-k 'gru' selects none of 3 scenarios" in err
    assert "3 scenarios" not in said(capsys, "validate", ".", "-k", "gru", code=2)[0]


def test_max_fail_stops_and_every_report_says_what_was_not_run(folder, capsys) -> None:
    out, _ = said(capsys, "run", ".", "-q", "--fail-fast", "--report", "r.json", code=1)
    assert "1 scenario: 0 passed, 1 failed" in out
    assert "2 not run" in " ".join(out.split())
    report = json.loads(Path("r.json").read_text())
    assert report["summary"]["scenarios"] == 1
    assert report["summary"]["not_run"] == 2
    assert report["not_run"] == ["b.yaml::b", "c.yaml::c"]
    out, _ = said(capsys, "run", ".", "-q", "--max-fail", "2", code=1)
    assert "3 scenarios: 1 passed, 2 failed" in out
    assert "not run" not in out


def test_lf_runs_what_failed_until_it_passes(folder, capsys) -> None:
    said(capsys, "run", ".", "-q", code=1)
    assert said(capsys, "run", ".", "--lf", "--list")[0] == "a.yaml::a\nc.yaml::c\n"
    (folder / "a.yaml").write_text(f"name: a{BODY % 'nonzero'}")
    out, _ = said(capsys, "run", ".", "--lf", "-q", code=1)
    assert "2 scenarios: 1 passed, 1 failed" in out
    out, err = said(capsys, "run", "a.yaml", "b.yaml", "--lf", "--list")
    assert out == "a.yaml::a\nb.yaml::b\n"
    assert err == "--lf: none of these failed last time; all 2 scenarios selected\n"


def test_a_cache_that_cannot_be_written_is_said_and_the_run_is_none_the_worse(
    folder, capsys
) -> None:
    (folder / ".probe_cache").write_text("a file in the way")
    out, err = said(capsys, "run", "b.yaml", "-q")
    assert "1 passed" in out
    assert err == "note: the last run is not remembered for --lf: File exists\n"


def test_a_run_of_a_shard_leaves_the_other_shards_as_they_were(folder, capsys) -> None:
    before = said(capsys, "run", ".", "--list", "--shard", "2/2")[0]
    said(capsys, "run", ".", "-q", "--shard", "1/2", code=1)
    assert said(capsys, "run", ".", "--list", "--shard", "2/2")[0] == before


def test_a_matrix_runs_each_combination(folder, capsys) -> None:
    (folder / "m.yaml").write_text(f"matrix: {{units: [2, 3]}}{BODY % 'nonzero'}")
    assert said(capsys, "run", "m.yaml", "--list")[0] == "m.yaml::m[units=2]\nm.yaml::m[units=3]\n"
    out, _ = said(capsys, "run", "m.yaml", "--format", "json")
    scenarios = json.loads(out)["scenarios"]
    assert [s["id"] for s in scenarios] == ["m.yaml::m[units=2]", "m.yaml::m[units=3]"]
    shapes = [np_shape(s["operations"][0]["calls"][0]["states"]["h"]["final"]) for s in scenarios]
    assert shapes == [(2, 2), (2, 3)]


def np_shape(rows: list[list[float]]) -> tuple[int, int]:
    return len(rows), len(rows[0])


@pytest.mark.parametrize("words", [["run", "--list"], ["validate"], ["list"], ["run", "--help"]])
def test_choosing_imports_no_tensorflow(words: list[str], folder) -> None:
    code = (
        "import sys; from lstm_state_probe.cli import run_command_line as run;"
        f"assert run({[*words, '.', '-k', 'a', '--lf', '--shard', '1/1']!r}) == 0;"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=environment)
