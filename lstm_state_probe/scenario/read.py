"""From the text of a file to checked scenarios; every complaint of the file at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from lstm_state_probe.errors import Complaint, ScenarioError, brief
from lstm_state_probe.scenario.complaints import complaint_about, path_in
from lstm_state_probe.scenario.fits.check import Checker
from lstm_state_probe.scenario.salvage import salvage
from lstm_state_probe.scenario.saved.written_by import detect_engine
from lstm_state_probe.scenario.text.bounds import split_lines
from lstm_state_probe.scenario.text.document import Document, Path, parse_documents
from lstm_state_probe.scenario.text.variants import expand
from lstm_state_probe.scenario.written.base import ENGINES
from lstm_state_probe.scenario.written.conditions import ENTRIES
from lstm_state_probe.scenario.written.spec import Scenario

STDIN = "-"
"""The path that stands for standard input."""


@cache
def _stdin() -> bytes:
    """Read standard input, once: each engine reads the same scenario."""
    return sys.stdin.buffer.read()


@dataclass(frozen=True)
class ScenarioFile:
    """One scenario, where it stands, and the document that knows its positions."""

    id: str
    name: str
    path: FilePath
    spec: Scenario
    document: Document
    engine: str
    places: Mapping[str, FilePath] = field(default_factory=dict)

    def beside(self, written: str) -> FilePath:
        """Return where a file is that the scenario names, relative to its own or absolute.

        `places` tells it of files that were moved, with the scenario, to another machine.
        """
        return self.places.get(written, self.path.parent / written)

    def error(self, path: Path, message: str) -> ScenarioError:
        """Make an error that points at a place of the file."""
        at_key = path in self.document.keys
        return ScenarioError([self.document.complaint(path, message, at_key=at_key)])


def read_scenarios(
    path: FilePath,
    *,
    shown: str | None = None,
    engine: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[ScenarioFile]:
    """Read every scenario of a file, each combination of a matrix as one.

    `engine` and `variables` override what the file says.

    Raises:
        ScenarioError: with every complaint of the file.
    """
    file = shown or str(path)
    text = _text(path, file)
    return scenarios_in(text, path, shown=file, engine=engine, variables=variables)


def scenarios_in(
    text: str,
    path: FilePath,
    *,
    shown: str,
    engine: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> list[ScenarioFile]:
    """Read every scenario of a text that stands, or could stand, in the file `path`.

    Raises:
        ScenarioError: with every complaint of the text.
    """
    file = shown
    documents, complaints = parse_documents(text, file=file)
    found: dict[str, ScenarioFile] = {}
    for index, document in enumerate(documents):
        stem = path.stem if index == 0 else f"{path.stem} {index + 1}"
        variants, wrong = expand(document, variables or {})
        complaints += [*document.flaws, *wrong]
        where: dict[Complaint, list[str]] = {}
        for variant in variants:
            scenario, wrong = _parse(variant.document, engine, path.parent)
            name = ((scenario.name if scenario else None) or stem) + variant.suffix
            if name in found:
                message = f"two scenarios are named {brief(name)}"
                wrong = [*wrong, document.complaint(("name",), message)]
            for complaint in dict.fromkeys([*variant.document.flaws, *wrong]):
                where.setdefault(complaint, []).append(variant.suffix)
            if scenario is not None:
                used = engine or engine_for(scenario, path.parent)
                found[name] = ScenarioFile(
                    f"{file}::{name}", name, path, scenario, variant.document, used
                )
        complaints += [_with(c, names, of=len(variants)) for c, names in where.items()]
    if complaints:
        raise ScenarioError(list(dict.fromkeys(complaints)))
    return list(found.values())


def _with(complaint: Complaint, suffixes: list[str], *, of: int) -> Complaint:
    """Say which combinations a complaint is about, where its words do not and it is not all."""
    if len(suffixes) == of or "(${" in complaint.message:
        return complaint
    more = f" and {len(suffixes) - 1} more" if len(suffixes) > 1 else ""
    return replace(complaint, message=f"{complaint.message} (with {suffixes[0][1:-1]}{more})")


def _text(path: FilePath, file: str) -> str:
    try:
        content = _stdin() if str(path) == STDIN else path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise ScenarioError([Complaint(file, 1, 1, reason)]) from error
    except UnicodeDecodeError as error:
        raise ScenarioError([_not_utf8(content, error.start, file)]) from error


def _not_utf8(content: bytes, start: int, file: str) -> Complaint:
    """Say which byte is none of UTF-8, and where it stands."""
    before = split_lines(content[:start].decode("utf-8-sig"))
    source = split_lines(content.decode("utf-8-sig", "replace"))[len(before) - 1]
    wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    hint = "; it looks like UTF-16, save it as UTF-8" if wide else ""
    message = f"the file is not UTF-8: byte 0x{content[start]:02x}{hint}"
    return Complaint(file, len(before), len(before[-1]) + 1, message, source)


def engine_for(scenario: Scenario, folder: FilePath) -> str:
    """Return the engine that is written, else the one that wrote the model, else the default."""
    load = scenario.model.load
    if load is None or "engine" in scenario.model_fields_set:
        return scenario.engine
    weights = None if scenario.model.weights is None else folder / scenario.model.weights
    return detect_engine(folder / load, weights) or scenario.engine


def _parse(
    document: Document, engine: str | None, folder: FilePath
) -> tuple[Scenario | None, list[Complaint]]:
    """Return the scenario, None if it is wrong, and what is wrong beyond the YAML."""
    if not isinstance(document.data, dict):
        if document.flaws:
            return None, []
        message = f"a scenario is a mapping, found {brief(document.data)}"
        return None, [document.complaint((), message)]
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        lost = document.flawed
        told = [p for p in problems if not _within(path_in(document.data, p["loc"]), lost)]
        return None, [complaint_about(document, p) for p in told] + _rest(
            document, problems, engine, folder
        )
    used = engine or engine_for(scenario, folder)
    return scenario, Checker(document, scenario, used, folder=folder).run()


def _within(path: Path, lost: set[Path]) -> bool:
    """Tell whether a place lies where the YAML itself was wrong and is complained about."""
    return any(path[:end] in lost for end in range(len(path) + 1))


def _rest(
    document: Document, problems: list[Any], engine: str | None, folder: FilePath
) -> list[Complaint]:
    """Check what is left when the wrong parts are taken out."""
    left = salvage(document.data, problems)
    if left is None:
        return []
    labels = dict.fromkeys(left.labels, 1)
    used = engine or engine_for(left.scenario, folder)
    return Checker(
        document, left.scenario, used, labels=labels, unknown=left.unknown, folder=folder
    ).run()


__all__ = ["ENGINES", "ENTRIES", "ScenarioFile", "read_scenarios", "scenarios_in"]
