"""Inputs from files, as the command line names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lstm_state_probe.arrays import Array
from lstm_state_probe.errors import UsageError, listed, nearest, readable
from lstm_state_probe.foreign.arrays import npz_names
from lstm_state_probe.model.arrays import READERS, read_array


@dataclass(frozen=True)
class GivenInput:
    """An array from a file; the name is '' where it goes without one."""

    name: str
    path: Path
    key: str | None
    array: Array


def read_inputs(written: Sequence[str]) -> tuple[GivenInput, ...]:
    """Read `x.npy`, `name=x.npy`, `name=all.npz:key`; the only one may go without a name.

    A .npz file of several arrays, without a name, gives each of them under its own name.

    Raises:
        UsageError: for a file that is not there or holds no numbers, or a name given twice.
    """
    found: dict[str, GivenInput] = {}
    for text in written:
        for given in _given(text):
            if given.name in found or (found and "" in (given.name, *found)):
                told = f"{given.name!r} is given twice" if given.name else "there are others"
                raise UsageError(f"--input {text}: {told}; name each: --input name=x.npy")
            found[given.name] = given
    return tuple(found.values())


def must_exist(path: Path, what: str) -> None:
    """Refuse a path that is not there.

    Raises:
        UsageError: with the nearest name in its folder, or why it cannot be read.
    """
    with readable(path):
        if not path.exists():
            names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise UsageError(f"no such {what}: {str(path)!r}{nearest(path.name, names)}")


def _given(text: str) -> Sequence[GivenInput]:
    with readable(text):
        there = Path(text).exists()
    name, _, place = ("", "", text) if there else text.rpartition("=")
    head, colon, key = place.rpartition(".npz:")
    path = Path(f"{head}.npz" if colon else place)
    must_exist(path, "input")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise UsageError(f"--input {text}: no reader for it; allowed: {', '.join(READERS)}")
    try:
        many = suffix == ".npz" and not colon
        keys: list[str | None] = [*npz_names(path)] if many else [key if colon else None]
        if len(keys) > 1 and name:
            raise ValueError(f"it holds {listed(keys)}; choose one: {text}:{keys[0]}")
        found = [
            GivenInput(str(key) if len(keys) > 1 else name, path, key, read_array(path, key))
            for key in keys
        ]
    except OSError as error:
        raise UsageError(f"--input {text}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"--input {text}: it cannot be read: {error}") from error
    for given in found:
        if given.array.dtype.kind not in "bifu":
            raise UsageError(f"--input {text}: it holds {given.array.dtype}, not numbers")
    return found
