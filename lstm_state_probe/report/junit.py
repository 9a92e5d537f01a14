"""JUnit XML: one suite a file, one case a scenario and engine; failure and error apart.

It has the elements and attributes of the schema of Jenkins's xUnit plugin, junit-10.xsd, alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from junitparser import Error, Failure, Skipped
from junitparser import TestCase as BaseCase
from junitparser.junitparser import FinalResult
from junitparser.xunit2 import JUnitXml, TestCase, TestSuite

from lstm_state_probe.report.answers import answers
from lstm_state_probe.report.data import NO_EXPECTATIONS, ScenarioReport, SuiteReport
from lstm_state_probe.report.told import Told, told, unread
from lstm_state_probe.safe import one_line, printable
from lstm_state_probe.whole import write_whole


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    write_whole(path, text(report))


def text(report: SuiteReport) -> bytes:
    """Render the report as XML; every case has one result at most, so that the counts add up."""
    xml, files = JUnitXml("probe"), unread(report)
    for file in dict.fromkeys([*(scenario.file for scenario in report.scenarios), *files]):
        suite = TestSuite(one_line(file))
        suite.file = one_line(file)
        cases: list[BaseCase] = [_case(found) for found in report.scenarios if found.file == file]
        cases += [_unread(file, files[file])] if file in files else []
        suite.add_testcases(cases)
        xml.add_testsuite(suite)
    xml.update_statistics()
    written = io.BytesIO()
    xml.write(written)
    return written.getvalue() + b"\n"


def _case(report: ScenarioReport) -> TestCase:
    case = _named(report.file, f"{report.name} [{report.engine}]", report.seconds)
    if seen := "\n".join(answer.sentence for answer in answers(report)):
        case.system_out = printable(seen)
    wrong = list(told(report))
    if report.status in ("failed", "error"):
        case.result = [_result(wrong)]
    elif report.status == NO_EXPECTATIONS:
        case.result = [Skipped(NO_EXPECTATIONS)]
    return case


def _named(file: str, name: str, seconds: float) -> TestCase:
    folders = PurePosixPath(one_line(file)).with_suffix("").parts
    case = TestCase(one_line(name), ".".join(part for part in folders if part not in ("..", "/")))
    case.time = round(seconds, 3)  # a schema knows no 1e-05
    return case


def _result(wrong: Iterable[Told]) -> FinalResult:
    """Make an error, or a failure where nothing but expectations went wrong; all is told in it."""
    first, *others = sorted(wrong, key=lambda part: not part.error)
    more = f" (and {len(others)} more)" if others else ""
    message = printable(first.complaints[0].message.partition("\n")[0] + more)
    result = (Error if first.error else Failure)(message, one_line(first.kind))
    result.text = printable("\n".join(map(str, (first, *others))))
    return result


def _unread(file: str, wrong: Told) -> TestCase:
    case = _named(file, "(the file)", 0.0)
    case.result = [_result([wrong])]
    return case
