"""`probe init`."""

from __future__ import annotations

from pathlib import Path

import click

from lstm_state_probe.errors import UsageError

TEMPLATES = ("lstm", "gru", "encoder-decoder")
SCHEMA_FILE = "probe.schema.json"


@click.command()
@click.argument("path", default="scenario.yaml", metavar="[PATH]")
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    default="lstm",
    show_default=True,
    help="What the starter is about.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(path: str, template: str, force: bool) -> int:
    """Write a commented starter scenario to PATH (scenario.yaml; '-' for stdout).

    The JSON Schema that editors check it with is written beside it, as probe.schema.json.
    """
    text = (Path(__file__).parent / "templates" / f"{template}.yaml").read_text(encoding="utf-8")
    if path == "-":
        click.echo(text, nl=False)
        return 0
    target = Path(path)
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(f"{path!r} is no scenario file; allowed: a name ending in .yaml or .yml")
    if target.exists() and not force:
        raise UsageError(f"{path!r} is there already; --force overwrites it")
    from lstm_state_probe.cli.schema import schema_text

    try:
        target.write_text(text, encoding="utf-8")
        (target.parent / SCHEMA_FILE).write_text(schema_text(report=False), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path!r} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {target} and {target.parent / SCHEMA_FILE}; next: probe run {target}")
    return 0
