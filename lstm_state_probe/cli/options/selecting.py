"""The options that find and choose scenarios, alike for `run`, `validate` and `list`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from lstm_state_probe.cli.options.common import paths_argument
from lstm_state_probe.errors import UsageError
from lstm_state_probe.safe import say

if TYPE_CHECKING:
    from lstm_state_probe.suite.last_run import LastRun
    from lstm_state_probe.suite.run import Selection

Function = TypeVar("Function", bound=Callable[..., Any])
_NAMES = ("keyword", "tag", "last_failed", "shard", "var")
_OPTIONS = (
    click.option(
        "-k",
        "keyword",
        metavar="EXPRESSION",
        help="Those whose id has the words: lstm and not (gru or units=8).",
    ),
    click.option(
        "--tag", metavar="EXPRESSION", help="Those that have the tags: stateful and not slow."
    ),
    click.option(
        "--lf", "last_failed", is_flag=True, help="Those alone that failed when they last ran."
    ),
    click.option(
        "--shard", metavar="I/N", help="Part I of N, of about the same duration as the others."
    ),
    click.option(
        "--var",
        metavar="NAME=VALUE",
        multiple=True,
        help="The value of ${NAME} in scenarios. May be repeated.",
    ),
)


def selecting_options(function: Function) -> Function:
    """Add PATH... and the options; a command takes them as keywords, for `Wanted.of`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return paths_argument(function)


@dataclass(frozen=True)
class Wanted:
    """What the words of a command select; `must_use` are the variables of the command line."""

    paths: tuple[str, ...]
    keyword: str | None
    tag: str | None
    last_failed: bool
    shard: str | None
    variables: dict[str, Any]
    must_use: frozenset[str]

    @classmethod
    def of(cls, choices: dict[str, Any], *, shipped: bool = False) -> Wanted:
        """Take the options out of a command's keywords.

        Paths that are a default give way to `--shipped`.

        Raises:
            UsageError: for a `--var` that is none.
        """
        paths, found = choices.pop("paths"), {name: choices.pop(name) for name in _NAMES}
        variables = dict(map(read_variable, found.pop("var")))
        ctx = click.get_current_context()
        by_hand = ParameterSource.COMMANDLINE
        if shipped and ctx.get_parameter_source("paths") is not by_hand:
            paths = ()
        must_use = variables if ctx.get_parameter_source("var") is by_hand else ()
        return cls(paths, variables=variables, must_use=frozenset(must_use), **found)

    def last_run(self) -> LastRun:
        """Read what is remembered of the last run of this project."""
        from lstm_state_probe.host.project import find_project
        from lstm_state_probe.suite.last_run import read_last_run

        return read_last_run(find_project(Path.cwd()).root)

    def select(
        self, more: Sequence[str] = (), *, engines: Sequence[str] = (), last: LastRun | None = None
    ) -> Selection:
        """Find, read and choose the scenarios; `more` are paths beside those that were given.

        Raises:
            UsageError: for an expression, a shard or a path that is none.
        """
        from lstm_state_probe.suite.choose import Choice
        from lstm_state_probe.suite.expressions import parse_expression
        from lstm_state_probe.suite.run import select
        from lstm_state_probe.suite.shards import parse_shard

        choice = Choice(
            keyword=parse_expression(self.keyword, option="-k") if self.keyword else None,
            tag=parse_expression(self.tag, option="--tag") if self.tag else None,
            shard=parse_shard(self.shard) if self.shard else None,
            last_failed=self.last_failed,
        )
        return select(
            [*self.paths, *more],
            engines,
            choice=choice,
            variables=self.variables,
            must_use=self.must_use,
            last=last or self.last_run(),
        )


def read_variable(text: str) -> tuple[str, Any]:
    """Read `name=value`; the value is the scalar that it would be in a scenario.

    Raises:
        UsageError: for anything else.
    """
    import re

    from lstm_state_probe.scenario.text.variables import VARIABLE
    from lstm_state_probe.scenario.text.yaml12 import typed

    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(VARIABLE, name):
        raise UsageError(f"--var: expected NAME=VALUE such as units=4, found {text!r}")
    try:
        return name, typed(value)
    except ValueError as error:
        raise UsageError(f"--var {name}: {error}") from error


def tell(selection: Selection, *, complaints_to_stderr: bool = True) -> None:
    """Say what is wrong with files, and what else there is to say of the selection."""
    for complaint in selection.complaints:
        say(str(complaint), err=complaints_to_stderr)
    for note in selection.notes:
        say(note, err=True)


def last_run_file() -> Path:
    """Name the file that remembers the last run of this project."""
    from lstm_state_probe.host.project import find_project
    from lstm_state_probe.suite.last_run import FILE, FOLDER

    return find_project(Path.cwd()).root / FOLDER / FILE


def inputs_of(selection: Selection, more: Iterable[str | Path] = ()) -> Iterator[str | Path]:
    """Yield the files that are read for a selection: the scenarios, and what they name."""
    from lstm_state_probe.scenario.files import named_files

    yield from more
    yield from (complaint.file for complaint in selection.complaints)
    for scenario in selection.scenarios:
        yield scenario.path
        for name, found in named_files(scenario).items():
            yield scenario.beside(name)
            yield from found.values()


def nothing_selected(selection: Selection) -> int:
    """Return 2 where the files were wrong, 4 where the probe could not read one by its own fault.

    Raises:
        UsageError: where nothing was named, or nothing that was named is wanted.
    """
    if selection.nothing:
        raise UsageError(f"nothing was selected: {selection.nothing}")
    if selection.complaints:
        return selection.exit_code
    raise UsageError("nothing was selected: give a scenario file, a folder, or --shipped NAME")
