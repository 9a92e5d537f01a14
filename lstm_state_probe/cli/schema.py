"""`probe schema`."""

from __future__ import annotations

import json

import click

from lstm_state_probe.errors import UsageError
from lstm_state_probe.safe import say_json


@click.command()
@click.option("--report", is_flag=True, help="The schema of the JSON report instead.")
@click.option("--inspection", is_flag=True, help="The schema of the JSON of inspect instead.")
@click.option("--checks", is_flag=True, help="The schema of the JSON of check instead.")
def schema(report: bool, inspection: bool, checks: bool) -> int:
    """Print the JSON Schema (draft-07) of the scenario file, for editors and other tools."""
    text = schema_text(report=report, inspection=inspection, checks=checks)
    say_json(text, end="")
    return 0


def schema_text(*, report: bool = False, inspection: bool = False, checks: bool = False) -> str:
    """Return a schema as the text of a file.

    Raises:
        UsageError: if two are asked for.
    """
    if report + inspection + checks > 1:
        raise UsageError("--report, --inspection, --checks: one schema at a time")
    if inspection:
        from lstm_state_probe.inspection.report.document import inspection_schema as make
    elif checks:
        from lstm_state_probe.checks.report.document import check_schema as make
    elif report:
        from lstm_state_probe.report.json.schema import report_schema as make
    else:
        from lstm_state_probe.scenario.written.schema import scenario_schema as make
    return json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
