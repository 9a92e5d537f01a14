"""What a scenario counts that was not carried out: nothing was judged, nothing held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lstm_state_probe.executors.base import lost
from lstm_state_probe.report.told import held

TEXT = """
model: {batch_shape: [1, 2, 1], layers: [{LSTM: {units: 1}}]}
operations: [reset_states]
"""


def test_what_an_error_ended_was_not_judged_and_is_not_what_expected_nothing(read: Any) -> None:
    report = lost(read(TEXT), "its process died")
    assert held(report) == "not judged"
    assert held(replace(report, status="no expectations")) == "nothing was expected"
