"""`probe explain`."""

from __future__ import annotations

import json
from itertools import groupby

import click

from lstm_state_probe.explained import KINDS, Explanation, explanations, page
from lstm_state_probe.explained import explain as find


def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the words."""
    return [one.word for one in explanations() if one.word.startswith(incomplete)]


@click.command(name="explain")
@click.argument("name", required=False, shell_complete=complete)
@click.option("--all", "all_", is_flag=True, help="Print the page with all of them, in Markdown.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="What stdout shows.",
)
def explain_command(name: str | None, all_: bool, format_: str) -> int:
    """Say what a word of the reports means, why it happens, and what to write.

    NAME is an origin, condition, check, finding, status or operation, or the text of an error
    that Keras raised. Without it the words are listed.
    """
    if all_:
        click.echo(page(), nl=False)
        return 0
    found = find(name) if name is not None else explanations()
    if format_ == "json":
        click.echo(json.dumps([vars(one) for one in found], indent=1))
    elif name is None:
        _list()
    else:
        click.echo("\n".join(_plain(one) for one in found), nl=False)
    return 0


def _list() -> None:
    width = max(map(len, KINDS))
    for kind, group in groupby(explanations(), lambda one: one.kind):
        click.echo(f"{kind:{width}}  {', '.join(one.word for one in group)}")


def _plain(one: Explanation) -> str:
    """Write an explanation without the marks of Markdown that a terminal does not show."""
    lines = [line for line in one.text.splitlines() if not line.startswith("```")]
    head = f"{one.word}  ({one.kind})"
    body = [line.replace(".**", ":").replace("**", "") for line in lines[1:]]
    return "\n".join([head, *body, ""]).replace("\n\n\n", "\n\n")
