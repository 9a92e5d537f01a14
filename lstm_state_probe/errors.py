"""The tree of errors, each with its exit code: those that a user can cause, and our own faults.

    ProbeError
    ├── UsageError         2  the command is wrong, or nothing was selected
    ├── ScenarioError      2  a scenario is wrong; carries every complaint of its file
    ├── ModelError         2  a saved model is missing, broken, unsafe or of another engine
    ├── BaselineError      2  a stored baseline is broken, or of something else
    ├── EngineMissing      2  the engine that was asked for is not installed
    ├── NotAModel          2  of the Python API: no Keras model or layer; also a TypeError
    ├── NoSuchState        2  of the Python API: an address that is not there; also a KeyError
    ├── Mismatch           2  of the Python API: values that do not fit; also a ValueError
    ├── CannotRead         2  of the Python API: a file that cannot be read; also an OSError
    │   └── NoSuchFile     2  one that is not there; also a FileNotFoundError
    ├── CouldNotRun        3  Keras raised while a scenario was carried out
    └── Fault              4  whatever else was raised: a fault of the probe, with its traceback

`caught` makes the last of anything that is no `ProbeError`.
"""

from __future__ import annotations

import math
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from lstm_state_probe.safe import one_line, printable

T = TypeVar("T")
INTERRUPTED = 130
"""The exit code of a process that Ctrl-C ended, as shells have it."""
_SHOWN = 24
_LONG = 60


class ProbeError(Exception):
    """An error that a user can cause and mend; `complaints` where it has places in a file.

    `traceback` is where a fault of the probe came from; no other error has one.
    """

    exit_code = 2
    complaints: tuple[Complaint, ...] = ()
    traceback: str | None = None


class UsageError(ProbeError):
    """The command line asks for something that does not exist."""


class ModelError(ProbeError):
    """A saved model that is not loaded, with the reason."""


class BaselineError(ProbeError):
    """A file of a baseline is broken, belongs to something else, or cannot be written."""


class EngineMissing(ProbeError):
    """The engine is not installed; the message names the command that installs it."""


class NotAModel(ProbeError, TypeError):
    """What was given is no Keras model or layer, or one that cannot be looked into."""


class NoSuchState(ProbeError, KeyError):
    """An address or a selector names what is not there; the message says what is."""

    def __str__(self) -> str:
        """Return the message; a KeyError would quote it."""
        return str(self.args[0]) if self.args else ""


class Mismatch(ProbeError, ValueError):
    """Values do not fit: other layers, shapes or dtypes, or calls of several sizes."""


class CannotRead(ProbeError, OSError):
    """A file cannot be read; the message names it."""


class NoSuchFile(CannotRead, FileNotFoundError):
    """A file is not there; the message names it."""


class CouldNotRun(ProbeError):
    """Keras raised where nothing was expected to fail."""

    exit_code = 3

    def __init__(self, told: ProbeError | str) -> None:
        self.complaints = told.complaints if isinstance(told, ProbeError) else ()
        super().__init__(str(told))


class Fault(ProbeError):
    """The probe itself is at fault, neither the scenario nor Keras."""

    exit_code = 4

    def __init__(self, told: str, traceback: str | None = None) -> None:
        self.traceback = traceback
        super().__init__(told)

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """Say in one line what was raised, and keep where."""
        words = " ".join(f"{type(error).__name__}: {error}".split())
        came_from = "".join(traceback.format_exception(error)).rstrip()
        return cls(f"a fault of the probe itself, please report it: {words}", came_from)


def caught(deed: Callable[[], T], *, but: tuple[type[Exception], ...] = ()) -> T | ProbeError:
    """Do something; return what it made, or the error that ended it: a `Fault` if none foresaw it.

    The boundary round whatever shall not take anything else with it; `but` go through.
    """
    try:
        return deed()
    except but:
        raise
    except ProbeError as error:
        return error
    except Exception as error:  # noqa: BLE001 - the boundary: nobody knows a fault beforehand
        return Fault.of(error)


@dataclass(frozen=True)
class Complaint:
    """One thing wrong at one place of a scenario file; `line` and `column` count from 1.

    `fault` is the traceback where not the file is wrong but the probe.
    """

    file: str
    line: int
    column: int
    message: str
    source: str = ""
    fault: str = ""

    @property
    def exit_code(self) -> int:
        """4 where the probe is at fault, else 2."""
        return Fault.exit_code if self.fault else ProbeError.exit_code

    def __str__(self) -> str:
        """Render as a compiler does: the place, the message, the source line, a caret."""
        place = f"{one_line(self.file)}:{self.line}:{self.column}"
        head = f"{place}: error: {printable(self.message)}"
        if self.fault:
            return f"{head}\n{self.fault}"
        if not self.source.strip():
            return head
        text, caret = _window(self.source.rstrip("\n"), self.column)
        return f"{head}\n  {text}\n  {' ' * caret}^"


def _window(source: str, column: int, *, width: int = 96) -> tuple[str, int]:
    """Cut a long source line to the part around the column; return it and the caret's offset.

    The offset counts the cells of a terminal: a wide character takes two, a combining one none.
    """
    start = max(0, column - 1 - width // 2) if len(source) > width else 0
    shown = [char if char.isprintable() else " " for char in source[start : start + width]]
    before = shown[: max(0, column - 1 - start)]
    text = ("…" if start else "") + "".join(shown) + ("…" if start + width < len(source) else "")
    return text, sum(map(_cells, before)) + bool(start)


def _cells(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


class ScenarioError(ProbeError):
    """Everything that is wrong in one scenario file."""

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        self.complaints = tuple(sorted(complaints, key=lambda c: (c.file, c.line, c.column)))
        super().__init__("\n".join(map(str, self.complaints)))


def nearest(found: object, allowed: Iterable[str]) -> str:
    """Return '; did you mean …?' for the closest allowed name, or nothing."""
    names, wanted = list(allowed), str(found)
    if len(wanted) > _LONG:
        return ""
    lower = {name.lower(): name for name in reversed(names)}
    close = get_close_matches(wanted, names, n=1, cutoff=0.6) or [
        lower[name] for name in get_close_matches(wanted.lower(), lower, n=1, cutoff=0.6)
    ]
    return f"; did you mean {close[0]!r}?" if close else ""


def listed(names: Iterable[object], *, none: str = "none") -> str:
    """List names for a message, the first of them where they are many: 'a, b, … (90 more)'."""
    found = [text if len(text) <= _LONG else f"{text[:_LONG]}…" for text in map(str, names)]
    more = f", … ({len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more or none


@contextmanager
def readable(path: object) -> Iterator[None]:
    """Tell what the user may not read, or what cannot be read, as an error of the user's.

    Raises:
        UsageError: with the file or folder that the system named, else `path`.
    """
    try:
        yield
    except OSError as error:
        place = str(error.filename or path)
        raise UsageError(f"{place!r} cannot be read: {error.strerror or error}") from error


def one_of(allowed: Iterable[object]) -> str:
    """List what is allowed: 'allowed: a, b, c'."""
    return f"allowed: {listed(sorted(map(str, allowed)))}"


def brief(value: object) -> str:
    """Name a value in YAML's words, cut to a length that fits into a message."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (dict, list)):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind}" if value else f"an empty {kind}"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    text = repr(value[: _LONG + 1] if isinstance(value, str) else value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
