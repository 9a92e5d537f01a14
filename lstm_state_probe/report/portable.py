"""Takes the paths of this machine out of a report, so that it says the same everywhere."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from lstm_state_probe.errors import Complaint
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport

_RANDOM = r"(?:/tmp[a-z0-9_]{8}\b)?"
"""What `tempfile` calls a folder or a file: another name in every run."""


def portable(report: SuiteReport) -> SuiteReport:
    """Name files relative to the current folder, and clean what is said of paths.

    A file outside the current folder is named from the folder that all of those have in common:
    by its bare name, if it is the only one.
    """
    left = [name.partition("::")[0] for name in report.not_run]
    files = {*(s.file for s in report.scenarios), *(c.file for c in report.complaints), *left}
    names = _names(files)
    clean = _cleaner({str(Path(file).absolute().parent) for file in files if _outside(file)})

    def complaint(found: Complaint) -> Complaint:
        return replace(found, file=names.get(found.file, found.file), message=clean(found.message))

    def scenario(found: ScenarioReport) -> ScenarioReport:
        name = names[found.file]
        return replace(
            found,
            id=name + found.id.removeprefix(found.file),
            file=name,
            error=None if found.error is None else clean(found.error.replace(found.file, name)),
            complaints=tuple(map(complaint, found.complaints)),
            operations=tuple(_operation(done, clean) for done in found.operations),
        )

    return replace(
        report,
        scenarios=tuple(map(scenario, report.scenarios)),
        complaints=tuple(map(complaint, report.complaints)),
        not_run=tuple(
            names[file] + name.removeprefix(file)
            for file, name in zip(left, report.not_run, strict=True)
        ),
    )


def _operation(done: OperationReport, clean: Callable[[str], str]) -> OperationReport:
    outcome, failure = done.outcome, done.outcome.failure
    if failure is not None:
        outcome = replace(outcome, failure=replace(failure, message=clean(failure.message)))
    verdicts = tuple(
        replace(
            verdict,
            message=clean(verdict.message),
            broken=tuple(replace(each, found=clean(each.found)) for each in verdict.broken),
        )
        for verdict in done.verdicts
    )
    return replace(done, outcome=outcome, verdicts=verdicts)


def _names(files: Iterable[str]) -> dict[str, str]:
    """Map each file to its name in a report."""
    names, outside = {}, []
    for file in files:
        if _outside(file):
            outside.append(file)
        elif Path(file).is_absolute():
            names[file] = Path(file).relative_to(Path.cwd()).as_posix()
        else:
            names[file] = Path(file).as_posix()
    top = os.path.commonpath([str(Path(file).parent) for file in outside]) if outside else ""
    return names | {file: Path(file).relative_to(top).as_posix() for file in outside}


def _outside(file: str) -> bool:
    return Path(file).is_absolute() and not Path(file).is_relative_to(Path.cwd())


def _cleaner(folders: Iterable[str]) -> Callable[[str], str]:
    """Make what puts a word in the place of a folder of this machine, the innermost first."""
    roots = sorted(_roots(folders), key=lambda root: -len(root[0]))
    patterns = [
        (re.compile(rf"(?<![\w./-]){re.escape(folder)}{more}(?:/|(?![\w.-]))"), word)
        for folder, more, word in roots
        if len(Path(folder).parts) > 1
    ]

    def clean(text: str) -> str:
        for pattern, word in patterns:
            text = pattern.sub(partial(_word, word), text)
        return text

    return clean


def _word(word: str, found: re.Match[str]) -> str:
    """Return what stands for a folder, with a slash where something below it follows."""
    return word if found[0].endswith("/") else word.rstrip("/") or "."


def _roots(folders: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    yield str(Path.cwd()), "", ""
    yield from ((folder, "", "") for folder in folders)
    yield tempfile.gettempdir(), _RANDOM, "<tmp>/"
    yield str(Path.home()), "", "~/"
    for name in ("purelib", "platlib"):
        yield sysconfig.get_path(name), "", "<site-packages>/"
    for prefix in (sys.prefix, sys.base_prefix):
        yield prefix, "", "<python>/"
