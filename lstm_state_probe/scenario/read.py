"""From the text of a file to checked scenarios; every complaint of the file at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from lstm_state_probe.errors import Complaint, ScenarioError, nearest
from lstm_state_probe.scenario.base import ENGINES, LABEL, NAME
from lstm_state_probe.scenario.check import Checker
from lstm_state_probe.scenario.conditions import ENTRIES
from lstm_state_probe.scenario.document import Document, Path, Position, read_documents
from lstm_state_probe.scenario.spec import Scenario


@dataclass(frozen=True)
class ScenarioFile:
    """One scenario, where it stands, and the document that knows its positions."""

    id: str
    name: str
    path: FilePath
    spec: Scenario
    document: Document
    engine: str

    def position(self, path: Path) -> Position:
        """Return the line and column of a place, counted from 1."""
        complaint = self.document.complaint(path, "", at_key=path in self.document.keys)
        return complaint.line, complaint.column

    def error(self, path: Path, message: str) -> ScenarioError:
        """Make an error that points at a place of the file."""
        at_key = path in self.document.keys
        return ScenarioError([self.document.complaint(path, message, at_key=at_key)])


def read_scenarios(
    path: FilePath, *, shown: str | None = None, engine: str | None = None
) -> list[ScenarioFile]:
    """Read every scenario of a file; `engine` overrides what the file says.

    Raises:
        ScenarioError: with every complaint of the file.
    """
    file = shown or str(path)
    documents = read_documents(_text(path, file), file=file)
    complaints: list[Complaint] = []
    found: list[ScenarioFile] = []
    for index, document in enumerate(documents):
        scenario, wrong = _parse(document, engine)
        complaints += wrong
        if scenario is None:
            continue
        name = scenario.name or (path.stem if index == 0 else f"{path.stem} {index + 1}")
        if any(other.name == name for other in found):
            complaints.append(document.complaint(("name",), f"two scenarios are named {name!r}"))
        used = engine or scenario.engine
        found.append(ScenarioFile(f"{file}::{name}", name, path, scenario, document, used))
    if complaints:
        raise ScenarioError(complaints)
    return found


def _text(path: FilePath, file: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ScenarioError([Complaint(file, 1, 1, f"the file cannot be read: {reason}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"the file is not UTF-8: byte 0x{error.object[error.start]:02x}"
        raise ScenarioError([Complaint(file, line, 1, message)]) from error


def _parse(document: Document, engine: str | None) -> tuple[Scenario | None, list[Complaint]]:
    if not isinstance(document.data, dict):
        found = "nothing" if document.data is None else f"a {_kind(document.data)}"
        return None, [document.complaint((), f"a scenario is a mapping, found {found}")]
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        problems = error.errors()
        found = list(dict.fromkeys(_complaint(document, problem) for problem in problems))
        return None, found + _check_the_rest(document, [p["loc"] for p in problems], engine)
    return scenario, Checker(document, scenario, engine or scenario.engine).run()


def _check_the_rest(
    document: Document, wrong: list[tuple[int | str, ...]], engine: str | None
) -> list[Complaint]:
    """Check what is left when the wrong parts are taken out, so that all complaints come at once."""
    data = dict(document.data)
    labels: dict[str, int] = {}
    for loc in wrong:
        if loc[0] == "operations" and len(loc) > 1 and isinstance(data.get("operations"), list):
            removed = data["operations"][int(loc[1])]
            labels.update({removed["label"]: 1} if _has_label(removed) else {})
            stand_in: dict[str, Any] = {"reload": {}}
            data["operations"] = [
                stand_in if k == loc[1] else entry for k, entry in enumerate(data["operations"])
            ]
        elif loc[0] == "data" and len(loc) > 1 and isinstance(data.get("data"), dict):
            data["data"] = {**data["data"], str(loc[1]): {"file": "?"}}
        else:
            data.pop(loc[0], None)
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError:
        return []
    checker = Checker(document, scenario, engine or scenario.engine, labels=labels)
    return [complaint for complaint in checker.run()]


def _has_label(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("label"), str)


def _complaint(document: Document, problem: Any) -> Complaint:
    """Put one of pydantic's findings at its place in the file, in the words of this tool."""
    path = _path_in(document.data, problem["loc"])
    kind, context = problem["type"], problem.get("ctx", {})
    value = _brief(problem.get("input"))
    match kind:
        case "extra_forbidden":
            key = str(problem["loc"][-1])
            allowed = _siblings(problem["loc"])
            listed = f"; allowed: {', '.join(allowed)}" if allowed else ""
            message = f"unknown key {key!r}{listed}{nearest(key, allowed)}"
            return document.complaint(path, message, at_key=True)
        case "missing":
            parent = ".".join(map(str, path)) or "the scenario"
            message = f"{parent} needs {str(problem['loc'][-1])!r}"
            return document.complaint(path, message, at_key=True)
        case "literal_error":
            message = f"found {value}, allowed: {context['expected']}"
            names = [name.strip("' ") for name in context["expected"].replace(" or ", ",").split(",")]
            return document.complaint(path, message + nearest(str(problem["input"]), names))
        case "scenario":
            return document.complaint(path, problem["msg"])
        case "string_pattern_mismatch" if context.get("pattern") == NAME:
            message = f"{value} is not a name; allowed: letters, digits, and _ . - after the first"
            return document.complaint(path, message, at_key=path in document.keys)
        case "string_pattern_mismatch" if context.get("pattern") == LABEL:
            return document.complaint(path, f"a label is a text without a colon, found {value}")
        case "invalid_key":
            return document.complaint(path, f"a key must be a name, found {value}", at_key=True)
        case _:
            return document.complaint(path, f"{_lower(problem['msg'])}, found {value}")


def _path_in(data: Any, loc: tuple[int | str, ...]) -> Path:
    """Follow a location as far as the document has it; skip pydantic's own marks."""
    path: Path = ()
    for part in loc:
        if isinstance(data, dict) and part in data:
            path, data = (*path, part), data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path, data = (*path, part), data[part]
    return path


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    """List the keys that are allowed where an unknown one was found."""
    model: Any = Scenario
    for part in loc[:-1]:
        if not hasattr(model, "model_fields") or not isinstance(part, str):
            continue
        field = model.model_fields.get(part)
        model = _model_of(field.annotation) if field is not None else model
    return list(getattr(model, "model_fields", {}))


def _model_of(annotation: Any) -> Any:
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_of(inner)
        if found is not None:
            return found
    origin = getattr(annotation, "__origin__", None)
    return _model_of(origin) if origin is not None and hasattr(origin, "model_fields") else None


def _brief(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return f"a {_kind(value)}"
    return "nothing" if value is None else f"{value!r:.60}"


def _kind(value: Any) -> str:
    return {dict: "mapping", list: "list", str: "string"}.get(type(value), type(value).__name__)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


__all__ = ["ENGINES", "ENTRIES", "ScenarioFile", "read_scenarios"]
