"""The files of a scenario on their way to a worker that cannot see them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from lstm_state_probe.errors import UsageError
from lstm_state_probe.executors.base import Done
from lstm_state_probe.recording.outcome import Failure
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.scenario.files import members, named_files
from lstm_state_probe.scenario.read import ScenarioFile

Telling = Callable[[Done], Done]


@dataclass(frozen=True)
class Parcel:
    """The contents of files: written name to path below the name's folder to bytes."""

    named: dict[str, dict[str, bytes]]

    @property
    def size(self) -> int:
        """The number of bytes."""
        return sum(len(data) for files in self.named.values() for data in files.values())


def parcel(scenario: ScenarioFile, sent: Iterable[Path] = ()) -> Parcel:
    """Read the files that a scenario names, and others to send along; a missing one is left out.

    A file to send keeps its place relative to the scenario; one that is elsewhere lies beside it.
    """
    folder = scenario.path.parent.resolve()
    named = dict(named_files(scenario))
    for path in (p.resolve() for p in sent):
        inside = folder in path.parents
        named[path.relative_to(folder).as_posix() if inside else path.name] = members(path)
    return Parcel(
        {
            name: {inner: _read(file, name) for inner, file in files.items()}
            for name, files in named.items()
            if files
        }
    )


def _read(file: Path, name: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{name!r} cannot be sent: {file.name}: {error.strerror}") from error


@contextmanager
def unpacked(
    parcel: Parcel | None, scenario: ScenarioFile
) -> Iterator[tuple[ScenarioFile, Telling]]:
    """Give the scenario where its files are, and a way to tell of them by their first places.

    Without a parcel the files are where they are.
    """
    if parcel is None:
        yield scenario, lambda done: done
        return
    with TemporaryDirectory(prefix="probe-") as root:
        home = Path(root, *_above(parcel), "scenario")
        home.mkdir(parents=True)
        places = {}
        for number, (name, files) in enumerate(parcel.named.items()):
            if Path(name).is_absolute():
                place = places[name] = Path(root) / f"absolute{number}" / Path(name).name
            else:
                place = Path(os.path.normpath(home / name))
            for inner, data in files.items():
                file = place.parent / inner
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        moved = replace(scenario, path=home / scenario.path.name, places=places)
        back = {str(place): name for name, place in places.items()}  # the innermost first
        theirs = scenario.path.parent.absolute()
        back[str(home)] = str(scenario.path.parent)
        ups = zip(home.parents, theirs.parents, strict=False)
        back |= {str(ours): str(up) for ours, up in islice(ups, len(_above(parcel)))}
        yield moved, lambda done: replace(done, report=_told(done.report, back))


def _above(parcel: Parcel) -> list[str]:
    """Name so many folders that each `..` of a written name stays in the temporary folder."""
    depths = (Path(os.path.normpath(name)).parts.count("..") for name in parcel.named)
    return [f"above{depth}" for depth in range(max(depths, default=0))]


def _told(report: ScenarioReport, back: dict[str, str]) -> ScenarioReport:
    """Name files in messages as the scenario does, not as this worker unpacked them."""

    def words(text: str) -> str:
        for ours, theirs in back.items():
            text = text.replace(ours, theirs)
        return text

    def operation(done: OperationReport) -> OperationReport:
        failure = done.outcome.failure
        if failure is None:
            return done
        told = Failure(failure.type, words(failure.message))
        return replace(done, outcome=replace(done.outcome, failure=told))

    return replace(
        report,
        error=words(report.error) if report.error else None,
        fault=words(report.fault) if report.fault else None,
        operations=tuple(map(operation, report.operations)),
    )
