"""Passed scenarios of earlier runs, so that what did not change is not run again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import UsageError
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.host.environment import installed
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.runner import Wishes
from lstm_state_probe.safe import within_json
from lstm_state_probe.scenario.files import members, named_files
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.whole import read_regular, write_whole

FORMAT = 1
"""Part of every key: an entry that was written otherwise is not found."""


@dataclass
class Cache:
    """A folder of entries, a JSON file each, named by the hash of all that a scenario depends on.

    `warn` is told of an entry that cannot be read, or written; it is then as if there were none.
    """

    folder: Path
    wishes: Wishes
    warn: Callable[[str], None]
    sent: tuple[Path, ...] = ()
    _keys: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def at(
        cls,
        folder: Path,
        wishes: Wishes,
        warn: Callable[[str], None],
        *,
        sent: tuple[Path, ...] = (),
    ) -> Cache:
        """Open a folder, which is made if it is not there.

        Raises:
            UsageError: if it cannot be made.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"no cache can be kept in {str(folder)!r}: {reason}") from error
        return cls(folder, wishes, warn, sent)

    def known(self, scenarios: Sequence[ScenarioFile]) -> dict[int, ScenarioReport]:
        """Return the reports of those that passed and of which nothing changed, by their index."""
        found = ((index, self._find(scenario)) for index, scenario in enumerate(scenarios))
        return {index: report for index, report in found if report is not None}

    def keep(self, scenario: ScenarioFile, report: ScenarioReport) -> None:
        """Keep the verdicts of a scenario that passed; whatever else happened is not kept."""
        file = self._file(scenario)
        try:
            if report.status != "passed":
                file.unlink(missing_ok=True)
                return
            if self._changed(scenario):
                self.warn(f"cache: {report.id} is not kept: a file of it changed while it ran")
                return
            file.parent.mkdir(exist_ok=True)
            text = within_json(json.dumps(_entry(report), ensure_ascii=False))
            write_whole(file, text, sync=False)
        except OSError as error:
            reason = error.strerror or error
            self.warn(f"cache: {report.id} cannot be kept: {reason}")

    def _changed(self, scenario: ScenarioFile) -> bool:
        """Tell whether a file is another one than before the run: which of them was read?"""
        return key_of(scenario, self.wishes, self.sent) != self._file(scenario).stem

    def _find(self, scenario: ScenarioFile) -> ScenarioReport | None:
        file = self._file(scenario)
        try:
            entry = json.loads(read_regular(file))
            return _report(scenario, entry)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            self.warn(f"cache: {file} is ignored, it cannot be read ({reason})")
            return None

    def _file(self, scenario: ScenarioFile) -> Path:
        """Return where an entry is; hashed once, so that a change during the run is no change."""
        name = scenario.id, scenario.engine
        if name not in self._keys:
            self._keys[name] = key_of(scenario, self.wishes, self.sent)
        key = self._keys[name]
        return self.folder / key[:2] / f"{key}.json"


def key_of(scenario: ScenarioFile, wishes: Wishes, sent: Sequence[Path] = ()) -> str:
    """Hash the text, the data, the files, the versions and the options of a scenario."""
    further = {f"sent {path}": members(path) for path in sent}
    files = {
        name: {inner: _digest(file) for inner, file in found.items()}
        for name, found in {**named_files(scenario), **further}.items()
    }
    parts = {
        "format": FORMAT,
        "versions": installed(),
        "id": scenario.id,
        "engine": scenario.engine,
        "wishes": asdict(wishes),
        "text": scenario.document.lines,
        "spec": repr(scenario.spec),
        "files": files,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            digest = hashlib.sha256()  # Python 3.10 has no hashlib.file_digest
            for block in iter(lambda: content.read(1 << 20), b""):
                digest.update(block)
            return digest.hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"


def _entry(report: ScenarioReport) -> dict[str, Any]:
    return {
        "id": report.id,
        "when": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
        "seconds": report.seconds,
        "checks": [asdict(verdict) for verdict in report.checks],
        "operations": [
            {
                "operation": done.operation,
                "label": done.label,
                "line": done.line,
                "column": done.column,
                "raises": done.raises,
                "verdicts": [asdict(verdict) for verdict in done.verdicts],
            }
            for done in report.operations
        ],
    }


def _report(scenario: ScenarioFile, entry: dict[str, Any]) -> ScenarioReport:
    """Make a report of an entry: the verdicts of then, and none of the states."""
    if entry["id"] != scenario.id:
        raise ValueError(f"it is that of {entry['id']}")
    return ScenarioReport(
        id=scenario.id,
        name=scenario.name,
        description=scenario.spec.description,
        file=scenario.document.file,
        engine=scenario.engine,
        seed=scenario.spec.seed,
        status="passed",
        seconds=0.0,
        layers=(),
        initialised={},
        operations=tuple(_operation(i, e) for i, e in enumerate(entry["operations"])),
        not_done=0,
        error=None,
        exit_code=0,
        checks=_verdicts(entry["checks"]),
        cached=str(entry["when"]),
    )


def _operation(index: int, entry: dict[str, Any]) -> OperationReport:
    outcome = Outcome(entry["operation"], entry["label"], (), {}, {})
    place = entry["line"], entry["column"]
    return OperationReport(
        index,
        entry["operation"],
        entry["label"],
        outcome,
        _verdicts(entry["verdicts"]),
        *place,
        raises=entry["raises"],
    )


def _verdicts(entries: Sequence[dict[str, Any]]) -> tuple[Verdict, ...]:
    """Make the verdicts; one that passed has nothing that speaks against it."""
    verdicts = tuple(Verdict(**entry | {"broken": ()}) for entry in entries)
    if not all(verdict.passed for verdict in verdicts):
        raise ValueError("a verdict in it did not pass")
    return verdicts
