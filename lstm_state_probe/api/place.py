"""Where in the user's own code an operation stands."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

_INNER = ("lstm_state_probe", "keras", "tf_keras", "tensorflow", "contextlib")
_GENERATED = "__autograph_generated_file"


@dataclass(frozen=True)
class Place:
    """A file, as it is named from the working folder, and a line counted from 1."""

    file: str
    line: int

    @classmethod
    def of_caller(cls) -> Place:
        """Find the nearest frame that is neither ours nor that of a Keras."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and _is_inner(frame):
            frame = frame.f_back
        if frame is None:
            return cls("<unknown>", 0)
        return cls(from_here(frame.f_code.co_filename), frame.f_lineno)


def _is_inner(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in _INNER or _GENERATED in frame.f_code.co_filename


def from_here(file: str | Path) -> str:
    """Name a file from the working folder, if it is below it."""
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
