"""`probe run --baseline` from end to end: written, matched, not matched, obsolete, refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.cli.options.baselines import Review

TEXT = """
name: {name}
seed: {seed}
model:
  batch_shape: [2, 3, 2]
  layers: [{{LSTM: {{name: lstm, units: 2, stateful: true}}}}]
data: {{x: {{normal: {{shape: [2, 3, 2]}}}}}}
operations:
  - reset_states
  - predict: {{x: x}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    (tmp_path / "s").mkdir()
    write(tmp_path)
    return tmp_path


def write(folder: Path, *, name: str = "one", seed: int = 7) -> None:
    (folder / "s" / f"{name}.yaml").write_text(TEXT.format(name=name, seed=seed))


@pytest.fixture
def probe(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        code = run_command_line(["run", "s", "-q", "--baseline", "b", *words])
        shown = capsys.readouterr()
        return code, " ".join(shown.out.split()), shown.err

    return run


def test_a_baseline_is_written_matched_and_not_matched_after_another_seed(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    code, _, err = probe()
    assert (code, err) == (2, "error: --baseline: no folder 'b'; --update-baseline makes it\n")
    code, _, err = probe("--update-baseline")
    assert code == 0
    assert "baseline: s/one.yaml::one (keras3) is new" in err
    assert {path.suffix for path in (folder / "b").iterdir()} == {".json", ".npz"}
    assert probe("--report", "r.json")[0] == 0
    (scenario,) = json.loads((folder / "r.json").read_text())["scenarios"]
    assert scenario["status"] == "passed", "it was compared, so it is not without expectations"
    write(folder, seed=8)
    code, out, err = probe()
    assert (code, err) == (1, "")
    assert "s/one.yaml:10:5: error: operation 2 predict, batch 1: lstm/h@all, sample 0, u0" in out
    assert "the baseline was made with seed 7, now 8" in out
    code, _, err = probe("--update-baseline", "--yes")
    assert code == 0
    assert "s/one.yaml::one (keras3) differs\n  ~ operation 2 predict, batch 1: lstm/h@all" in err
    assert probe()[0] == 0


def test_a_failure_says_the_versions_that_the_baseline_was_made_with(
    folder: Path, probe: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_state_probe.host.environment.installed", lambda: {"keras": "3.0.5"})
    assert probe("--update-baseline")[0] == 0
    monkeypatch.setattr("lstm_state_probe.host.environment.installed", lambda: {"keras": "3.15.0"})
    assert "made with" not in probe()[1]
    write(folder, seed=8)
    code, out, _ = probe()
    assert code == 1
    assert "the baseline was made with keras 3.0.5, now 3.15.0" in out


def test_what_is_new_obsolete_and_matched_are_told_apart(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    write(folder, name="two")
    probe("--update-baseline")
    (folder / "s" / "two.yaml").unlink()
    write(folder, name="three")
    code, out, err = probe()
    assert code == 1
    assert "s/three.yaml:10:5: error: baseline: expected one to compare with, found none" in out
    assert "1 passed, 1 failed" in out
    assert "baseline: s-two.yaml-two-" in err
    assert "obsolete, no such scenario; --update-baseline removes it" in err
    assert "obsolete" not in probe("-k", "one")[2], "a part of the folder tells nothing of the rest"
    code, _, err = probe("--update-baseline")
    assert code == 0
    assert "s/two.yaml::two (keras3) is obsolete" in err
    assert not list((folder / "b").glob("s-two*"))
    assert len(list((folder / "b").iterdir())) == 4
    code, _, err = probe()
    assert (code, err) == (0, "")


def test_under_ci_nothing_is_written_without_a_further_flag(
    folder: Path, probe: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    code, _, err = probe("--update-baseline", "--yes")
    assert code == 2
    assert "writes nothing under CI" in err
    assert "--force-update-baseline" in err
    assert not (folder / "b").exists()
    assert probe("--update-baseline", "--force-update-baseline")[0] == 0
    assert probe()[0] == 0, "comparing is what CI is for"


def test_update_needs_a_folder(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert run_command_line(["run", "s", "--update-baseline"]) == 2
    assert "--update-baseline goes with --baseline DIR" in capsys.readouterr().err


def test_the_tolerance_may_be_given(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    probe("--update-baseline")
    write(folder, seed=8)
    assert probe("--baseline-atol", "5")[0] == 0
    assert probe("--baseline-rtol", "0.5")[0] == 1
    for wrong in ("-1", "nan", "inf"):
        assert probe("--baseline-atol", wrong)[0] == 2


def test_the_cache_does_not_answer_where_states_are_compared(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    probe("--update-baseline")
    code, out, err = probe("--cache", "c")
    assert "cache: not used, because --baseline compares the states of a run" in err
    code, out, _ = probe("--cache", "c")
    assert code == 0
    assert "not run" not in out
    assert not (folder / "c").exists()


def test_a_baseline_that_cannot_be_read_is_an_error_of_its_scenario_alone(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    write(folder, name="two")
    probe("--update-baseline")
    (path,) = (folder / "b").glob("s-two*.json")
    path.write_text("<<<<<<< HEAD")
    code, out, _ = probe()
    assert code == 2
    assert "cannot be read: Invalid JSON" in out
    assert "1 passed, 0 failed, 1 error" in out


def test_processes_give_what_one_process_stored(
    folder: Path, probe: Callable[..., tuple[int, str, str]]
) -> None:
    write(folder, name="two")
    probe("--update-baseline")
    code, out, err = probe("--jobs", "2", "--gates", "--baseline-atol", "0", "--baseline-rtol", "0")
    assert (code, err) == (0, ""), out


def answers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("y\nn\ny\n", [True, False, True]),
        ("n\na\n", [False, True, True]),
        ("y\nq\n", [True, False, False]),
        ("what\ny\nn\nn\n", [True, False, False]),
    ],
)
def test_on_a_terminal_each_change_is_shown_and_asked_about(
    text: str,
    accepted: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(monkeypatch, text)
    review = Review(ask=True)
    assert [review([f"change {k}"]) for k in range(3)] == accepted
    shown = capsys.readouterr()
    assert [f"change {k}" in shown.err for k in range(3)] == [True] * 3
    assert shown.err.count("accept it?") == text.count("\n")
    assert not shown.out


def test_ctrl_c_at_the_question_interrupts_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "")
    with pytest.raises(KeyboardInterrupt):
        Review(ask=True)(["a change"])
