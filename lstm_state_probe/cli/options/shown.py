"""The options that choose what the tables show, and what must be recorded for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from lstm_state_probe.errors import UsageError, nearest

if TYPE_CHECKING:
    from lstm_state_probe.report.base import ShowOptions
    from lstm_state_probe.runner import Wishes
    from lstm_state_probe.scenario.written.record import Record

Function = TypeVar("Function", bound=Callable[..., Any])
Timesteps = str | tuple[int, ...] | int
ALLOWED = "all, digest, every:N, or a list such as 0,5,-1 or first,last"
_PLACES = {"first": 0, "last": -1}


def read_timesteps(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> Timesteps | None:
    """Read `--timesteps` into 'all', 'digest', a tuple of indices, or a stride.

    Raises:
        BadParameter: of Click, for anything else.
    """
    if value is None or value in ("all", "digest"):
        return value
    word, colon, number = value.partition(":")
    if not colon:
        return tuple(_index(value, item.strip()) for item in value.split(","))
    if word != "every" or not _is_whole(number) or int(number) < 1:
        near = nearest(word, ["every"]) if word != "every" else "; N is 1 or more"
        raise click.BadParameter(f"{value!r} chooses no timesteps; allowed: {ALLOWED}{near}")
    return int(number)


def _index(value: str, item: str) -> int:
    if item in _PLACES:
        return _PLACES[item]
    if not _is_whole(item.removeprefix("-")):
        part = repr(item) if item == value else f"{item!r} in {value!r}"
        near = nearest(item, [*_PLACES, "all", "digest", "every:10"])
        raise click.BadParameter(f"{part} chooses no timestep; allowed: {ALLOWED}{near}")
    return int(item)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16


def read_budget(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read `--budget` into bytes.

    Raises:
        BadParameter: of Click, for what is not an amount of memory.
    """
    if value is None:
        return None
    from lstm_state_probe.amounts import FORMS, read_bytes

    found = read_bytes(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not an amount of memory; allowed: {FORMS}")
    return found


def read_show(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse a selector that `--show` cannot mean, before anything runs."""
    if value:
        from lstm_state_probe.report.chosen import selector

        for text in value:
            try:
                selector(text)
            except UsageError as error:
                raise click.BadParameter(str(error)) from error
    return value


_OPTIONS = (
    click.option("--units", type=click.IntRange(1), help="How many units (columns) to show."),
    click.option("--samples", type=click.IntRange(1), help="How many samples (rows) to show."),
    click.option(
        "--show",
        metavar="SELECTOR",
        multiple=True,
        callback=read_show,
        help="Show these states and gates alone: lstm/c, 'lstm/*', lstm/f.",
    ),
    click.option(
        "--operation",
        "operations",
        metavar="N|LABEL",
        multiple=True,
        help="Show these operations alone: by number (from 1), label or name.",
    ),
    click.option("--sample", type=click.IntRange(0), help="Show this one sample (from 0)."),
    click.option(
        "--precision",
        type=click.IntRange(1, 17),
        default=4,
        show_default=True,
        help="Significant digits in the tables.",
    ),
    click.option("--full", is_flag=True, help="Show every unit and sample, no digest."),
    click.option(
        "--timesteps",
        callback=read_timesteps,
        metavar="WHICH",
        help="Show the states over time at all, first,last, 0,5,-1, every:10, or a digest.",
    ),
    click.option("--gates", is_flag=True, help="Record the gates, and show them over time."),
    click.option(
        "--calls",
        type=click.Choice(["first", "last", "all"]),
        help="Make a table a call, for these calls of each layer.",
    ),
    click.option(
        "--view",
        type=click.Choice(["table"]),
        help="table: every moment of every state at length, in the place of a few lines.",
    ),
    click.option("--ledger", is_flag=True, help="Show one row an operation and layer instead."),
    click.option("-v", "--verbose", is_flag=True, help="A table a call, what each verdict saw."),
    click.option("-q", "--quiet", is_flag=True, help="Failures and the closing summary alone."),
)


def shown_options(function: Function) -> Function:
    """Add the options; a command takes them as keywords and hands them to `show_options`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_EXCLUDING = (
    ("verbose", "quiet"),
    *(("ledger", other) for other in ("quiet", "timesteps", "gates", "calls", "view")),
)
_SHORT = {"verbose": "-v", "quiet": "-q"}
_NOTHING: dict[str, Any] = {"timesteps": None, "calls": None, "view": None}


def exclude(choices: dict[str, Any]) -> None:
    """Refuse options that contradict each other; a default gives way to what was typed.

    Raises:
        UsageError: of Click.
    """
    for pair in _EXCLUDING:
        if any(choices[name] in (None, False) for name in pair):
            continue
        weak, strong = sorted(pair, key=_weight)
        if _weight(weak) == _weight(strong):
            one, other = (_SHORT.get(name, f"--{name}") for name in pair)
            raise click.UsageError(f"{one} and {other} exclude each other")
        choices[weak] = _NOTHING.get(weak, False)


def _weight(name: str) -> int:
    """Return how near to the user's fingers a value came from."""
    order = (ParameterSource.ENVIRONMENT, ParameterSource.COMMANDLINE)
    source = click.get_current_context().get_parameter_source(name)
    return 1 + order.index(source) if source in order else 0


def show_options(choices: dict[str, Any]) -> ShowOptions:
    """Make of the options what the tables read."""
    from lstm_state_probe.report.base import ShowOptions

    verbose, quiet = (choices[name] for name in ("verbose", "quiet"))
    names = (
        "units",
        "samples",
        "precision",
        "full",
        "timesteps",
        "gates",
        "calls",
        "ledger",
        "view",
        "show",
        "operations",
        "sample",
    )
    shown = {name: choices[name] for name in names}
    return ShowOptions(**shown, verbosity=1 if verbose else -1 if quiet else 0)


def wishes(options: ShowOptions, records: Iterable[Record]) -> Wishes:
    """Ask for more to be recorded where a scenario keeps less than shall be shown.

    What is asked for holds what every scenario keeps, so that no expectation misses a timestep.
    """
    from lstm_state_probe.runner import Wishes
    from lstm_state_probe.scenario.written.selectors import GATES

    written = list(records)
    more = options.over_time and any(_lacks(r.timesteps, options.timesteps) for r in written)
    calls = ("all", options.each_call or "last")
    further = options.over_time and any(record.calls not in calls for record in written)
    gates = options.gates or any(text.rpartition("/")[2] in GATES for text in options.show)
    return Wishes("all" if more else None, gates, "all" if further else None)


def _lacks(kept: Any, wanted: Timesteps | None) -> bool:
    """Tell whether a `record: timesteps` of a scenario keeps too little."""
    if kept == "all" or (wanted is None and kept != "final"):
        return False
    stride = getattr(kept, "every", None)
    if isinstance(wanted, int):
        return stride is None or wanted % int(stride) != 0
    if isinstance(wanted, tuple) and kept != "final":
        return not set(wanted) <= ({0, -1} if stride is not None else set(kept))
    return True
