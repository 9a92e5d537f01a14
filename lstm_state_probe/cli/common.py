"""Options that several commands share, and the console that they print to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

Function = TypeVar("Function", bound=Callable[..., Any])
ENGINES = ("keras3", "tf_keras")


def color_option(function: Function) -> Function:
    """Add `--color`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colour of the output; NO_COLOR and FORCE_COLOR are heeded too.",
    )(function)


def engine_option(function: Function) -> Function:
    """Add `--engine`, once."""
    return click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="keras3",
        show_default=True,
        help="The Keras to look into.",
    )(function)


def paths_argument(function: Function) -> Function:
    """Add PATH..., which may be left out where the scenarios that ship are named instead."""
    return click.argument("paths", metavar="[PATH]...", nargs=-1)(function)


def make_console(color: str, *, stderr: bool = False) -> Console:
    """Make a Rich console; what it prints is never highlighted or cut by Rich's own guesses."""
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:  # Rich would leave with 1, which means something here
            raise BrokenPipeError

    console = Piped(
        stderr=stderr,
        no_color=True if color == "never" else None,
        force_terminal=True if color == "always" else None,
        color_system="auto" if color != "never" else None,
        highlight=False,
        emoji=False,
        soft_wrap=False,
    )
    if console.width < 1:  # COLUMNS=0, as some terminals of CI say
        console.width = 80
    return console
