"""The command line as a user meets it: a real process, its output, its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LIFECYCLE = str(ROOT / "scenarios" / "stateful_lstm.yaml")


def probe(*words: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess:
    """Run `python -m lstm_state_probe` with pipes for stdout and stderr."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "lstm_state_probe", *words],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=cwd,
        env=kept | environment,
    )


@pytest.fixture(scope="module")
def lifecycle() -> subprocess.CompletedProcess:
    return probe("run", LIFECYCLE, COLUMNS="80")


def test_the_main_job_passes_and_shows_every_stage(lifecycle: subprocess.CompletedProcess) -> None:
    assert lifecycle.returncode == 0, lifecycle.stderr
    places = [
        lifecycle.stdout.index(word)
        for word in ("built with h 0, c 0", "train_on_batch", "reset_states", "predict", "1 passed")
    ]
    assert places == sorted(places)


def test_a_quiet_framework_leaves_stderr_empty(lifecycle: subprocess.CompletedProcess) -> None:
    assert lifecycle.stderr == ""


def test_a_pipe_gets_no_escape_codes_and_no_line_wider_than_asked(
    lifecycle: subprocess.CompletedProcess,
) -> None:
    assert "\x1b" not in lifecycle.stdout
    assert max(map(len, lifecycle.stdout.splitlines())) <= 80


def test_color_always_colours_a_pipe_and_no_color_wins_over_nothing() -> None:
    assert "\x1b[" in probe("run", LIFECYCLE, "-q", "--color", "always").stdout
    assert "\x1b[" in probe("run", LIFECYCLE, "-q", FORCE_COLOR="1").stdout
    assert "\x1b[" not in probe("run", LIFECYCLE, "-q", "--color", "never", FORCE_COLOR="1").stdout


