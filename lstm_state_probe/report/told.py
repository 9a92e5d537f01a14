"""What went wrong in a scenario, told like a compiler's messages, for every writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lstm_state_probe.amounts import plural
from lstm_state_probe.errors import Complaint
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.report.data import (
    NO_EXPECTATIONS,
    OperationReport,
    ScenarioReport,
    SuiteReport,
)

EXPECTATION = "expectation"
WRONG = "ScenarioError"
FAULT = "Fault"


@dataclass(frozen=True)
class Told:
    """One thing that went wrong; `title` says it in short.

    `kind` is 'expectation', the type of what Keras raised, 'ScenarioError', or 'Fault' where the
    probe itself is at fault: then the complaint has the traceback.
    """

    title: str
    complaints: tuple[Complaint, ...]
    kind: str = EXPECTATION

    @property
    def error(self) -> bool:
        """Tell an error from an expectation that was not met."""
        return self.kind != EXPECTATION

    def __str__(self) -> str:
        """Render every complaint with its line and caret."""
        return "\n".join(map(str, self.complaints))


def told(report: ScenarioReport) -> Iterator[Told]:
    """Yield what went wrong, in the order in which it happened."""
    for done in report.operations:
        failure = done.outcome.failure
        if failure is not None and done.status == "error":
            yield Told(f"{done.operation} raised", (raised(report, done),), failure.type)
        yield from _unmet(report, done.verdicts)
    yield from _unmet(report, report.checks)
    if report.error is not None:
        yield _not_carried_out(report, report.error)


def _not_carried_out(report: ScenarioReport, error: str) -> Told:
    if report.fault is not None:
        place = Complaint(report.file, 1, 1, " ".join(error.split()), fault=report.fault)
        return Told("a fault of the probe", (*report.complaints, place), FAULT)
    first = error.partition("\n")[0]
    places = report.complaints or (Complaint(report.file, 1, 1, first),)
    return Told("not carried out", places, WRONG)


def _unmet(report: ScenarioReport, verdicts: Sequence[Verdict]) -> Iterator[Told]:
    for verdict in verdicts:
        if not verdict.passed:
            title = f"{verdict.selector}: {verdict.condition}"
            yield Told(title, complaints_about(report, verdict))


def unread(report: SuiteReport) -> dict[str, Told]:
    """Map each file that could not be read to what is wrong in it."""
    found: dict[str, list[Complaint]] = {}
    for complaint in report.complaints:
        found.setdefault(complaint.file, []).append(complaint)
    return {file: _told_of(own) for file, own in found.items()}


def _told_of(complaints: Sequence[Complaint]) -> Told:
    if any(complaint.fault for complaint in complaints):
        return Told("a fault of the probe", tuple(complaints), FAULT)
    return Told("the scenario is wrong", tuple(complaints), WRONG)


def raised(report: ScenarioReport, done: OperationReport) -> Complaint:
    """Say what Keras raised, at the place of the operation."""
    message = f"{done.operation} raised {done.outcome.failure}".replace("\n", " ")
    file = done.file or report.file
    return Complaint(file, done.line, done.column, message, done.source)


def complaints_about(report: ScenarioReport, verdict: Verdict) -> tuple[Complaint, ...]:
    """Say what speaks against an expectation, one complaint for each entry that is not met."""
    found = [str(broken) for broken in verdict.broken] or [verdict.message]
    place = (report.file, verdict.line, verdict.column)
    return tuple(Complaint(*place, " ".join(text.split()), verdict.source) for text in found)


def what(report: ScenarioReport) -> str:
    """Name a scenario on its engine."""
    return f"{report.id} ({report.engine})"


def held(report: ScenarioReport) -> str:
    """Count what held and what did not; no expectation is not one that held.

    What an error ended was not judged, to its end at least.
    """
    if not report.verdicts:
        return "not judged" if report.status == "error" else "nothing was expected"
    if report.cached:
        return f"{len(report.verdicts)} held; not run: unchanged since it passed, {report.cached}"
    failed = sum(not verdict.passed for verdict in report.verdicts)
    words = f"{len(report.verdicts) - failed} held"
    words += f", {failed} failed" if failed else ""
    return f"{words} before the error" if report.status == "error" else words


def total(suite: SuiteReport) -> str:
    """Count everything in one sentence."""
    wrong = f"{plural(len(suite.complaints), 'complaint')} about files that could not be read"
    cached = f" ({suite.cached} of them cached)" if suite.cached else ""
    expectations = sum(len(report.verdicts) for report in suite.scenarios)
    return (
        f"{plural(len(suite.scenarios), 'scenario')}: {suite.count('passed')} passed{cached},"
        f" {suite.count('failed')} failed, {plural(suite.count('error'), 'error')},"
        f" {suite.count(NO_EXPECTATIONS)} without expectations"
        f"{f', {len(suite.not_run)} not run' if suite.not_run else ''};"
        f" {plural(expectations, 'expectation')}{f'; {wrong}' if suite.complaints else ''}"
    )
