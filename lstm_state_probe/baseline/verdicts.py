"""Puts the verdict on a baseline into the report of its scenario."""

from __future__ import annotations

from dataclasses import replace

from lstm_state_probe.expectations.verdict import Broken, Spot, Verdict
from lstm_state_probe.report.data import OperationReport, ScenarioReport, status_of

BASELINE = "baseline"
CONDITION = "as stored"


def with_verdict(
    report: ScenarioReport, *found: Broken | str, operation: int | None = None
) -> ScenarioReport:
    """Add a verdict: what speaks against the scenario, or a text where nothing does.

    It stands at the operation of that index, or at the last.
    """
    done = list(report.operations)
    if not done:
        return report
    at = len(done) - 1
    if operation is not None:
        at = next(k for k, one in enumerate(done) if one.index == operation)
    verdict = _verdict(done[at], *found)
    done[at] = replace(done[at], verdicts=(*done[at].verdicts, verdict))
    return replace(
        report,
        operations=tuple(done),
        status=status_of(done, None, False, report.checks),
        exit_code=max(report.exit_code, int(not verdict.passed)),
    )


def _verdict(done: OperationReport, *found: Broken | str) -> Verdict:
    broken = [one for one in found if isinstance(one, Broken)]
    at = Spot(done.line, done.column, done.source)
    if broken:
        return Verdict.failing(BASELINE, CONDITION, *broken, at=at)
    message = "; ".join(map(str, found))
    return Verdict(BASELINE, CONDITION, True, message, at.line, at.column, source=at.source)
