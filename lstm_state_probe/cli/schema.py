"""`probe schema`."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--report", is_flag=True, help="The schema of the JSON report instead.")
def schema(report: bool) -> int:
    """Print the JSON Schema (draft-07) of the scenario file, for editors and other tools."""
    click.echo(schema_text(report=report), nl=False)
    return 0


def schema_text(*, report: bool) -> str:
    """Return a schema as the text of a file."""
    if report:
        from lstm_state_probe.report.schema import report_schema as make
    else:
        from lstm_state_probe.scenario.schema import scenario_schema as make
    return json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
