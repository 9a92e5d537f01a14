"""Takes the wrong parts out of a scenario, so that the rest can be checked all the same.

A user who made three mistakes is told of three, not of one at a time.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from lstm_state_probe.scenario.complaints import path_in
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.base import ENGINES, LABEL
from lstm_state_probe.scenario.written.spec import Scenario

_OPTIONAL = ("dtype_policy", "outputs", "compile", "weights", "arguments")
_ROUNDS = 4
_UNKNOWN_KEY = "extra_forbidden"
_ABOUT = ("label", "expect", "raises", "allow_partial_batch")


@dataclass(frozen=True)
class Salvaged:
    """What is left of a scenario; `unknown` names the parts that only stand in for wrong ones."""

    scenario: Scenario
    unknown: frozenset[str]
    labels: tuple[str, ...]


def salvage(data: Mapping[str, Any], problems: Sequence[Mapping[str, Any]]) -> Salvaged | None:
    """Return what is left without the parts that have problems; None if nothing is.

    What is taken out may leave a hole that is a problem of its own, hence the rounds.
    """
    remains = _Remains(copy.deepcopy(dict(data)))
    for _ in range(_ROUNDS):
        remains.without(problems)
        try:
            scenario = Scenario.model_validate(remains.data)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        else:
            return Salvaged(scenario, frozenset(remains.unknown), tuple(remains.labels))
    return None


@dataclass
class _Remains:
    data: dict[Any, Any]
    unknown: set[str] = field(default_factory=set)
    labels: list[str] = field(default_factory=list)
    operations: dict[Path, set[str]] = field(default_factory=dict)

    def without(self, problems: Sequence[Mapping[str, Any]]) -> None:
        """Take out what has a problem, unknown keys first, and let something stand for it."""
        found = [(path_in(self.data, problem["loc"]), problem["type"]) for problem in problems]
        for path, kind in found:
            if kind == _UNKNOWN_KEY:
                _get(self.data, path[:-1]).pop(path[-1], None)
        for path, kind in found:
            if kind != _UNKNOWN_KEY:
                self.take_out(path)
        self.replace_operations()
        self.fill_in()

    def take_out(self, path: Path) -> None:
        """Remove the smallest part that a scenario can do without."""
        if path[:1] == ("model",):
            self.model(path)
        elif path[:1] == ("data",) and len(path) > 1:
            self.data["data"][path[1]] = {"file": "?"}
        elif path[:1] == ("operations",) and len(path) > 1:
            operation = _operation(path)
            if self.condition(operation, path[len(operation) :]):
                return
            self.operations.setdefault(operation, set()).update(
                map(str, path[len(operation) :][:1])
            )
        elif path:
            self.unknown.add(str(path[0]))
            self.data.pop(path[0], None)
        else:
            self.data = {key: value for key, value in self.data.items() if isinstance(key, str)}

    def condition(self, operation: Path, below: Path) -> bool:
        """Let a condition that always holds stand for a wrong one; tell whether it was one."""
        own = 3 if len(below) > 1 and below[1] in ENGINES else 2
        if below[:1] != ("expect",) or len(below) < own:
            return False
        _get(self.data, (*operation, *below[: own - 1]))[below[own - 1]] = "finite"
        return True

    def model(self, path: Path) -> None:
        if len(path) > 1 and path[1] in _OPTIONAL:
            self.data["model"].pop(path[1], None)
            if path[1] == "compile":
                self.data["model"]["compile"] = {}
        else:
            self.unknown.add("model")

    def replace_operations(self) -> None:
        """Put another operation in the place of a wrong one, the innermost first."""
        for path in sorted(self.operations, key=len, reverse=True):
            parent, wrong = _get(self.data, path[:-1]), self.operations[path]
            written = parent[path[-1]]
            stand_in: dict[str, Any] = {"reload": {}}
            if isinstance(written, dict):
                kept = [name for name in _ABOUT if name in written and name not in wrong]
                stand_in.update({name: written[name] for name in kept})
                self.labels += _labels(written.get("repeat"))
            parent[path[-1]] = stand_in
        self.operations = {}

    def fill_in(self) -> None:
        """Let something stand where a scenario cannot do without."""
        if "model" in self.unknown or "model" not in self.data:
            self.unknown.add("model")
            self.data["model"] = {"batch_shape": [None, 1], "layers": ["Dense"], "compile": {}}
        if not self.data.get("operations"):
            self.data["operations"] = [{"reload": {}}]


def _operation(path: Path) -> Path:
    """Return the innermost operation that a path lies in: operations, 0, repeat, operations, 1."""
    end = 2
    while path[end : end + 2] == ("repeat", "operations") and len(path) > end + 2:
        end += 3
    return path[:end]


def _get(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _labels(written: Any) -> Iterator[str]:
    """Yield the labels of operations that are gone, so that a reference to one is no mistake."""
    if isinstance(written, dict):
        label = written.get("label")
        if isinstance(label, str) and re.search(LABEL, label):
            yield label
    parts = written.values() if isinstance(written, dict) else written
    for inner in parts if isinstance(written, (dict, list)) else ():
        if isinstance(inner, (dict, list)):
            yield from _labels(inner)
