"""What is remembered of the last run of each scenario: how it ended, how long it took.

One JSON file in the folder `.probe_cache` beside the project's `pyproject.toml`. Scenarios are
known by their file relative to that folder, so that it does not matter where a run was started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lstm_state_probe.safe import within_json
from lstm_state_probe.suite.shards import Key
from lstm_state_probe.whole import read_regular, write_whole

FOLDER = ".probe_cache"
FILE = "last_run.json"
VERSION = 1
FAILED = ("failed", "error")
_LONGEST = 1e9
_ASIDE = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# This folder is a cache of lstm-state-probe; see https://bford.info/cachedir/\n",
    ".gitignore": "*\n",
}


@dataclass(frozen=True)
class Entry:
    """How a scenario ended; `seconds` is None where no whole run has timed it."""

    status: str
    seconds: float | None = None


@dataclass(frozen=True)
class LastRun:
    """The entries by (file relative to the root::name, engine)."""

    root: Path
    entries: Mapping[Key, Entry] = field(default_factory=dict)

    @property
    def failed(self) -> frozenset[Key]:
        """What failed when it last ran."""
        return frozenset(key for key, entry in self.entries.items() if entry.status in FAILED)

    @property
    def seconds(self) -> dict[Key, float]:
        """How long each took, as far as it is known."""
        return {k: e.seconds for k, e in self.entries.items() if e.seconds is not None}

    def key(self, file: Path, name: str, engine: str) -> Key:
        """Return the key of a scenario: the same in every folder, and on every machine."""
        return f"{Path(os.path.relpath(file, self.root)).as_posix()}::{name}", engine

    def file_of(self, key: Key) -> Path:
        """Return the file of a key, which may be gone."""
        return self.root / key[0].partition("::")[0]


def read_last_run(root: Path) -> LastRun:
    """Read what is remembered; nothing, where there is nothing or it cannot be understood.

    The file is a cache: one of another version, or one that is damaged, is no error.
    """
    try:
        data = json.loads(read_regular(root / FOLDER / FILE))
        entries = {
            (str(item["id"]), str(item["engine"])): _entry(item) for item in data["scenarios"]
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return LastRun(root)
    return LastRun(root, entries if data.get("version") == VERSION else {})


def _entry(item: Mapping[str, object]) -> Entry:
    seconds = item.get("seconds")
    timed = isinstance(seconds, (int, float)) and 0 <= seconds < _LONGEST
    return Entry(str(item["status"]), float(seconds) if timed else None)  # type: ignore[arg-type]


def remember(last: LastRun, done: Iterable[tuple[Key, Entry]], *, timed: bool) -> None:
    """Write what ran over what was remembered; what did not run stays, unless its file is gone.

    A run of one shard is not `timed`: its durations are left as they were, so that the other
    shards split the scenarios as it did.

    Raises:
        OSError: if it cannot be written; nothing is half written then.
    """
    there = {file: file.is_file() for file in set(map(last.file_of, last.entries))}
    entries = {key: entry for key, entry in last.entries.items() if there[last.file_of(key)]}
    for key, entry in done:
        before = last.entries.get(key)
        kept = entry.seconds if timed else before.seconds if before else None
        entries[key] = Entry(entry.status, kept)
    _write(last.root / FOLDER, entries)


def _write(folder: Path, entries: Mapping[Key, Entry]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in _ASIDE.items():
        if not (folder / name).exists():
            write_whole(folder / name, text, sync=False)
    scenarios = [
        {"id": key[0], "engine": key[1], "status": entry.status, "seconds": entry.seconds}
        for key, entry in sorted(entries.items(), key=lambda pair: pair[0])
    ]
    text = json.dumps({"version": VERSION, "scenarios": scenarios}, ensure_ascii=False, indent=1)
    write_whole(folder / FILE, within_json(text) + "\n", sync=False)
