"""`matrix`: the combinations of values that make one scenario several."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from lstm_state_probe.errors import Complaint, brief, listed, nearest
from lstm_state_probe.scenario.text.document import Document, Path
from lstm_state_probe.scenario.text.variables import VARIABLE
from lstm_state_probe.scenario.text.yaml12 import written

MOST = 10_000
ZIP, EXCLUDE = "zip", "exclude"
_LONGEST = 40
_NAME = re.compile(VARIABLE)
MATRIX_SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "properties": {
        ZIP: {
            "description": "lists of one length that go through together",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1},
        },
        EXCLUDE: {
            "description": "combinations to leave out; each names some of the values",
            "type": "array",
            "items": {"type": "object", "minProperties": 1},
        },
    },
    "additionalProperties": {"type": "array", "minItems": 1},
}


@dataclass(frozen=True)
class Combination:
    """The values of one scenario, and what is added to its name: `[units=4,stateful=true]`."""

    values: dict[str, Any]
    suffix: str


@dataclass(frozen=True)
class Choice:
    """One value of one axis, and how an id writes it."""

    name: str
    value: Any
    text: str


Group = list[tuple[Choice, ...]]


@dataclass
class MatrixReader:
    """Reads `matrix` of a document; every complaint has its place."""

    document: Document
    complaints: list[Complaint] = field(default_factory=list)
    axes: dict[str, list[Choice]] = field(default_factory=dict)

    def complain(self, path: Path, message: str, *, at_key: bool = False) -> None:
        self.complaints.append(self.document.complaint(path, message, at_key=at_key))

    def combinations(self) -> list[Combination]:
        """Return the combinations in the order of the file, the last axis the fastest."""
        data = self.document.data["matrix"]
        if not isinstance(data, dict) or not data:
            form = "expected a mapping such as {units: [4, 8]}"
            self.complain(("matrix",), f"{form}, found {brief(data)}")
            return []
        groups = [self.group(key, value) for key, value in data.items() if key != EXCLUDE]
        excluded = self.excluded(data[EXCLUDE]) if EXCLUDE in data else []
        count = math.prod(map(len, groups))
        if count > MOST:
            message = f"the matrix gives {count:,} combinations; allowed: at most {MOST:,}"
            self.complain(("matrix",), message, at_key=True)
        if self.complaints:
            return []
        found = [_combination(parts) for parts in product(*groups)]
        kept = _without(found, excluded)
        if not kept:
            self.complain(("matrix", EXCLUDE), "no combination is left", at_key=True)
        return kept

    def group(self, key: Any, value: Any) -> Group:
        """Read one entry: an axis, or several that go together."""
        if key != ZIP:
            rows: Group = [(choice,) for choice in self.axis(("matrix", key), key, value)]
            self.unlike(("matrix", key), rows)
            return rows
        if not isinstance(value, dict) or not value:
            form = "expected a mapping such as {units: [4, 8], seed: [1, 2]}"
            self.complain(("matrix", ZIP), f"{form}, found {brief(value)}")
            return []
        columns = [self.axis(("matrix", ZIP, name), name, part) for name, part in value.items()]
        lengths = {name: len(column) for name, column in zip(value, columns, strict=True)}
        if len(set(lengths.values())) > 1 and all(columns):
            found = listed(f"{name} {length}" for name, length in lengths.items())
            message = f"'zip' goes through lists of one length; their lengths: {found}"
            self.complain(("matrix", ZIP), message, at_key=True)
            return []
        rows = list(zip(*columns, strict=False))
        self.unlike(("matrix", ZIP, next(iter(value))), rows)
        return rows

    def axis(self, path: Path, name: Any, values: Any) -> list[Choice]:
        """Read the values of one name."""
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            message = f"{brief(name)} is not a name; allowed: letters, digits, and _ . -"
            self.complain(path, message, at_key=True)
            return []
        if name in self.axes:
            self.complain(path, f"{brief(name)} has its values already", at_key=True)
            return []
        if not isinstance(values, list) or not values:
            self.complain(path, f"expected a list of values, found {brief(values)}")
            return []
        self.axes[name] = [Choice(name, v, _text(v, i)) for i, v in enumerate(values)]
        for index, value in enumerate(values):
            if "${" in written(value):
                self.complain((*path, index), "a value of 'matrix' may not hold a variable itself")
        return self.axes[name]

    def unlike(self, path: Path, rows: Sequence[tuple[Choice, ...]]) -> None:
        """Refuse what would give two scenarios one id."""
        seen: set[tuple[str, ...]] = set()
        for index, row in enumerate(rows):
            texts = tuple(choice.text for choice in row)
            if texts in seen:
                message = f"{listed(texts)} stands twice; two scenarios would have one id"
                self.complain((*path, index), message)
            seen.add(texts)

    def excluded(self, written_: Any) -> list[dict[str, Any]]:
        """Read `exclude`, whose entries must each be able to leave something out."""
        path: Path = ("matrix", EXCLUDE)
        if not isinstance(written_, list) or not all(isinstance(p, dict) and p for p in written_):
            form = "expected a list of mappings such as [{units: 8}]"
            found = brief(written_) if not isinstance(written_, list) else "something else in it"
            self.complain(path, f"{form}, found {found}")
            return []
        for index, part in enumerate(written_):
            for name, value in part.items():
                self.could_exclude((*path, index, name), name, value)
        return written_

    def could_exclude(self, path: Path, name: Any, value: Any) -> None:
        if name not in self.axes:
            message = f"the matrix has no {brief(name)}; allowed: {listed(self.axes)}"
            self.complain(path, message + nearest(name, self.axes), at_key=True)
        elif _key(value) not in {_key(choice.value) for choice in self.axes[name]}:
            known = listed(choice.text for choice in self.axes[name])
            self.complain(path, f"{name} is never {brief(value)}; its values: {known}")


def _text(value: Any, index: int) -> str:
    """Write a value for an id; one that is long, or no line of text, becomes its number."""
    text = written(value)
    return text if len(text) <= _LONGEST and text.isprintable() and text else f"#{index + 1}"


def _combination(parts: tuple[tuple[Choice, ...], ...]) -> Combination:
    choices = [choice for part in parts for choice in part]
    suffix = ",".join(f"{choice.name}={choice.text}" for choice in choices)
    return Combination({choice.name: choice.value for choice in choices}, f"[{suffix}]")


def _without(found: list[Combination], excluded: list[dict[str, Any]]) -> list[Combination]:
    """Leave out what an entry of `exclude` names; one look-up for each set of names."""
    wanted: dict[tuple[str, ...], set[tuple[Any, ...]]] = {}
    for part in excluded:
        wanted.setdefault(tuple(sorted(part)), set()).add(_keys(part, sorted(part)))
    return [
        combination
        for combination in found
        if not any(_keys(combination.values, names) in keys for names, keys in wanted.items())
    ]


def _keys(values: Mapping[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(_key(values[name]) for name in names)


def _key(value: Any) -> tuple[str, Any]:
    """Return what is equal for equal values of YAML: 4 and 4.0 are, 1 and true are not."""
    if isinstance(value, (list, dict)):
        return "several", written(value)
    return ("bool" if isinstance(value, bool) else "plain"), value


def names_given(data: Any) -> Iterator[str]:
    """Yield every name that a `matrix` gives values to, however wrong they are."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key == ZIP:
            yield from map(str, value) if isinstance(value, dict) else ()
        elif key != EXCLUDE:
            yield str(key)
