"""`probe list`."""

from __future__ import annotations

import click

from lstm_state_probe.cli.common import paths_argument
from lstm_state_probe.cli.run import nothing_selected


@click.command(name="list")
@paths_argument
@click.option("--shipped", is_flag=True, help="List the scenarios that ship with the package.")
def list_(paths: tuple[str, ...], shipped: bool) -> int:
    """List what would run: a line a scenario, with its engine and the question it answers."""
    from lstm_state_probe.shipped import shipped_names
    from lstm_state_probe.suite import select

    names = {str(path): name for name, path in shipped_names().items()} if shipped else {}
    selection = select([*paths, *names])
    for complaint in selection.complaints:
        click.echo(str(complaint), err=True)
    if not selection.scenarios:
        return nothing_selected(selection.complaints)
    width = max(len(names.get(str(s.path), s.id)) for s in selection.scenarios)
    for scenario in selection.scenarios:
        shown = names.get(str(scenario.path), scenario.id)
        question = " ".join((scenario.spec.description or "").split())
        click.echo(f"{shown:<{width}}  {scenario.engine:<8}  {question}".rstrip())
    return 2 if selection.complaints else 0
