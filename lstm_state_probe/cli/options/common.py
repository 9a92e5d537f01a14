"""Options that several commands share, and the console that they print to."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lstm_state_probe.report import FORMATS, WRITERS
from lstm_state_probe.safe import Guarded, say

if TYPE_CHECKING:
    from rich.console import Console

    from lstm_state_probe.errors import ProbeError

Function = TypeVar("Function", bound=Callable[..., Any])
ENGINES = ("keras3", "tf_keras")


class Amount(click.FloatRange):
    """A finite number in a range: for click, NaN lies in every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


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


def format_option(function: Function) -> Function:
    """Add `--format`; None leaves it to `default_format`."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="What stdout shows. [default: table; github under GITHUB_ACTIONS]",
    )(function)


def default_format() -> str:
    """Return the format where none is asked for: annotations too where GitHub reads them."""
    return "github" if os.environ.get("GITHUB_ACTIONS") == "true" else "table"


def reports_option(*names: str, required: bool = False) -> Callable[[Function], Function]:
    """Add the option that names a report; it may be repeated."""
    return click.option(
        *names,
        "reports",
        metavar="PATH",
        multiple=True,
        required=required,
        help=f"Write a report; its suffix picks the writer ({', '.join(WRITERS)}). Repeatable.",
    )


def paths_argument(function: Function) -> Function:
    """Add PATH..., which the environment and `pyproject.toml` may give too."""
    return click.argument("paths", metavar="[PATH]...", nargs=-1, envvar="PROBE_PATHS")(function)


def tell_error(error: ProbeError | None) -> int:
    """Tell an error on stderr, a fault of the probe with its traceback; return its exit code."""
    if error is None:
        return 0
    text = str(error)
    if error.traceback:
        say(error.traceback, err=True)
    say(text if ": error: " in text else f"error: {text}", err=True)
    return error.exit_code


def unseen() -> Console:
    """Make a console for what is only tried."""
    import io

    from rich.console import Console

    return Console(file=io.StringIO(), color_system=None)


def make_console(color: str, *, stderr: bool = False) -> Console:
    """Make a Rich console; what it prints is never highlighted or cut by Rich's own guesses."""
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:  # Rich would leave with 1, which means something here
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    console = Piped(
        file=Guarded(stream) if stream is not None else None,  # type: ignore[arg-type]
        stderr=stderr,
        no_color={"never": True, "always": False}.get(color),
        force_terminal=True if color == "always" else None,
        color_system="auto" if color != "never" else None,
        highlight=False,
        emoji=False,
        soft_wrap=False,
    )
    if console.width < 1:  # COLUMNS=0, as some terminals of CI say
        console.width = 80
    return console
