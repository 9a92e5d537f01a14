"""What is recorded: the written forms, and what is told of wrong ones."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lstm_state_probe.amounts import say_bytes
from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.written.record import Every, Record
from lstm_state_probe.suite.run import find_files


@pytest.mark.parametrize(
    ("written", "read"),
    [("all", "all"), ("final", "final"), ([0, 5, -1], [0, 5, -1]), ({"every": 3}, Every(every=3))],
)
def test_timesteps_are_a_word_a_list_or_a_stride(written: Any, read: Any) -> None:
    assert Record.model_validate({"timesteps": written}).timesteps == read


@pytest.mark.parametrize(
    "written",
    ["first", 3, [], [1.5], [True], {"every": 0}, {"each": 2}, {"every": 2, "from": 1}, None],
)
def test_anything_else_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        Record.model_validate({"timesteps": written})


def test_everything_is_kept_and_no_gate_unless_asked() -> None:
    record = Record()
    assert (record.timesteps, record.gates, record.layers, record.calls) == (
        "all",
        False,
        ["*"],
        "all",
    )


def test_a_pattern_that_names_no_recurrent_layer_is_refused(tmp_path: Path) -> None:
    shipped = Path(__file__).parent.parent.parent / "scenarios" / "stateful_lstm.yaml"
    text = shipped.read_text(encoding="utf-8")
    file = tmp_path / "x.yaml"
    file.write_text("record: {layers: [lstm, lst*, gru]}\n" + text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_scenarios(file)
    (complaint,) = caught.value.complaints
    assert (complaint.line, complaint.column) == (1, 31)
    assert "'gru' names no recurrent layer; known: lstm" in complaint.message


def test_hidden_files_and_folders_are_not_searched(tmp_path: Path) -> None:
    for name in (".github/ci.yml", "a/.hidden.yaml", "a/b.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert find_files([str(tmp_path)]) == [tmp_path / "a" / "b.yaml"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0, 0),
        (4096, 4096),
        ("4096", 4096),
        ("64MiB", 64 * 2**20),
        (" 1.5 GiB ", 3 * 2**29),
        ("1.0 KiB", 1024),
        ("2 TiB", 2**41),
        ("12 B", 12),
    ],
)
def test_a_budget_is_a_number_of_bytes_or_one_with_a_unit(written: Any, read: int) -> None:
    assert Record.model_validate({"budget": written}).budget == read


@pytest.mark.parametrize(
    "written", [-1, 1.5, True, "", "much", "64 MB", "64mib", "-1 KiB", "1.5", [1], "1e3 B"]
)
def test_no_other_amount_of_memory_is_taken(written: Any) -> None:
    with pytest.raises(ValidationError, match="not an amount of memory"):
        Record.model_validate({"budget": written})


def test_an_amount_is_said_in_the_largest_unit_of_which_there_is_one() -> None:
    assert [say_bytes(n) for n in (0, 1, 1023, 1024, 3 * 2**19, 2**40)] == [
        "0 B",
        "1 B",
        "1023 B",
        "1.0 KiB",
        "1.5 MiB",
        "1.0 TiB",
    ]
