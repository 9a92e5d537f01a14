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
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport

_PACKAGE = Path(__file__).parents[2]
"""The folder that holds this package: site-packages, or a checkout."""
_RANDOM = r"(?:/tmp[a-z0-9_]{8}\b)?"
"""What `tempfile` calls a folder or a file: another name in every run."""


def portable(report: SuiteReport) -> SuiteReport:
    """Name files relative to the current folder, and clean what is said of paths.

    A file outside the current folder is named from the folder that all of those have in common:
    by its bare name, if it is the only one.
    """
    files = {
        *(found.file for found in report.scenarios),
        *(found.file for found in report.complaints),
        *(name.partition("::")[0] for name in report.not_run),
    }
    names = _names(files)
    clean = _cleaner({str(_whole(file).parent) for file in files if _outside(file)})

    def complaint(found: Complaint) -> Complaint:
        file, message, fault = found.file, clean(found.message), clean(found.fault)
        return replace(found, file=names.get(file, file), message=message, fault=fault)

    def scenario(found: ScenarioReport) -> ScenarioReport:
        name = names[found.file]
        return replace(
            found,
            id=name + found.id.removeprefix(found.file),
            file=name,
            error=None if found.error is None else clean(found.error.replace(found.file, name)),
            fault=None if found.fault is None else clean(found.fault),
            complaints=tuple(map(complaint, found.complaints)),
            operations=tuple(_operation(done, clean) for done in found.operations),
            checks=tuple(_verdict(verdict, clean) for verdict in found.checks),
        )

    def renamed(scenario_id: str) -> str:
        file, _, name = scenario_id.partition("::")
        return f"{names[file]}::{name}"

    return replace(
        report,
        scenarios=tuple(map(scenario, report.scenarios)),
        complaints=tuple(map(complaint, report.complaints)),
        not_run=tuple(map(renamed, report.not_run)),
    )


def _operation(done: OperationReport, clean: Callable[[str], str]) -> OperationReport:
    outcome, failure = done.outcome, done.outcome.failure
    if failure is not None:
        outcome = replace(outcome, failure=replace(failure, message=clean(failure.message)))
    verdicts = tuple(_verdict(verdict, clean) for verdict in done.verdicts)
    return replace(done, outcome=outcome, verdicts=verdicts)


def _verdict(verdict: Verdict, clean: Callable[[str], str]) -> Verdict:
    broken = tuple(replace(each, found=clean(each.found)) for each in verdict.broken)
    return replace(verdict, message=clean(verdict.message), broken=broken)


def _names(files: Iterable[str]) -> dict[str, str]:
    """Map each file to its name in a report."""
    outside = {file: _whole(file) for file in files if _outside(file)}
    inside = {file: Path(file) for file in files if file not in outside}
    names = {
        file: (_whole(file).relative_to(Path.cwd()) if path.is_absolute() else path).as_posix()
        for file, path in inside.items()
    }
    top = os.path.commonpath([path.parent for path in outside.values()]) if outside else ""
    return names | {file: path.relative_to(top).as_posix() for file, path in outside.items()}


def _whole(file: str) -> Path:
    return Path(os.path.abspath(file))  # noqa: PTH100  a link keeps its name


def _outside(file: str) -> bool:
    """Tell whether a name gives away where a file is; '../../../home/me/x' does too."""
    whole = _whole(file)
    told = Path(file).is_absolute() or f"{whole}" in f"/{file}"
    return told and not whole.is_relative_to(Path.cwd())


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
    yield str(_PACKAGE), "", ""
    yield from ((folder, "", "") for folder in folders)
    yield tempfile.gettempdir(), _RANDOM, "<tmp>/"
    yield os.path.expanduser("~"), "", "~/"  # noqa: PTH111 - a user without a home stays "~"
    for name in ("purelib", "platlib"):
        yield sysconfig.get_path(name), "", "<site-packages>/"
    for prefix in (sys.prefix, sys.base_prefix):
        yield prefix, "", "<python>/"
