"""The scenarios that ship with the package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lstm_state_probe.errors import UsageError, nearest, one_of

FOLDER = Path(__file__).parent / "shipped"


def shipped_names() -> dict[str, Path]:
    """Map each shipped scenario's name to its file."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}


def shipped_paths(names: Iterable[str]) -> list[str]:
    """Return the files of shipped scenarios by name; 'all' stands for every one.

    Raises:
        UsageError: for a name that does not ship.
    """
    known = shipped_names()
    found: list[str] = []
    for name in names:
        if name == "all":
            found += map(str, known.values())
        elif name in known:
            found.append(str(known[name]))
        else:
            raise UsageError(
                f"no scenario named {name!r} ships; {one_of(known)}{nearest(name, known)}"
            )
    return found
