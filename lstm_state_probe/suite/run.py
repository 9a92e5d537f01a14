"""Many scenarios: find the files, read them, have them carried out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lstm_state_probe.errors import (
    Complaint,
    Fault,
    ProbeError,
    UsageError,
    caught,
    listed,
    nearest,
    readable,
)
from lstm_state_probe.scenario.read import STDIN, ScenarioFile, read_scenarios
from lstm_state_probe.suite.choose import EVERYTHING, Choice, choose, key_of
from lstm_state_probe.suite.last_run import FAILED, Entry, LastRun, remember

if TYPE_CHECKING:
    from lstm_state_probe.executors.base import Done, Workplace
    from lstm_state_probe.report.data import ScenarioReport, SuiteReport

SUFFIXES = (".yaml", ".yml")
MODELS = (".keras", ".h5", ".hdf5")
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Selection:
    """The scenarios to run, and the complaints about files that could not be read.

    `found` counts the scenarios before they were narrowed; `notes` is what there is to say about
    that, `nothing` why none is left.
    """

    scenarios: tuple[ScenarioFile, ...]
    complaints: tuple[Complaint, ...]
    files: int
    found: int = 0
    notes: tuple[str, ...] = ()
    nothing: str = ""

    @property
    def exit_code(self) -> int:
        """That of the files: 2 where one is wrong, 4 where reading it is a fault of the probe."""
        return max((complaint.exit_code for complaint in self.complaints), default=0)


def find_files(paths: Iterable[str]) -> list[Path]:
    """List the scenario files named by paths; folders are searched for *.yaml and *.yml.

    A file that is named twice, or in two ways, is listed once.

    Raises:
        UsageError: if a path does not exist or cannot be read, or a folder holds no scenario.
    """
    found: dict[str, Path] = {}
    for text in paths:
        path = Path(text)
        if text == STDIN:
            found[text] = path
            continue
        with readable(path):
            _no_model(path, text)
            files = _below(path) if path.is_dir() else [path]
            if not files:
                raise UsageError(f"no *.yaml or *.yml in the folder {text!r}")
            if not path.exists():
                near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
                raise UsageError(f"no such file or folder: {text!r}{nearest(path.name, near)}")
        for file in files:
            found.setdefault(os.path.abspath(file), file)  # noqa: PTH100
    return list(found.values())


def _no_model(path: Path, text: str) -> None:
    """Point from a saved model to the commands that take one.

    Raises:
        UsageError: for a file or a folder that is one.
    """
    if (path.suffix in MODELS and path.exists()) or (path / "saved_model.pb").is_file():
        raise UsageError(
            f"{text!r} is a saved model, no scenario: `probe inspect {text}` shows its states,"
            f" `probe check {text}` asks whether they are handled well, and"
            f" `probe init --from {text}` writes a scenario for it"
        )


def _below(folder: Path) -> list[Path]:
    """List the scenarios below a folder; hidden files and folders are somebody else's.

    Raises:
        OSError: for a folder that cannot be read, which `Path.rglob` would leave out in silence.
    """
    found = []
    for place, folders, files in os.walk(folder, onerror=_raised):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inner = [Path(place, name) for name in files if not name.startswith(".")]
        found += [file for file in inner if file.suffix in SUFFIXES and file.is_file()]
    return sorted(found)


def _raised(error: OSError) -> None:
    raise error


def select(
    paths: Iterable[str],
    engines: Sequence[str] = (),
    *,
    choice: Choice = EVERYTHING,
    variables: Mapping[str, Any] | None = None,
    must_use: Collection[str] = (),
    last: LastRun | None = None,
) -> Selection:
    """Read every scenario below the paths, on each engine that is asked for, and choose.

    `must_use` are the variables that some scenario has to use: a name that none does is a typo.

    Raises:
        UsageError: if a path does not exist, or no scenario uses what must be used.
    """
    scenarios: list[ScenarioFile] = []
    complaints: dict[Complaint, None] = {}
    files = find_files(paths)
    for file in files:
        for engine in engines or (None,):
            shown = shown_path(file)
            read = partial(read_scenarios, file, shown=shown, engine=engine, variables=variables)
            found = caught(read)
            if isinstance(found, ProbeError):
                complaints.update(dict.fromkeys(_complaints(found, shown)))
            else:
                scenarios += found
    if not complaints:
        _all_used(must_use, scenarios)
    chosen = choose(scenarios, choice, last or LastRun(Path.cwd()))
    return Selection(
        chosen.scenarios,
        tuple(complaints),
        len(files),
        found=len(scenarios),
        notes=chosen.notes,
        nothing=chosen.nothing,
    )


def _complaints(error: ProbeError, file: str) -> tuple[Complaint, ...]:
    """Return what is said of a file that could not be read; a fault of the probe has no place."""
    if isinstance(error, Fault):
        return (Complaint(file, 1, 1, str(error), fault=error.traceback or ""),)
    if not error.complaints:
        raise error
    return error.complaints


def shown_path(file: Path) -> str:
    """Return how a file is named in ids and complaints: relative to the current folder.

    A shipped scenario is named by the package, wherever that is installed.
    """
    if str(file) == STDIN:
        return "<stdin>"
    whole = os.path.abspath(file)  # noqa: PTH100  a link keeps the name that the user gave it
    for base, prefix in ((Path.cwd(), ""), (_PACKAGE, f"{_PACKAGE.name}/")):
        if whole.startswith(f"{base}{os.sep}"):
            return prefix + Path(whole[len(str(base)) + 1 :]).as_posix()
    return Path(os.path.relpath(whole)).as_posix()


def _all_used(variables: Collection[str], scenarios: Iterable[ScenarioFile]) -> None:
    """Refuse a variable that no scenario asks for: it is a slip of the pen.

    Raises:
        UsageError: naming the variables that there are.
    """
    if not variables:
        return
    used = frozenset[str]().union(*(scenario.document.variables for scenario in scenarios))
    for name in variables:
        if name not in used:
            have = f"; they use: {listed(sorted(used))}" if used else "; they use no variable"
            hint = nearest(name, used) or have
            raise UsageError(f"--var {name}: no scenario uses ${{{name}}}{hint}")


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
    judge: Callable[[ScenarioReport], ScenarioReport] | None = None,
    interrupted: Callable[[], bool] = lambda: False,
    max_fail: int | None = None,
) -> SuiteReport:
    """Have scenarios carried out, and report them in their order.

    A fault in keeping, judging or showing one of them is the error of that one; what writes to
    stdout may raise an `OSError`, where nobody reads it.

    `known` are reports by index of scenarios that are not run; `keep` is given every other.
    `judge` may add verdicts to a report.
    After `max_fail` that failed the rest is not run. A `KeyboardInterrupt`, or `interrupted`
    where something swallowed it, ends the suite with what is done.
    """
    from lstm_state_probe.host.environment import without_tensorflow
    from lstm_state_probe.report.data import SuiteReport
    from lstm_state_probe.report.sound import show

    started = time.perf_counter()
    reports: list[ScenarioReport] = []
    made_with: dict[str, object] = {}
    pressed, failed = False, 0
    try:
        for done in _carried_out(scenarios, place, known or {}):
            if interrupted():
                pressed = True
                break
            made_with.update(done.environment or {})
            fresh = len(reports) not in (known or {})
            kept = partial(keep, scenarios[len(reports)]) if keep and fresh else None
            reports.append(_judged(done.report, kept, judge))
            reports[-1] = show(reports[-1], on_end)  # Ctrl-C may come as soon as it is shown
            failed += reports[-1].status in FAILED
            if failed == max_fail:
                break
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


def never_begun(scenarios: Sequence[ScenarioFile], complaints: Sequence[Complaint]) -> SuiteReport:
    """Report that Ctrl-C came before the first scenario, while TensorFlow was imported."""
    from lstm_state_probe.host.environment import without_tensorflow
    from lstm_state_probe.report.data import SuiteReport

    names = tuple(scenario.id for scenario in scenarios)
    found = without_tensorflow()
    return SuiteReport(found, (), tuple(complaints), 0.0, interrupted=True, not_run=names)


def _judged(
    report: ScenarioReport,
    keep: Callable[[ScenarioReport], None] | None,
    judge: Callable[[ScenarioReport], ScenarioReport] | None,
) -> ScenarioReport:
    """Keep a report, and add verdicts to it; whatever goes wrong in it is the scenario's error."""
    from lstm_state_probe.report.data import ended_by

    for deed in filter(None, (keep, judge)):
        made = caught(partial(deed, report))
        report = ended_by(report, made) if isinstance(made, ProbeError) else made or report
    return report


def _carried_out(
    scenarios: Sequence[ScenarioFile], place: Workplace, known: Mapping[int, ScenarioReport]
) -> Iterator[Done]:
    """Yield what became of each scenario; those that are known are not handed out."""
    from lstm_state_probe.executors.base import Done
    from lstm_state_probe.executors.share import hand_out

    done = hand_out(place, (s for index, s in enumerate(scenarios) if index not in known))
    for index in range(len(scenarios)):
        yield Done(known[index]) if index in known else next(done)


def note_last_run(
    scenarios: Sequence[ScenarioFile], suite: SuiteReport, last: LastRun, *, timed: bool
) -> None:
    """Remember how each scenario that ran ended, for `--lf` and `--shard`.

    Raises:
        OSError: if it cannot be written.
    """
    done = [
        (key_of(scenario, last), Entry(report.status, report.seconds))
        for scenario, report in zip(scenarios, suite.scenarios, strict=False)
        if report.cached is None
    ]
    remember(last, done, timed=timed)
