"""The project that a command runs in: the nearest `pyproject.toml`, and its table."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import Complaint, ScenarioError
from lstm_state_probe.whole import read_regular

FILE = "pyproject.toml"
TABLE = "lstm-state-probe"


class ProjectError(ScenarioError):
    """The table of the probe in `pyproject.toml` is wrong."""


@dataclass(frozen=True)
class Project:
    """The folder that paths and the cache are relative to, and the table `[tool.lstm-state-probe]`.

    `text` is the whole file, for complaints; it is empty where there is no file.
    """

    root: Path
    table: Mapping[str, Any] = field(default_factory=dict)
    shown: str = FILE
    text: str = ""

    def complaint(self, key: str, message: str) -> Complaint:
        """Place a message at a key of the table."""
        lines = self.text.splitlines()
        place = next(_places(lines, key), (1, 1))
        return Complaint(self.shown, *place, message, lines[place[0] - 1] if lines else "")


def find_project(folder: Path) -> Project:
    """Find the nearest `pyproject.toml` with a table of the probe, else the nearest without one.

    Where there is none, the folder itself is the project.

    Raises:
        ProjectError: if a file on the way is not valid TOML, or the table is none.
    """
    without: Project | None = None
    for parent in (folder, *folder.parents):
        if (parent / FILE).is_file():
            project = _read(parent / FILE, folder)
            if project.table:
                return project
            without = without or project
    return without or Project(folder)


def _read(path: Path, folder: Path) -> Project:
    """Read one file; it is shown relative to the folder where it lies below or above it."""
    up = len(folder.parts) - len(path.parent.parts)
    shown = "../" * up + FILE
    text = ""
    try:
        text = read_regular(path).decode("utf-8").replace("\r\n", "\n")
        data = _loads(text)
    except (OSError, ValueError) as error:
        raise ProjectError([_unreadable(error, shown, text)]) from error
    tools = data.get("tool", {})
    table = tools.get(TABLE, {}) if isinstance(tools, dict) else {}
    if not isinstance(table, dict):
        project = Project(path.parent, {}, shown, text)
        message = f"expected a table [tool.{TABLE}]"
        raise ProjectError([project.complaint(TABLE, message)])
    return Project(path.parent, table, shown, text)


def _unreadable(error: Exception, shown: str, text: str) -> Complaint:
    """Say why a file cannot be read, at the place that the parser of TOML names in its words."""
    message = str(error.strerror if isinstance(error, OSError) else error)
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is None:
        return Complaint(shown, 1, 1, f"cannot be read: {message}")
    line, column = int(place[1]), int(place[2])
    words, source = message[: place.start()], text.split("\n")[line - 1]
    return Complaint(shown, line, column, f"not valid TOML: {words}", source)


def _loads(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _places(lines: list[str], key: str) -> Iterator[tuple[int, int]]:
    """Yield where a key of the table stands, then where the table does; TOML keeps no positions."""
    header = re.compile(rf"""\s*\[\s*["']?tool["']?\s*\.\s*["']?{re.escape(TABLE)}["']?""")
    start = next((n for n, line in enumerate(lines) if header.match(line)), None)
    wanted = re.compile(rf"""\s*(\[.*\.)?\s*["']?{re.escape(key)}["']?\s*[]=.]""")
    for number in range(start or 0, len(lines)):
        match = wanted.match(lines[number])
        if match:
            yield number + 1, lines[number].index(key) + 1
    if start is not None:
        yield start + 1, 1
