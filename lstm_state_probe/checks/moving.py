"""A subject as it is written in a file of another folder: relative paths are rewritten."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lstm_state_probe.checks.subject import Subject

_FILES = ("load", "weights")


def moved(subject: Subject, folder: Path) -> Subject:
    """Return the subject for scenarios that stand in a folder; what they name is found there."""
    there = subject.file.path.parent
    if folder.resolve() == there.resolve():
        return subject

    def path(written: str) -> str:
        return Path(os.path.relpath((there / written).resolve(), folder.resolve())).as_posix()

    def model(written: Mapping[str, Any]) -> dict[str, Any]:
        found = {key: path(value) if key in _FILES else value for key, value in written.items()}
        file, _, function = str(written.get("factory", "")).rpartition(":")
        return {**found, "factory": f"{path(file)}:{function}"} if file.endswith(".py") else found

    def entry(written: Any) -> Any:
        named = isinstance(written, Mapping) and "file" in written
        return {**written, "file": path(written["file"])} if named else written

    beside = {
        key: [path(name) for name in value] if key == "custom_objects" else value
        for key, value in subject.beside.items()
    }
    return replace(
        subject,
        file=replace(subject.file, path=folder / subject.file.path.name),
        model=model(subject.model),
        free=model(subject.free) if subject.free is not None else None,
        data={name: entry(value) for name, value in subject.data.items()},
        beside=beside,
    )
