"""The tree of errors that a user can cause, each with its exit code.

    ProbeError
    ├── UsageError         2  the command is wrong, or nothing was selected
    ├── ScenarioError      2  a scenario is wrong; carries every complaint of its file
    ├── EngineMissing      2  the engine that was asked for is not installed
    └── CouldNotRun        3  Keras raised while a scenario was carried out

Whatever is not a `ProbeError` is a fault of the probe itself and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class ProbeError(Exception):
    """An error that a user can cause and mend."""

    exit_code = 2


class UsageError(ProbeError):
    """The command line asks for something that does not exist."""


class EngineMissing(ProbeError):
    """The engine is not installed; the message names the command that installs it."""


class CouldNotRun(ProbeError):
    """Keras raised where nothing was expected to fail."""

    exit_code = 3


@dataclass(frozen=True)
class Complaint:
    """One thing wrong at one place of a scenario file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    message: str
    source: str = ""

    def __str__(self) -> str:
        """Render as a compiler does: the place, the message, the source line, a caret."""
        head = f"{self.file}:{self.line}:{self.column}: error: {self.message}"
        if not self.source.strip():
            return head
        text, caret = _window(self.source.rstrip("\n"), self.column)
        return f"{head}\n  {text}\n  {' ' * caret}^"


def _window(source: str, column: int, *, width: int = 96) -> tuple[str, int]:
    """Cut a long source line to the part around the column; return it and the caret's offset."""
    start = max(0, column - 1 - width // 2) if len(source) > width else 0
    text = "".join(char if char.isprintable() else " " for char in source[start : start + width])
    marked = ("…" if start else "") + text + ("…" if start + width < len(source) else "")
    return marked, min(column - 1 - start, len(text)) + bool(start)


class ScenarioError(ProbeError):
    """Everything that is wrong in one scenario file."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda c: (c.file, c.line, c.column)))
        super().__init__("\n".join(map(str, self.complaints)))


def nearest(found: str, allowed: Iterable[str]) -> str:
    """Return ' (did you mean …?)' for the closest allowed name, or nothing."""
    close = get_close_matches(str(found), list(allowed), n=1, cutoff=0.6)
    if not close:
        lower = {name.lower(): name for name in allowed}
        match = get_close_matches(str(found).lower(), list(lower), n=1, cutoff=0.6)
        close = [lower[match[0]]] if match else []
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(allowed: Iterable[str]) -> str:
    """List what is allowed: 'allowed: a, b, c'."""
    return "allowed: " + ", ".join(sorted(map(str, allowed)))
