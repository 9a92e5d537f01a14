"""The files that a scenario reads beside its own text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lstm_state_probe.scenario.read import ScenarioFile

Members = dict[str, Path]
"""The files behind one written name, by their path below the folder that the name stands in."""


def named_files(scenario: ScenarioFile) -> dict[str, Members]:
    """Map each name that a scenario writes to the files behind it; one that is missing has none.

    Where a scenario runs code, the Python files in its folder count too: its code may import
    them. What code opens or imports elsewhere cannot be seen.
    """
    names = dict.fromkeys(_written(scenario))
    if scenario.spec.runs_code:
        names.update(dict.fromkeys(p.name for p in sorted(scenario.path.parent.glob("*.py"))))
    return {name: members(scenario.beside(name)) for name in names}


def _written(scenario: ScenarioFile) -> Iterator[str]:
    spec = scenario.spec
    yield from (data.file for data in spec.data.values() if data.file is not None)
    yield from (name for name in (spec.model.load, spec.model.weights) if name is not None)
    yield from spec.custom_objects or ()
    place = (spec.model.factory or "").rpartition(":")[0]
    if place.endswith(".py"):
        yield place


def members(path: Path) -> Members:
    """List a file, a folder's files, or the files of a checkpoint, which share a beginning."""
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file()]
    elif path.is_file():
        found = [path]
    else:
        found = sorted(path.parent.glob(f"{path.name}.*")) if path.parent.is_dir() else []
    return {file.relative_to(path.parent).as_posix(): file for file in found}