def test_json_on_stdout_is_one_document_and_equals_the_report_file(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    done = probe("run", LIFECYCLE, "--format", "json", "--report", str(target))
    shown, written = json.loads(done.stdout), json.loads(target.read_text(encoding="utf-8"))
    assert done.returncode == 0
    assert shown == written
    assert shown["summary"]["passed"] == 1
    assert shown["summary"]["expectations"] == 5


def test_a_wrong_expectation_exits_with_1_and_names_its_place(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    text = Path(LIFECYCLE).read_text(encoding="utf-8").replace("lstm/c: nonzero", "lstm/c: zeros")
    wrong.write_text(text, encoding="utf-8")
    done = probe("run", "wrong.yaml", cwd=tmp_path)
    line = 1 + text[: text.index("lstm/c: zeros")].count("\n")
    assert done.returncode == 1
    assert f"wrong.yaml:{line}:7" in done.stdout
    assert "1 failed" in done.stdout


def test_what_keras_refuses_exits_with_3_and_the_others_still_run(tmp_path: Path) -> None:
    broken = tmp_path / "a_broken.yaml"
    text = Path(LIFECYCLE).read_text(encoding="utf-8")
    broken.write_text(text.replace("loss: binary_crossentropy", "loss: no_such_loss"))
    (tmp_path / "b_good.yaml").write_text(text)
    done = probe("run", ".", cwd=tmp_path)
    assert done.returncode == 3
    assert "no_such_loss" in done.stdout
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "nothing was selected"),
        (["run", "no_such.yaml"], "no such file or folder: 'no_such.yaml'"),
        (["run", "--shipped", "stateful_lstn"], "did you mean 'stateful_lstm'"),
        (["run", LIFECYCLE, "--report", "x.txt"], "allowed suffixes: .json"),
        (["run", LIFECYCLE, "--report", "no/such/x.json"], "no folder"),
        (["run", LIFECYCLE, "-q", "-v"], "exclude each other"),
        (["run", LIFECYCLE, "--engine", "keras9"], "keras9"),
        (["validate"], "nothing was selected"),
        (["list", "nowhere"], "no such file or folder"),
        (["source", "LSTN"], "did you mean 'LSTM'"),
        (["source", "LSTM.reset_stats"], "did you mean 'reset_states'"),
        (["source", "Model.reset_states"], "has no 'reset_states'"),
        (["frobnicate"], "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_exits_with_2_and_one_clear_sentence(words: list[str], said: str) -> None:
    done = probe(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_validate_puts_all_complaints_of_a_file_on_stdout(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("modell: 1\nseed: on\noperations: []\n")
    done = probe("validate", "bad.yaml", cwd=tmp_path)
    assert done.returncode == 2
    for place in ("bad.yaml:1:1: error:", "bad.yaml:2:7: error:", "bad.yaml:3:13: error:"):
        assert place in done.stdout
    assert "did you mean 'model'" in done.stdout


def test_init_writes_a_scenario_that_validates_and_runs(tmp_path: Path) -> None:
    assert probe("init", "mine.yaml", cwd=tmp_path).returncode == 0
    assert (tmp_path / "mine.yaml").read_text().startswith("# yaml-language-server: $schema=")
    assert json.loads((tmp_path / "probe.schema.json").read_text())["$schema"].endswith(
        "draft-07/schema#"
    )
    assert probe("validate", "mine.yaml", cwd=tmp_path).returncode == 0
    again = probe("init", "mine.yaml", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    done = probe("run", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("template", ["gru", "encoder-decoder"])
def test_every_template_passes(template: str, tmp_path: Path) -> None:
    probe("init", "mine.yaml", "--template", template, cwd=tmp_path)
    done = probe("run", "mine.yaml", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_source_prints_what_the_installed_keras_says() -> None:
    done = probe("source", "LSTM.reset_states")
    assert done.returncode == 0
    assert "def reset_states(self" in done.stdout
    assert "def reset_state(self" in done.stdout
    assert "rnn.py:" in done.stdout


def test_source_knows_the_layers_of_a_scenario_and_the_other_engine() -> None:
    done = probe("source", "lstm.reset_states", "--scenario", LIFECYCLE, "--engine", "tf_keras")
    if "is not installed" in done.stderr:
        pytest.skip("tf_keras is not installed")
    assert "states=None" in done.stdout
    assert "tf_keras" in done.stdout


def test_doctor_tells_versions_and_the_reset_methods_of_each_engine() -> None:
    done = probe("doctor", COLUMNS="160")
    assert done.returncode == 0
    assert "engine keras3" in done.stdout
    assert "reset_state()" in done.stdout
    assert done.stderr == ""


def test_the_shipped_scenarios_are_listed_with_their_questions() -> None:
    done = probe("list", "--shipped")
    assert done.returncode == 0
    assert any(
        line.startswith("stateful_lstm ") and "?" in line for line in done.stdout.splitlines()
    )


HEAVY = ("tensorflow", "keras", "tf_keras")


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["--help"], (*HEAVY, "numpy", "pydantic", "rich")),
        (["run", "--help"], (*HEAVY, "numpy", "pydantic", "rich")),
        (["validate", LIFECYCLE], HEAVY),
        (["list", LIFECYCLE], HEAVY),
        (["list", "--shipped"], HEAVY),
        (["schema"], HEAVY),
        (["schema", "--report"], HEAVY),
        (["init", "-"], HEAVY),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_a_light_command_imports_nothing_heavy(words: list[str], absent: tuple[str, ...]) -> None:
    program = (
        "import sys; from lstm_state_probe.cli import run_command_line as run\n"
        f"code = run({words!r})\n"
        f"print(code, sorted(set({absent!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stderr.strip().splitlines()[-1] == "0 []"


def test_a_missing_engine_is_one_sentence_with_the_install_command() -> None:
    program = (
        "import sys; sys.modules['tf_keras'] = None\n"
        "from lstm_state_probe.cli import run_command_line as run\n"
        f"raise SystemExit(run(['run', {LIFECYCLE!r}, '--engine', 'tf_keras']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "pip install 'lstm-state-probe[tf_keras]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_causes_no_traceback() -> None:
    words = f"({sys.executable} -m lstm_state_probe run {LIFECYCLE}; echo left $? >&2) | head -1"
    done = subprocess.run(["sh", "-c", words], capture_output=True, text=True, timeout=60)
    assert done.stderr == "left 141\n", "as of a program that SIGPIPE ends, and not one that failed"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("words", [["run", LIFECYCLE], ["list", "--shipped"], ["--help"]])
def test_a_full_disk_of_stdout_is_told_in_one_line(words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "lstm_state_probe", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr == "error: stdout cannot be written: No space left on device\n"
