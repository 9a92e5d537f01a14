"""A document with variables: where each stands, found once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.errors import Complaint
from lstm_state_probe.scenario.text.bounds import MAX_NODES, Position
from lstm_state_probe.scenario.text.document import Document, Path
from lstm_state_probe.scenario.text.variables import APART, LITERAL, Variable, mistake, parts_of

_LINES = 50


@dataclass(frozen=True)
class Use:
    """A variable at its place in the file."""

    variable: Variable
    position: Position


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
            message = mistake(use.variable, names)
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
