"""`probe init`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from lstm_state_probe.cli.options.saved import inputs_of, saved_model, saved_options
from lstm_state_probe.errors import UsageError
from lstm_state_probe.safe import one_line, say
from lstm_state_probe.whole import not_inputs, write_whole

TEMPLATES = ("lstm", "gru", "encoder-decoder")
SCHEMA_FILE = "probe.schema.json"


@click.command()
@click.argument("path", default="scenario.yaml", metavar="[PATH]")
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    help="What the starter is about (lstm unless --from is given).",
)
@click.option(
    "--from",
    "model",
    metavar="MODEL",
    help="Write a scenario for this saved model instead, with what was seen of it.",
)
@saved_options
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
def init(path: str, template: str | None, model: str | None, force: bool, **choices: Any) -> int:
    """Write a commented starter scenario to PATH (scenario.yaml; '-' for stdout).

    The JSON Schema that editors check it with is written beside it, as probe.schema.json.
    The options of a saved model go with --from alone.
    """
    target = Path(path)
    if template is not None and model is not None:
        raise UsageError("--template and --from exclude each other")
    if path != "-":
        _must_be_free(target, force=force)
        if model is not None:
            read = inputs_of(saved_model(model, choices))
            not_inputs([target, target.parent / SCHEMA_FILE], read)
    text = _template(template, choices) if model is None else _for_model(model, target, choices)
    if path == "-":
        say(text, end="")
        return 0
    from lstm_state_probe.cli.schema import schema_text

    try:
        write_whole(target, text)
        write_whole(target.parent / SCHEMA_FILE, schema_text(report=False))
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{path!r} cannot be written: {reason}") from error
    code = "--allow-code " if choices["allow_code"] else ""
    name, schema = (one_line(str(file)) for file in (target, target.parent / SCHEMA_FILE))
    say(f"wrote {name} and {schema}; next: probe run {code}{name}")
    return 0


def _must_be_free(target: Path, *, force: bool) -> None:
    path = str(target)
    if target.suffix not in (".yaml", ".yml"):
        raise UsageError(
            f"{path!r} is not a scenario file; allowed: a name ending in .yaml or .yml"
        )
    if target.exists() and not force:
        raise UsageError(f"{path!r} is there already; --force overwrites it")


def _template(name: str | None, choices: dict[str, Any]) -> str:
    given = next((option for option, value in choices.items() if value), None)
    if given is not None:
        raise UsageError(f"--{given.replace('_', '-').replace('inputs', 'input')} goes with --from")
    file = Path(__file__).parent / "templates" / f"{name or TEMPLATES[0]}.yaml"
    return file.read_text(encoding="utf-8")


def _for_model(model: str, target: Path, choices: dict[str, Any]) -> str:
    from lstm_state_probe.host.process import lean_imports

    with redirect_stdout(sys.stderr), lean_imports():
        from lstm_state_probe.inspection.saved import open_model
        from lstm_state_probe.inspection.scenario_text import scenario_text

        opened = open_model(saved_model(model, choices))
        return scenario_text(opened, folder=target.parent)
