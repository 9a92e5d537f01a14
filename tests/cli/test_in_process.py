"""The commands in this process, where every line of them can be seen."""

import json
from pathlib import Path

import numpy as np
import pytest

from lstm_state_probe.cli import run_command_line

ROOT = Path(__file__).parent.parent.parent
LIFECYCLE = str(ROOT / "scenarios" / "stateful_lstm.yaml")


def test_run_writes_both_reports_and_verify_adds_its_verdicts(tmp_path, capsys) -> None:
    paths = [str(tmp_path / name) for name in ("r.json", "r.npz")]
    code = run_command_line(
        ["run", LIFECYCLE, "--verify", "--gates", "--report", paths[0], "--report", paths[1]]
    )
    assert code == 0
    assert "7 held" in " ".join(capsys.readouterr().out.split())
    document = json.loads(Path(paths[0]).read_text(encoding="utf-8"))
    (call,) = document["scenarios"][0]["operations"][0]["calls"]
    assert call["verified"] is True
    assert call["deviation"] < 1e-6
    gate = np.array(call["gates"]["f"]["timesteps"])
    assert gate.shape == (10, 2, 4)
    with np.load(paths[1]) as arrays:
        (key,) = [
            key for key in arrays.files if key.endswith("lstm/0/f/timesteps") and "train" in key
        ]
        np.testing.assert_array_equal(arrays[key], gate.astype(np.float32))


def test_a_call_that_is_off_the_equations_fails_under_verify(monkeypatch, capsys) -> None:
    from lstm_state_probe.equations.lstm import LSTM

    honest = LSTM.step

    def off(self, before, parameters):
        after = honest(self, before, parameters)
        return after._replace(states={k: v + 0.01 for k, v in after.states.items()})

    monkeypatch.setattr(LSTM, "step", off)
    assert run_command_line(["run", LIFECYCLE, "-q"]) == 0, "only --verify judges"
    assert run_command_line(["run", LIFECYCLE, "-q", "--verify"]) == 1
    assert "off the equations" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_told_once_everything_was_shown(capsys) -> None:
    assert run_command_line(["run", LIFECYCLE, "-q", "--report", "/proc/no.json"]) == 2
    shown = capsys.readouterr()
    assert "1 passed" in shown.out
    assert "the report '/proc/no.json' cannot be written" in shown.err


@pytest.mark.parametrize(
    ("written", "asked", "on_disk"),
    [(None, "0", 640), ("1MiB", None, 0), ("0", None, 640), ("0", "1GiB", 0)],
)
def test_past_the_budget_timesteps_go_to_disk_and_the_report_says_so(
    tmp_path, capsys, written: str | None, asked: str | None, on_disk: int
) -> None:
    """Ten timesteps of h and c, each (2, 4) of float32, are 640 bytes; `--budget` goes first."""
    record = f"record: {{budget: {written}}}\n" if written else ""
    text = Path(LIFECYCLE).read_text(encoding="utf-8")
    file, report = tmp_path / "a.yaml", tmp_path / "r.json"
    file.write_text(record + text, encoding="utf-8")
    options = ["--budget", asked] if asked else []
    assert run_command_line(["run", str(file), *options, "--report", str(report)]) == 0
    (scenario,) = json.loads(report.read_text(encoding="utf-8"))["scenarios"]
    for operation in scenario["operations"]:
        calls = operation["calls"]
        assert operation["on_disk"] == on_disk * len(calls)
        for call in calls:
            steps = np.array(call["states"]["h"]["timesteps"])
            np.testing.assert_array_equal(steps[-1], call["states"]["h"]["final"])
    shown = capsys.readouterr().out
    assert ("640 B of timesteps are on disk" in shown) == bool(on_disk)


def test_a_budget_that_is_no_amount_of_memory_is_refused(capsys) -> None:
    assert run_command_line(["run", LIFECYCLE, "--budget", "64 MB"]) == 2
    assert (
        "'64 MB' is not an amount of memory; allowed: a number of bytes" in capsys.readouterr().err
    )


def test_json_on_stdout(capsys) -> None:
    assert run_command_line(["run", LIFECYCLE, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"]["passed"] == 1


def test_validate_list_schema_doctor_and_source_answer(capsys) -> None:
    for words, said in (
        (["validate", str(ROOT / "scenarios")], "valid"),
        (["validate", LIFECYCLE, "-q"], ""),
        (["list", LIFECYCLE], "stateful LSTM lifecycle"),
        (["list", "--shipped"], "stateful_lstm"),
        (["schema"], "draft-07"),
        (["schema", "--report"], "draft-07"),
        (["doctor", "--color", "never"], "engine keras3"),
        (["source", "LSTM.reset_states", "--color", "never"], "def reset_state"),
        (["source", "lstm", "--scenario", LIFECYCLE, "--color", "always"], "class"),
        (["init", "-", "--template", "gru"], "GRU"),
    ):
        assert run_command_line(words) == 0, words
        assert said in capsys.readouterr().out


def test_init_refuses_what_it_would_destroy_or_could_not_write(tmp_path, capsys) -> None:
    target = str(tmp_path / "mine.yaml")
    assert run_command_line(["init", target]) == 0
    assert run_command_line(["init", target]) == 2
    assert run_command_line(["init", target, "--force"]) == 0
    assert run_command_line(["init", str(tmp_path / "mine.txt")]) == 2
    assert run_command_line(["init", str(tmp_path / "no" / "mine.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "nothing was selected"),
        (["run", "nowhere.yaml"], "no such file or folder"),
        (["run", LIFECYCLE, "--report", "x.txt"], "allowed suffixes: .json, .junit.xml, .md"),
        (["run", LIFECYCLE, "--report", str(ROOT / "x" / "r.json")], "no folder"),
        (["run", "--shipped", "lstn"], "ships"),
        (["run", LIFECYCLE, "--ledger", "--gates"], "exclude each other"),
        (["source", "LSTM.nothing"], "has no 'nothing'"),
        (["source", "lstm"], "no class or layer 'lstm'"),
        (["source", "LSTM", "--scenario", "nowhere.yaml"], "no such scenario"),
        (["source", "LSTM.states"], ""),
        (["list"], "nothing was selected"),
        (["validate"], "nothing was selected"),
        (["frobnicate"], "No such command"),
    ],
    ids=lambda value: " ".join(value)[-40:] if isinstance(value, list) else "",
)
def test_a_wrong_word_is_one_sentence_and_2(words: list[str], said: str, capsys) -> None:
    assert run_command_line(words) == 2
    assert said in capsys.readouterr().err


def test_complaints_of_one_file_leave_the_other_running_and_exit_2(tmp_path, capsys) -> None:
    (tmp_path / "a.yaml").write_text("modl: 1\n")
    (tmp_path / "b.yaml").write_text(Path(LIFECYCLE).read_text(encoding="utf-8"))
    assert run_command_line(["run", str(tmp_path), "-q"]) == 2
    shown = capsys.readouterr()
    assert "a.yaml:1:1: error: unknown key 'modl'" in shown.err
    assert "1 passed" in shown.out
    assert run_command_line(["validate", str(tmp_path)]) == 2
    assert run_command_line(["list", str(tmp_path)]) == 2
    assert run_command_line(["run", str(tmp_path / "a.yaml")]) == 2


def test_an_interrupt_exits_with_130(monkeypatch, capsys) -> None:
    def interrupted(*words, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("lstm_state_probe.suite.run.run_suite", interrupted)
    assert run_command_line(["run", LIFECYCLE]) == 130
    assert "interrupted" in capsys.readouterr().err.lower()
