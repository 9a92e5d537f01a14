"""`probe list`."""

from __future__ import annotations

from typing import Any

import click

from lstm_state_probe.cli.options.common import ENGINES
from lstm_state_probe.cli.options.selecting import Wanted, nothing_selected, selecting_options, tell
from lstm_state_probe.safe import one_line, say


@click.command(name="list")
@selecting_options
@click.option("--shipped", is_flag=True, help="List the scenarios that ship with the package.")
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="List for this engine, whatever the scenario says; twice for both.",
)
def list_(shipped: bool, engines: tuple[str, ...], **choices: Any) -> int:
    """List what would run: a line a scenario, with its engine and the question it answers."""
    from lstm_state_probe.shipped import shipped_names

    names = {str(path): name for name, path in shipped_names().items()} if shipped else {}
    selection = Wanted.of(choices, shipped=shipped).select(list(names), engines=engines)
    tell(selection)
    if not selection.scenarios:
        return nothing_selected(selection)
    lines = [(s, one_line(names.get(str(s.path), s.id))) for s in selection.scenarios]
    width = max(len(shown) for _, shown in lines)
    for scenario, shown in lines:
        question = " ".join((scenario.spec.description or "").split())
        say(f"{shown:<{width}}  {scenario.engine:<8}  {question}".rstrip())
    return selection.exit_code
