"""`probe validate`."""

from __future__ import annotations

import click

from lstm_state_probe.cli.common import ENGINES, default_format, paths_argument
from lstm_state_probe.cli.run import nothing_selected


@click.command()
@paths_argument
@click.option(
    "--engine",
    "engines",
    type=click.Choice(ENGINES),
    multiple=True,
    help="Check against this engine, whatever the scenario says; twice for both.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "github"]),
    help="Complaints as text, or as annotations too. [default: text; github under GITHUB_ACTIONS]",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing where nothing is wrong.")
def validate(
    paths: tuple[str, ...], engines: tuple[str, ...], format_: str | None, quiet: bool
) -> int:
    """Read scenarios as strictly as `run` does, without TensorFlow.

    Complaints go to stdout, as those of a linter do.
    """
    from lstm_state_probe.suite import select

    selection = select(paths, engines)
    for complaint in selection.complaints:
        click.echo(str(complaint))
    if (format_ or default_format()) == "github":
        from lstm_state_probe.report.github import complained

        for complaint in selection.complaints:
            click.echo(complained(complaint))
    if not selection.scenarios and not selection.complaints:
        nothing_selected(())
    wrong = len({complaint.file for complaint in selection.complaints})
    if wrong:
        found = len(selection.complaints)
        click.echo(f"{_count(found, 'complaint')} in {wrong} of {_count(selection.files, 'file')}")
        return 2
    if not quiet:
        valid = _count(len(selection.scenarios), "scenario")
        click.echo(f"{valid} in {_count(selection.files, 'file')}: valid")
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
