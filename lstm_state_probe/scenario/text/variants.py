"""From one document to the scenarios that it stands for: its variables, and its matrix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lstm_state_probe.errors import Complaint, brief
from lstm_state_probe.scenario.text.document import Document
from lstm_state_probe.scenario.text.filling import fill
from lstm_state_probe.scenario.text.matrix import Combination, MatrixReader, names_given
from lstm_state_probe.scenario.text.template import Template
from lstm_state_probe.scenario.text.variables import APART, VARIABLE, size
from lstm_state_probe.scenario.text.yaml12 import written

PLAIN = Combination({}, "")


@dataclass(frozen=True)
class Variant:
    """A document whose variables have their values, and what is added to the scenario's name."""

    document: Document
    suffix: str = ""


def expand(document: Document, given: Mapping[str, Any]) -> tuple[list[Variant], list[Complaint]]:
    """Return the scenarios of a document, and what is wrong with its variables and its matrix.

    Where a value could not be read its places count as flawed, so that the rest is checked all
    the same. `given` are the values of the command line; they count more than those of the file.
    """
    if not isinstance(document.data, dict):
        return [Variant(document)], []
    template = Template.of(document)
    if not template.uses and not template.touched and not any(k in document.data for k in APART):
        return [Variant(document)], []
    defaults, complaints = _defaults(document)
    in_matrix = set(names_given(document.data.get("matrix")))
    complaints += _clashes(document, defaults, given, in_matrix)
    combinations = [PLAIN]
    if "matrix" in document.data:
        reader = MatrixReader(document)
        combinations = reader.combinations() or [PLAIN]
        complaints += reader.complaints
    values = defaults | dict(given)
    complaints += template.complaints({**values, **dict.fromkeys(in_matrix)})
    too_much = template.too_much(_sizes(values, combinations))
    if too_much:
        return [], [*complaints, too_much]
    return [_variant(template, values, part) for part in combinations], complaints


def _sizes(values: Mapping[str, Any], combinations: list[Combination]) -> dict[str, int]:
    """Return how large each variable may be; lists of a matrix are shared, and counted once."""
    sizes = {name: size(value) for name, value in values.items()}
    seen: set[int] = set()
    for name, value in (pair for part in combinations for pair in part.values.items()):
        if id(value) not in seen or name not in sizes:
            seen.add(id(value))
            sizes[name] = max(sizes.get(name, 1), size(value))
    return sizes


def _variant(template: Template, values: dict[str, Any], part: Combination) -> Variant:
    filled = fill(template, values | part.values)
    data = {key: value for key, value in filled.data.items() if key not in APART}
    names = template.document.variables
    known = {k: v for k, v in (values | part.values).items() if k in names or k in part.values}
    return Variant(replace(filled, data={**data, "vars": known}), part.suffix)


def _defaults(document: Document) -> tuple[dict[str, Any], list[Complaint]]:
    """Read `vars`: a value for each name, which may hold no variable itself."""
    found = document.data.get("vars", {})
    if not isinstance(found, dict):
        message = f"expected a mapping such as {{units: 4}}, found {brief(found)}"
        return {}, [document.complaint(("vars",), message)]
    complaints = []
    for name, value in found.items():
        if not re.fullmatch(VARIABLE, str(name)):
            message = f"{brief(name)} is not a name; allowed: letters, digits, and _ . -"
            complaints.append(document.complaint(("vars", name), message, at_key=True))
        elif "${" in written(value):
            message = "a value of 'vars' may not hold a variable itself"
            complaints.append(document.complaint(("vars", name), message))
    return {name: value for name, value in found.items() if isinstance(name, str)}, complaints


def _clashes(
    document: Document, defaults: Mapping[str, Any], given: Mapping[str, Any], names: set[str]
) -> list[Complaint]:
    """Refuse a name with two values at once."""
    complaints = [
        document.complaint(("vars", name), f"'matrix' gives {brief(name)} too", at_key=True)
        for name in defaults
        if name in names
    ]
    for name in (name for name in given if name in names):
        message = f"'matrix' gives {brief(name)} its values, and so does --var; choose with -k"
        path = ("matrix", "zip", name) if name not in document.data["matrix"] else ("matrix", name)
        complaints.append(document.complaint(path, message, at_key=True))
    return complaints
