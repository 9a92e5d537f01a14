"""`probe source`."""

from __future__ import annotations

import click

from lstm_state_probe.cli.options.common import color_option, make_console
from lstm_state_probe.safe import say


@click.command()
@click.argument("target")
@click.option(
    "--scenario",
    metavar="PATH",
    help="A scenario whose layer names TARGET may use; its engine counts unless --engine is given.",
)
@click.option(
    "--engine",
    type=click.Choice(("keras3", "tf_keras")),
    help="The Keras to look into (keras3 unless the scenario says otherwise).",
)
@color_option
def source(target: str, scenario: str | None, engine: str | None, color: str) -> int:
    """Print the installed Keras's own source of TARGET, with its file and line.

    TARGET is Class.method or Class, such as LSTM.reset_states, or with --scenario the same for
    a layer by its name, such as lstm.reset_states.
    """
    from lstm_state_probe.host.process import lean_imports
    from lstm_state_probe.host.sources import find_source

    with lean_imports():
        found = find_source(target, scenario=scenario, engine=engine)
    console = make_console(color)
    from rich.syntax import Syntax

    for part in found:
        console.print(f"# {part.title}", style="bold", markup=False, soft_wrap=True)
        console.print(f"# {part.file}:{part.line}", style="dim", markup=False, soft_wrap=True)
        if console.is_terminal and not console.no_color:
            console.print(
                Syntax(part.text, "python", start_line=part.line, line_numbers=True, word_wrap=True)
            )
        else:
            say(part.text.rstrip())
    return 0
