"""Where an option comes from that is not on the command line: the environment, `pyproject.toml`.

The command line counts most, then `PROBE_<OPTION>`, then the table `[tool.lstm-state-probe]`, then
what is built in. An option that means the same with several commands has one name for all of them;
one that differs from the option of `run` (`schema --report`) has its command in the name of the
variable (`PROBE_SCHEMA_REPORT`), and none in the table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from lstm_state_probe.errors import Complaint, brief, listed, nearest
from lstm_state_probe.host.project import Project, ProjectError, find_project

PATHS = "paths"
QUOTE = "'"


def name_of(parameter: click.Parameter) -> str:
    """Return the name of an option for the table and the environment: `max-fail`, `k`."""
    if isinstance(parameter, click.Argument):
        return str(parameter.name)
    return max(parameter.opts, key=len).lstrip("-")


def give_variables(commands: Sequence[click.Command]) -> None:
    """Give every option of the commands its environment variable."""
    shared = shared_names(commands)
    for command in commands:
        for option in (p for p in command.params if isinstance(p, click.Option)):
            name = name_of(option)
            mine = name if option in shared.get(name, ()) else f"{command.name}-{name}"
            option.envvar = f"PROBE_{mine.upper().replace('-', '_')}"


def shared_names(commands: Sequence[click.Command]) -> dict[str, list[click.Parameter]]:
    """Map each name to the parameters that it sets, of all commands where it means the same."""
    found: dict[str, list[click.Parameter]] = {}
    for command in commands:
        for parameter in command.params:
            name = name_of(parameter)
            is_path = isinstance(parameter, click.Argument) and name == PATHS
            if isinstance(parameter, click.Option) or is_path:
                same = found.setdefault(name, [])
                if not same or _kind(same[0]) == _kind(parameter):
                    same.append(parameter)
    return found


def _kind(parameter: click.Parameter) -> tuple[Any, ...]:
    flag = isinstance(parameter, click.Option) and parameter.is_flag
    allowed = tuple(getattr(parameter.type, "choices", ()))
    return parameter.multiple, flag, parameter.nargs, parameter.type.name, allowed


def default_map(commands: Sequence[click.Command], folder: Path) -> dict[str, dict[str, Any]]:
    """Return the defaults that `pyproject.toml` gives, by command and parameter.

    Raises:
        ProjectError: with a complaint for each key or value of the table that is wrong.
    """
    project = find_project(folder)
    if not project.table:
        return {}
    shared = shared_names(commands)
    complaints = list(_complaints(project, shared, commands))
    if complaints:
        raise ProjectError(complaints)
    given = {_name(key): value for key, value in project.table.items()}
    return {
        str(command.name): {
            str(parameter.name): _value(parameter, given[name_of(parameter)], project)
            for parameter in command.params
            if name_of(parameter) in given and parameter in shared.get(name_of(parameter), ())
        }
        for command in commands
    }


def _name(key: str) -> str:
    """Return the name that a key means; TOML's users write max_fail as often as max-fail."""
    return key.replace("_", "-")


def _complaints(
    project: Project,
    shared: Mapping[str, list[click.Parameter]],
    commands: Sequence[click.Command],
) -> Iterator[Complaint]:
    for key, value in project.table.items():
        parameters = shared.get(_name(key))
        if parameters is None:
            message = f"unknown key {brief(key)}; allowed: {listed(sorted(shared))}"
            yield project.complaint(key, message + nearest(key, shared))
            continue
        command = next(c for c in commands if parameters[0] in c.params)
        try:
            parameters[0].process_value(
                click.Context(command), _value(parameters[0], value, project)
            )
        except click.BadParameter as error:
            yield project.complaint(key, f"{key}: {error.message}")


def _value(parameter: click.Parameter, value: Any, project: Project) -> Any:
    """Turn a value of TOML into the words of a command line, a list where there may be several.

    Click's own types raise whatever they like on a number, a date or a table (seen in 8.4).
    """
    several = parameter.multiple or parameter.nargs == -1
    if name_of(parameter) == "var" and isinstance(value, dict):
        return [f"{name}={_quoted(item)}" for name, item in value.items()]
    if not several:
        return _word(value, "one value")
    words = [_word(item, "a value") for item in (value if isinstance(value, list) else [value])]
    if name_of(parameter) != PATHS:
        return words
    return [os.path.relpath(project.root / word) for word in words]


def _word(value: Any, wanted: str) -> str:
    """Write a scalar as on the command line.

    Raises:
        BadParameter: for a date, a list or a table.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        found = brief(value) if isinstance(value, (list, dict)) else f"the date {value}"
        raise click.BadParameter(f"expected {wanted}, found {found}")
    if "\0" in (word := str(value)):
        raise click.BadParameter(f"expected {wanted}, found {brief(value)}")
    return word


def _quoted(value: Any) -> str:
    """Write a value of TOML as YAML does, so that a text in quotes stays a text."""
    word = _word(value, "a value")
    return f"'{word.replace(QUOTE, 2 * QUOTE)}'" if isinstance(value, str) else word
