"""Many scenarios: find the files, read them, have them carried out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_state_probe.errors import Complaint, ScenarioError, UsageError, nearest
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios

if TYPE_CHECKING:
    from lstm_state_probe.engines import Engine
    from lstm_state_probe.executors.base import Done, Workplace
    from lstm_state_probe.report.data import ScenarioReport, SuiteReport

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Selection:
    """The scenarios that were read, and the complaints about files that could not be."""

    scenarios: tuple[ScenarioFile, ...]
    complaints: tuple[Complaint, ...]
    files: int


def find_files(paths: Iterable[str]) -> list[Path]:
    """List the scenario files named by paths; folders are searched for *.yaml and *.yml.

    Raises:
        UsageError: if a path does not exist, or a folder holds no scenario.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if _is_scenario(p, path))
            if not files:
                raise UsageError(f"no *.yaml or *.yml in the folder {text!r}")
            found.update(dict.fromkeys(files))
        elif path.exists():
            found[path] = None
        else:
            near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
            raise UsageError(f"no such file or folder: {text!r}{nearest(path.name, near)}")
    return list(found)


def _is_scenario(file: Path, folder: Path) -> bool:
    """Tell a scenario by its suffix; hidden files and folders are somebody else's."""
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix in SUFFIXES and not hidden and file.is_file()


def select(paths: Iterable[str], engines: Sequence[str] = ()) -> Selection:
    """Read every scenario below the paths, on each engine that is asked for.

    Raises:
        UsageError: if a path does not exist.
    """
    scenarios: list[ScenarioFile] = []
    complaints: dict[Complaint, None] = {}
    files = find_files(paths)
    for file in files:
        for engine in engines or (None,):
            try:
                scenarios += read_scenarios(file, engine=engine)
            except ScenarioError as error:
                complaints.update(dict.fromkeys(error.complaints))
    return Selection(tuple(scenarios), tuple(complaints), len(files))


def load_engines(scenarios: Iterable[ScenarioFile]) -> dict[str, Engine]:
    """Import the engines that scenarios ask for.

    Raises:
        EngineMissing: if one is not installed.
    """
    from lstm_state_probe.engines import load_engine

    return {name: load_engine(name) for name in dict.fromkeys(s.engine for s in scenarios)}


def prepare() -> None:
    """Import what a run needs beside the engines."""
    import_module("lstm_state_probe.executors.carry")


def run_suite(
    scenarios: Sequence[ScenarioFile],
    place: Workplace,
    *,
    complaints: Sequence[Complaint] = (),
    on_end: Callable[[ScenarioReport], None] = lambda report: None,
    known: Mapping[int, ScenarioReport] | None = None,
    keep: Callable[[ScenarioFile, ScenarioReport], None] | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> SuiteReport:
    """Have scenarios carried out, and report them in their order.

    `known` are reports by index of scenarios that are not run; `keep` is given every other.
    A `KeyboardInterrupt`, or `interrupted` where something swallowed it, ends the suite with what
    is done.
    """
    from lstm_state_probe.environment import without_tensorflow
    from lstm_state_probe.report.data import SuiteReport

    started = time.perf_counter()
    reports: list[ScenarioReport] = []
    made_with: dict[str, object] = {}
    pressed = False
    try:
        for done in _carried_out(scenarios, place, known or {}):
            if interrupted():
                pressed = True
                break
            made_with.update(done.environment or {})
            if keep is not None and len(reports) not in (known or {}):
                keep(scenarios[len(reports)], done.report)
            reports.append(done.report)
            on_end(done.report)
    except KeyboardInterrupt:
        pressed = True
    return SuiteReport(
        made_with or without_tensorflow(),
        tuple(reports),
        tuple(complaints),
        time.perf_counter() - started,
        interrupted=pressed,
        not_run=tuple(scenario.id for scenario in scenarios[len(reports) :]),
    )


def _carried_out(
    scenarios: Sequence[ScenarioFile], place: Workplace, known: Mapping[int, ScenarioReport]
) -> Iterator[Done]:
    """Yield what became of each scenario; those that are known are not handed out."""
    from lstm_state_probe.executors.base import Done
    from lstm_state_probe.executors.share import hand_out

    done = hand_out(place, (s for index, s in enumerate(scenarios) if index not in known))
    for index in range(len(scenarios)):
        yield Done(known[index]) if index in known else next(done)
