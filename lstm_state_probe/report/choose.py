"""Finds a writer or a format by its name, and imports it then."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report import FORMATS, WRITERS

if TYPE_CHECKING:
    from rich.console import Console

    from lstm_state_probe.report.base import Shown, ShowOptions
    from lstm_state_probe.report.data import SuiteReport

Write = Callable[["SuiteReport", Path], None]


def writer(path: str) -> Write:
    """Return the writer that a path's suffix picks; the folder must be there.

    Raises:
        UsageError: for a suffix without a writer, or a folder that does not exist.
    """
    suffix = next((s for s in sorted(WRITERS, key=len, reverse=True) if path.endswith(s)), None)
    if suffix is None:
        allowed = ", ".join(WRITERS)
        raise UsageError(f"no report writer for {path!r}; allowed suffixes: {allowed}")
    parent = Path(path).parent
    if not parent.is_dir():
        raise UsageError(f"the report {path!r} cannot be written: no folder {str(parent)!r}")
    if Path(path).is_dir():
        raise UsageError(f"the report {path!r} cannot be written: it is a folder")
    chosen: Write = _load(WRITERS[suffix])
    return chosen


def shown(name: str, console: Console, options: ShowOptions) -> Shown:
    """Make what shows the report on stdout."""
    view: Shown = _load(FORMATS[name])(console, options)
    return view


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)
