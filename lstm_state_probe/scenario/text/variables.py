"""`${name}` in a text: how it is written, and what is wrong with one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.scenario.text.yaml12 import typed

VARIABLE = r"[A-Za-z_][A-Za-z0-9_.\-]*"
APART = ("vars", "matrix")
"""The top-level keys that give values, and take none."""
_PART = re.compile(
    rf"(?P<literal>\$\$\{{)|\$\{{(?P<name>{VARIABLE})(:(?P<default>[^}}]*))?\}}|(?P<wrong>\$\{{)"
)
LITERAL = "${"
_LONG_TEXT = 64


@dataclass(frozen=True)
class Variable:
    """One `${name}` or `${name:default}` inside a text; no name where it is none."""

    text: str
    name: str
    default: str | None


@lru_cache(maxsize=4096)
def parts_of(text: str) -> tuple[str | Variable, ...]:
    """Split a text into what stays and what is filled in; `$${` stays, as `${`."""
    parts: list[str | Variable] = []
    end = 0
    for match in _PART.finditer(text):
        parts.append(text[end : match.start()])
        if match["literal"]:
            parts.append(LITERAL)
        else:
            parts.append(Variable(match[0], match["name"] or "", match["default"]))
        end = match.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def variables_in(text: str) -> list[Variable]:
    """Return the variables of a text, in their order."""
    return [part for part in parts_of(text) if isinstance(part, Variable)]


def size(value: Any) -> int:
    """Count the values in a value; a long text counts as several."""
    if isinstance(value, (list, dict)):
        return 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
    return 1 + len(value) // _LONG_TEXT if isinstance(value, str) else 1


def mistake(variable: Variable, names: list[str]) -> str | None:
    """Say what is wrong with a variable, if anything is; `names` are those that have a value."""
    name, default = variable.name, variable.default
    if not name:
        return "expected ${name} or ${name:default}; a '${' that is meant so is written '$${'"
    if default is not None:
        try:
            typed(default)
        except ValueError as error:
            return f"the default of {brief(name)}: {error}"
    elif name not in names:
        ways = f"give it one under 'vars', by --var {name}=…, or here as ${{{name}:…}}"
        have = f"; known: {listed(names)}{nearest(name, names)}" if names else ""
        return f"the variable {brief(name)} has no value{have}; {ways}"
    return None
