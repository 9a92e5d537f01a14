"""What the options of `probe run` show, through a real process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lstm_state_probe.cli.options.shown import read_timesteps

SCENARIO = """
name: digits
model:
  batch_shape: [3, 4, 1]
  layers:
    - Masking: {mask_value: 0}
    - SimpleRNN: # h = 10 h + x: the inputs are the digits of h
        name: digits
        units: 2
        stateful: true
        activation: linear
        use_bias: false
        kernel_initializer: ones
        recurrent_initializer: {Constant: {value: 5}}
        return_sequences: SEQUENCES
    - LAST
data:
  x: [[[1], [2], [3], [4]], [[5], [6], [0], [7]], [[1], [1], [1], [1]]]
operations:
  - predict_on_batch: {x: x}
    expect:
      digits/h: [[1234, 1234], [567, 567], [1111, 1111]]
  - predict_on_batch: {x: x}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables")
    digits = SCENARIO.replace("SEQUENCES", "false").replace("LAST", "Dense: {units: 1}")
    final = SCENARIO.replace("SEQUENCES", "true").replace("LAST", "LSTM: {name: lstm, units: 2}")
    (path / "digits.yaml").write_text(digits)
    (path / "final.yaml").write_text(final + "record: {timesteps: final}\n")
    return path


def probe(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "lstm_state_probe", "run", *words],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=cwd,
        env={**kept, "COLUMNS": "100"},
    )


def section(text: str, head: str) -> list[list[str]]:
    """Split the lines below a heading into words, up to an empty line or the next heading."""
    lines = text.splitlines()
    at = lines.index(head) + 1
    found = []
    while at < len(lines) and lines[at].strip() and ", sample " not in lines[at]:
        found.append(lines[at].split())
        at += 1
    return found


def test_timesteps_are_shown_sample_by_sample_with_the_masked_ones_marked(folder: Path) -> None:
    done = probe("digits.yaml", "--timesteps", "first,2,last", "--samples", "3", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert section(done.stdout, "digits/h, sample 0")[:5] == [
        ["timestep", "u0", "u1"],
        ["initial", "0", "0"],
        ["0", "1.000", "1.000"],
        ["2", "123.0", "123.0"],
        ["3", "1234", "1234"],
    ]
    assert ["2", "held", "(masked)", "56.00", "56.00"] in section(done.stdout, "digits/h, sample 1")
    assert "showing timesteps 0, 2-3 of 4" in done.stdout
    assert "mask: digits was held at 1 of 12 timesteps of 3 samples" in done.stdout


def test_units_samples_and_precision_choose_what_the_tables_show(folder: Path) -> None:
    words = ("--units", "1", "--samples", "1", "--precision", "7", "--timesteps", "all")
    done = probe("digits.yaml", *words, cwd=folder)
    assert ["3", "1234.000"] in section(done.stdout, "digits/h, sample 0")
    assert "sample 1" not in done.stdout.replace("at sample 1", "")
    assert "showing units 0 of 2 and samples 0 of 3 (--units, --samples, --full)" in done.stdout
    full = probe("digits.yaml", "--full", cwd=folder).stdout
    assert "showing" not in full
    assert "4 timesteps recorded (--timesteps)" in full
    assert re.search(r"^final +0 +1234 +1234\n +1 +567\.0 +567\.0\n +2 +1111 +1111$", full, re.M)


def test_what_a_scenario_does_not_record_is_recorded_where_it_shall_be_shown(folder: Path) -> None:
    done = probe(
        "final.yaml",
        "--gates",
        "--timesteps",
        "0",
        "--calls",
        "last",
        "--format",
        "json",
        cwd=folder,
    )
    (scenario,) = json.loads(done.stdout)["scenarios"]
    lstm = scenario["operations"][1]["calls"][-1]
    assert sorted(lstm["gates"]) == ["f", "g", "i", "o"]
    assert len(lstm["states"]["h"]["timesteps"]) == 4
    plain = probe("final.yaml", "--format", "json", cwd=folder)
    (scenario,) = json.loads(plain.stdout)["scenarios"]
    assert scenario["operations"][1]["calls"][-1]["gates"] == {}


def test_the_ledger_is_the_whole_report_but_for_the_summary(folder: Path) -> None:
    done = probe("digits.yaml", "--ledger", cwd=folder)
    assert done.returncode == 0
    assert re.search(
        r"^1\. +predict_on_batch +digits +1 +zeros: as the .*h=1234 .* all$", done.stdout, re.M
    )
    assert "carried from" in done.stdout
    assert "1 passed" in done.stdout
    assert "initialised" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--timesteps", "frst,last"], "'frst' in 'frst,last' chooses no timestep"),
        (["--timesteps", "frst"], "did you mean 'first'"),
        (["--timesteps", "every:0"], "N is 1 or more"),
        (["--timesteps", ""], "'' chooses no timestep; allowed: all, digest, every:N"),
        (["--calls", "none"], "'first', 'last', 'all'"),
        (["--ledger", "--gates"], "--ledger and --gates exclude each other"),
        (["--ledger", "-q"], "--ledger and -q exclude each other"),
        (["--units", "0"], "x>=1"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_told_in_a_sentence(folder: Path, words: list[str], said: str) -> None:
    done = probe("digits.yaml", *words, cwd=folder)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all", "all"),
        ("digest", "digest"),
        ("first,last", (0, -1)),
        ("0,5,-1", (0, 5, -1)),
        ("-2", (-2,)),
        (" 1, 2", (1, 2)),
        ("every:10", 10),
    ],
)
def test_timesteps_are_read_strictly(text: str, expected: object) -> None:
    assert read_timesteps(None, None, text) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["All", "every:", "every:-1", "every:1.5", "each:2", "1;2", "1.0", "0,", "--1", "²", "1e3"],
)
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(click.BadParameter, match="allowed: all, digest, every:N"):
        read_timesteps(None, None, text)  # type: ignore[arg-type]
