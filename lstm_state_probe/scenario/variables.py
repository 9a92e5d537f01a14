"""`${name}` in a scenario: found once in a document, filled in for each set of values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from lstm_state_probe.errors import Complaint, brief, listed, nearest
from lstm_state_probe.scenario.bounds import MAX_NODES, Position
from lstm_state_probe.scenario.document import Document, Path
from lstm_state_probe.scenario.yaml12 import typed, written

VARIABLE = r"[A-Za-z_][A-Za-z0-9_.\-]*"
APART = ("vars", "matrix")
"""The top-level keys that give values, and take none."""
_PART = re.compile(
    rf"(?P<literal>\$\$\{{)|\$\{{(?P<name>{VARIABLE})(:(?P<default>[^}}]*))?\}}|(?P<wrong>\$\{{)"
)
LITERAL = "${"
_LINES = 50
_LONG_TEXT = 64


@dataclass(frozen=True)
class Variable:
    """One `${name}` or `${name:default}` inside a text; no name where it is none."""

    text: str
    name: str
    default: str | None


@dataclass(frozen=True)
class Use:
    """A variable at its place in the file."""

    variable: Variable
    position: Position


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


@dataclass
class Template:
    """A document with places to fill in; `touched` are the paths at and above such a place."""

    document: Document
    uses: list[Use] = field(default_factory=list)
    touched: set[Path] = field(default_factory=set)
    in_keys: bool = False

    @classmethod
    def of(cls, document: Document) -> Template:
        """Find every place of a document where a value is to be filled in."""
        template = cls(document)
        for path, text, at_key in _texts(document.data, ()):
            template.note(path, text, at_key=at_key)
        document.variables = frozenset(use.variable.name for use in template.uses)
        return template

    def note(self, path: Path, text: str, *, at_key: bool) -> None:
        """Remember a text; a value is complained about where its first variable stands."""
        self.touched.update(path[:end] for end in range(len(path) + 1))
        self.in_keys |= at_key
        positions = self.document.keys if at_key else self.document.values
        place = positions.get(path, (1, 1))
        found: list[Use] = []
        for part in parts_of(text):
            if isinstance(part, Variable) or part == LITERAL:
                sought = part.text if isinstance(part, Variable) else f"${LITERAL}"
                line, column = _find(self.document.lines, sought, place)
                place = (line, column + len(sought))
                if isinstance(part, Variable):
                    found.append(Use(part, (line, column)))
        if found and not at_key:
            positions[path] = found[0].position
        self.uses += found

    def complaints(self, known: Iterable[str]) -> Iterator[Complaint]:
        """Yield what is wrong with the variables themselves; `known` are the names with a value."""
        names = list(known)
        for use in self.uses:
            message = _mistake(use.variable, names)
            if message:
                yield self.document.at(use.position, message)

    def too_much(self, sizes: Mapping[str, int]) -> Complaint | None:
        """Complain where the values of a scenario, in all their places, would be too many."""
        total = 0
        for use in self.uses:
            total += sizes.get(use.variable.name, 1)
            if total > MAX_NODES:
                message = f"the variables make more than {MAX_NODES:,} values of the scenario"
                return self.document.at(use.position, message)
        return None

    def fill(self, values: Mapping[str, Any]) -> Document:
        """Return the document with the values in their places; what has no value is flawed."""
        return _Filling(self, values).document()


def size(value: Any) -> int:
    """Count the values in a value; a long text counts as several."""
    if isinstance(value, (list, dict)):
        return 1 + sum(map(size, value.values() if isinstance(value, dict) else value))
    return 1 + len(value) // _LONG_TEXT if isinstance(value, str) else 1


def _mistake(variable: Variable, names: list[str]) -> str | None:
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


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str, bool]]:
    """Yield (path, text, whether it is a key) for what has a `${` in it."""
    if isinstance(data, str):
        if "${" in data:
            yield path, data, False
    elif isinstance(data, dict):
        for key, value in data.items():
            if not path and key in APART:
                continue
            if isinstance(key, str) and "${" in key:
                yield (*path, key), key, True
            yield from _texts(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*path, index))


def _find(lines: list[str], text: str, start: Position) -> Position:
    """Return where a text stands at or after a place; the place itself where it is not found."""
    line, column = start
    for number, source in enumerate(lines[line - 1 : line - 1 + _LINES], line):
        found = source.find(text, column - 1 if number == line else 0)
        if found >= 0:
            return number, found + 1
    return start


@dataclass
class _Filling:
    """One document while it is filled in; `new_paths` maps a template's path to the new key."""

    template: Template
    values: Mapping[str, Any]
    filled: dict[tuple[Path, bool], str] = field(default_factory=dict)
    flawed: set[Path] = field(default_factory=set)
    flaws: list[Complaint] = field(default_factory=list)
    new_keys: dict[Path, str | int] = field(default_factory=dict)

    def document(self) -> Document:
        """Fill in everything; what holds no variable is shared with the template."""
        source = self.template.document
        data = self.any(source.data, (), ())
        keys, positions = source.keys, source.values
        if self.template.in_keys:
            keys = {self.renamed(path): place for path, place in keys.items()}
            positions = {self.renamed(path): place for path, place in positions.items()}
        flawed = {self.renamed(path) for path in source.flawed} | self.flawed
        return replace(
            source,
            data=data,
            keys=keys,
            values=positions,
            flaws=self.flaws,
            flawed=flawed,
            filled=self.filled,
        )

    def renamed(self, path: Path) -> Path:
        return tuple(self.new_keys.get(path[: end + 1], part) for end, part in enumerate(path))

    def any(self, data: Any, old: Path, new: Path) -> Any:
        """Fill in a value; `old` is its path in the template, `new` its path from now on."""
        if old not in self.template.touched:
            return data
        if isinstance(data, list):
            return [self.any(v, (*old, i), (*new, i)) for i, v in enumerate(data)]
        if isinstance(data, dict):
            return self.mapping(data, old, new)
        return self.text(data, new) if isinstance(data, str) else data

    def mapping(self, data: dict[Any, Any], old: Path, new: Path) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key, value in data.items():
            here, to = (*old, key), key
            if isinstance(key, str) and "${" in key and (old or key not in APART):
                to = self.key(key, here, new)
            if to in result:
                self.tell(here, str(key), at_key=True)
                said = self.filled.get((here, True))
                message = f"duplicate key {brief(to)}{said and f' ({said})'}"
                self.flaws.append(self.template.document.complaint(here, message, at_key=True))
                continue
            result[to] = self.any(value, here, (*new, to))
        return result

    def key(self, key: str, old: Path, parent: Path) -> str | int:
        """Fill in a key, which is a text, or a whole number."""
        try:
            value = self.render(key)
        except LookupError:
            self.flawed.add(parent)
            return key
        whole = isinstance(value, int) and not isinstance(value, bool)
        to = value if whole or isinstance(value, str) else written(value)
        self.new_keys[old] = to
        self.tell((*parent, to), key, at_key=True)
        return to

    def text(self, text: str, path: Path) -> Any:
        try:
            value = self.render(text)
        except LookupError:
            self.flawed.add(path)
            return None
        self.tell(path, text, at_key=False)
        return value

    def render(self, text: str) -> Any:
        """Return the value of a text that is one variable, else the text with all filled in.

        Raises:
            LookupError: if a variable has no value.
        """
        parts = parts_of(text)
        if len(parts) == 1 and isinstance(parts[0], Variable):
            return self.value(parts[0])
        return "".join(p if isinstance(p, str) else written(self.value(p)) for p in parts)

    def value(self, variable: Variable) -> Any:
        if variable.name in self.values:
            return self.values[variable.name]
        if variable.default is None or not variable.name:
            raise LookupError(variable.name)
        try:
            return typed(variable.default)
        except ValueError as error:
            raise LookupError(variable.name) from error

    def tell(self, path: Path, text: str, *, at_key: bool) -> None:
        """Note which values the variables of a text have, for complaints about its place."""
        found = dict.fromkeys(variables_in(text))
        if found:
            words = (f"${{{v.name}}} is {brief(self.value(v))}" for v in found)
            self.filled[(path, at_key)] = ", ".join(words)
