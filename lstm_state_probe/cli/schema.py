"""`probe schema`."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--report", is_flag=True, help="The schema of the JSON report instead.")
@click.option("--checks", is_flag=True, help="The schema of the JSON report of check instead.")
def schema(report: bool, checks: bool) -> int:
    """Print the JSON Schema (draft-07) of the scenario file, for editors and other tools."""
    if report and checks:
        raise click.UsageError("--report and --checks are two schemas; ask for one")
    click.echo(schema_text(report=report, checks=checks), nl=False)
    return 0


def schema_text(*, report: bool, checks: bool = False) -> str:
    """Return a schema as the text of a file."""
    if checks:
        from lstm_state_probe.checks.document import check_schema as make
    elif report:
        from lstm_state_probe.report.schema import report_schema as make
    else:
        from lstm_state_probe.scenario.schema import scenario_schema as make
    return json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
