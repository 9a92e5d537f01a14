"""From paths to what is checked: scenarios, and saved models as scenarios that load them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from lstm_state_probe.errors import Complaint, ScenarioError, UsageError, readable
from lstm_state_probe.scenario.read import ScenarioFile, scenarios_in
from lstm_state_probe.scenario.text.writing import as_text

MODELS = (".keras", ".h5", ".hdf5", ".json")


def is_model(path: Path) -> bool:
    """Tell a saved model by its suffix, or a folder by what is in it."""
    with readable(path):
        return path.suffix in MODELS or (path / "saved_model.pb").is_file()


def models(
    paths: Iterable[Path],
    engines: Sequence[str],
    custom_objects: Sequence[str],
    weights: str | None = None,
) -> tuple[list[ScenarioFile], list[Complaint]]:
    """Write a scenario for each saved model; each on every engine that is asked for.

    Raises:
        UsageError: if a file does not exist.
    """
    found: list[ScenarioFile] = []
    complaints: dict[Complaint, None] = {}
    for path in paths:
        with readable(path):
            if not path.exists():
                raise UsageError(f"no such file or folder: {str(path)!r}")
        for engine in engines or (None,):
            try:
                found += _written(path, engine, custom_objects, weights)
            except ScenarioError as error:
                complaints.update(dict.fromkeys(error.complaints))
    return found, list(complaints)


def _written(
    path: Path, engine: str | None, custom_objects: Sequence[str], weights: str | None
) -> list[ScenarioFile]:
    beside = [_beside(file, path) for file in custom_objects]
    written = {
        "name": path.name,
        **({"custom_objects": beside} if beside else {}),
        "model": {
            "load": path.name,
            **({"weights": _beside(weights, path)} if weights is not None else {}),
        },
        "operations": ["reset_states"],
    }
    place = path.with_name(f"{path.stem}.yaml")
    return scenarios_in(as_text(written), place, shown=str(path), engine=engine)


def _beside(file: str, model: Path) -> str:
    return Path(os.path.relpath(file, model.parent)).as_posix()
