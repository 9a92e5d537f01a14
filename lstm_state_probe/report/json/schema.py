"""The JSON Schema of the report, made from the models that describe it."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.report.json.document import DEFINITIONS, Report
from lstm_state_probe.scenario.written.schema import draft7


def report_schema() -> dict[str, Any]:
    """Return the draft-07 schema of the JSON report."""
    return draft7(Report, definitions=DEFINITIONS, mode="serialization")
