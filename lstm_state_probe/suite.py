"""Many scenarios: find the files, read them, run them one after the other."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lstm_state_probe.errors import Complaint, ScenarioError, UsageError, nearest
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios

if TYPE_CHECKING:
    from lstm_state_probe.engines import Engine
    from lstm_state_probe.report.data import ScenarioReport, SuiteReport
    from lstm_state_probe.runner import Wishes

COLLECT_EVERY = 10
"""Scenarios between two collections; a finished model is in circles that only they release."""
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
    import_module("lstm_state_probe.runner")


def run_suite(
    scenarios: Sequence[ScenarioFile],
    engines: Mapping[str, Engine],
    *,
    wishes: Wishes | None = None,
    complaints: Sequence[Complaint] = (),
    on_end: Callable[[ScenarioReport], None] = lambda report: None,
) -> SuiteReport:
    """Run scenarios in their order in this process; one that fails leaves the others alone."""
    from lstm_state_probe.environment import environment
    from lstm_state_probe.report.data import SuiteReport
    from lstm_state_probe.runner import run_scenario

    started = time.perf_counter()
    reports: list[ScenarioReport] = []
    for scenario in scenarios:
        engine = engines[scenario.engine]
        report = run_scenario(scenario, engine, wishes)
        if scenario.spec.checks:
            from lstm_state_probe.checks.expected import with_checks

            allow_code = wishes is not None and wishes.allow_code
            report = with_checks(report, scenario, engine, allow_code=allow_code)
        if len(reports) % COLLECT_EVERY == COLLECT_EVERY - 1:
            gc.collect()
        on_end(report)
        reports.append(report)
    seconds = time.perf_counter() - started
    made_with = environment(list(engines.values()))
    return SuiteReport(made_with, tuple(reports), tuple(complaints), seconds)
