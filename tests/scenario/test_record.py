"""What is recorded: the written forms, and what is told of wrong ones."""

from typing import Any

import pytest
from pydantic import ValidationError

from lstm_state_probe.scenario.record import Every, Record


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
