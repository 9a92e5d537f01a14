"""From what pydantic found to complaints at a place of the file, in the words of this tool."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from lstm_state_probe.errors import Complaint, brief, listed, nearest
from lstm_state_probe.scenario.text.document import Document, Path
from lstm_state_probe.scenario.written.base import AT_KEY, AT_VALUE, LABEL, NAME
from lstm_state_probe.scenario.written.conditions import Condition, Expect
from lstm_state_probe.scenario.written.spec import Scenario

_EXPECTED = {
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "list_type": "a list",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "string_too_short": "a text that is not empty",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
    "too_short": ("min_length", "at least"),
    "too_long": ("max_length", "at most"),
}


def complaint_about(document: Document, problem: Mapping[str, Any]) -> Complaint:
    """Put one of pydantic's findings at its place in the file."""
    loc, kind = problem["loc"], problem["type"]
    path = path_in(document.data, loc)
    if kind == "extra_forbidden":
        key, allowed = loc[-1], allowed_keys(loc)
        message = f"unknown key {brief(key)}; allowed: {listed(allowed)}{nearest(key, allowed)}"
        return document.complaint(path, message, at_key=True)
    if kind == "missing":
        message = f"{dotted(path)} needs {brief(loc[-1])}"
        return document.complaint(path, message, at_key=True)
    if kind == "invalid_key" or loc[-1] == "[key]":
        message = _wrong_key(kind, problem)
        return document.complaint((*path, problem["input"]), message, at_key=True)
    return document.complaint(path, _message(kind, problem), at_key=kind == AT_KEY)


def _wrong_key(kind: str, problem: Mapping[str, Any]) -> str:
    found = brief(problem["input"])
    if kind == "string_pattern_mismatch":
        return f"{found} is not a name; allowed: letters, digits, and _ . - after the first letter"
    if kind in ("int_type", "int_parsing"):
        return f"expected a whole number as the key, found {found}"
    return f"a key must be a name, found {found}"


def _message(kind: str, problem: Mapping[str, Any]) -> str:
    """Say what was found, and what is allowed."""
    value, context = problem["input"], problem.get("ctx", {})
    found = brief(value)
    if kind in (AT_VALUE, AT_KEY):
        return str(problem["msg"])
    if kind in _EXPECTED:
        quotes = kind == "string_type" and isinstance(value, (bool, int, float))
        return f"expected {_EXPECTED[kind]}, found {found}{'; put quotes around it' * quotes}"
    if kind in ("too_short", "too_long"):
        entry, least = _BOUNDS[kind]
        count, have = context[entry], context.get("actual_length")
        noun = "entry" if count == 1 else "entries"
        return f"expected {least} {count} {noun}, found {'none' if have == 0 else have}"
    if kind in _BOUNDS:
        entry, least = _BOUNDS[kind]
        return f"expected {least} {brief(context[entry])}, found {found}"
    if kind == "literal_error":
        allowed = [
            word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")
        ]
        return f"found {found}; allowed: {', '.join(allowed)}{nearest(value, allowed)}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context.get("pattern"), "it must not be blank") + f", found {found}"
    return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}, found {found}"


_PATTERNS = {
    LABEL: "a label is a text in one line without a colon",
    NAME: "expected a name of letters, digits, and _ . - after the first letter",
}


def path_in(data: Any, loc: Sequence[int | str]) -> Path:
    """Follow a location as far as the document has it; skip pydantic's own marks."""
    path: Path = ()
    for part in loc:
        there = part in data if isinstance(data, dict) else isinstance(data, list)
        if there and (isinstance(data, dict) or (isinstance(part, int) and part < len(data))):
            path, data = (*path, part), data[part]
    return path


def dotted(path: Path) -> str:
    """Write a path as programmers do: operations[0].fit."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part:.40}" for part in path)
    return text.removeprefix(".") or "a scenario"


def allowed_keys(loc: Sequence[int | str]) -> list[str]:
    """List the keys that are allowed where an unknown one was found."""
    annotation: Any = Scenario
    for part in loc[:-1]:
        annotation = _below(annotation, part)
    return list(getattr(annotation, "model_fields", {}))


def _below(annotation: Any, part: int | str) -> Any:
    """Return the type of an entry of a model, a mapping or a list."""
    fields = getattr(annotation, "model_fields", None)
    if fields is not None:
        if part in fields:
            return _plain(fields[str(part)].annotation)
        return Condition if annotation is Expect else None
    arguments = get_args(annotation)
    return _plain(arguments[-1]) if arguments else None


def _plain(annotation: Any) -> Any:
    """Strip `Annotated` and `| None` from a type."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _plain(next(arg for arg in get_args(annotation) if arg is not type(None)))
    return annotation
