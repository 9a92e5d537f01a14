"""A document whose variables are filled in with one set of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lstm_state_probe.errors import Complaint, brief
from lstm_state_probe.scenario.text.document import Document, Path
from lstm_state_probe.scenario.text.template import Template
from lstm_state_probe.scenario.text.variables import APART, Variable, parts_of, variables_in
from lstm_state_probe.scenario.text.yaml12 import typed, written


def fill(template: Template, values: Mapping[str, Any]) -> Document:
    """Return the document with the values in their places; what has no value is flawed."""
    return Filling(template, values).document()


@dataclass
class Filling:
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
