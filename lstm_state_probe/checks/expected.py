"""The `checks:` of a scenario: the verdicts that it expects of the properties of its model."""

from __future__ import annotations

from dataclasses import replace

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.base import CheckVerdict
from lstm_state_probe.checks.battery import check
from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ProbeError, caught
from lstm_state_probe.expectations.judge import spot
from lstm_state_probe.expectations.verdict import Broken, Verdict
from lstm_state_probe.report.data import ScenarioReport, ended_by, status_of
from lstm_state_probe.runner import Wishes, run_scenario
from lstm_state_probe.scenario.read import ScenarioFile


def run_and_check(
    scenario: ScenarioFile, engine: Engine, wishes: Wishes | None = None
) -> ScenarioReport:
    """Run a scenario, and judge the properties that it expects of its model."""
    report = run_scenario(scenario, engine, wishes)
    allow_code = wishes is not None and wishes.allow_code
    made = caught(lambda: with_checks(report, scenario, engine, allow_code=allow_code))
    return ended_by(report, made) if isinstance(made, ProbeError) else made


def with_checks(
    report: ScenarioReport, scenario: ScenarioFile, engine: Engine, *, allow_code: bool = False
) -> ScenarioReport:
    """Add the verdicts on a scenario's `checks` to its report.

    A check that could not be carried out counts as one that is not met, with exit 3. Nothing is
    checked of a scenario that ended in an error.
    """
    wanted = scenario.spec.checks
    if not wanted or report.status == "error":
        return report
    chosen = [one for name, one in PROPERTIES.items() if name in wanted]
    found = check(scenario, engine, chosen, allow_code=allow_code)
    if found.error is not None:
        return replace(
            report,
            status="error",
            error=found.error,
            fault=found.fault,
            exit_code=found.error_code,
        )
    judged = {verdict.name: _judge(scenario, verdict) for verdict in found.verdicts}
    checks = tuple(judged[name] for name in wanted)
    status = status_of(report.operations, None, False, checks)
    codes = [verdict.exit_code() for verdict in found.verdicts]
    not_met = int(not all(verdict.passed for verdict in checks))
    undone = max((code for code in codes if code > 1), default=0)  # 3, or 4 of a fault of ours
    code = max(report.exit_code, undone, not_met)
    fault = next((v.fault for v in found.verdicts if v.fault is not None), None)
    return replace(report, checks=checks, status=status, exit_code=code, fault=fault)


def _judge(scenario: ScenarioFile, found: CheckVerdict) -> Verdict:
    wanted = (scenario.spec.checks or {})[found.name]
    passed = found.verdict in wanted.split(" or ")
    written = scenario.document.data["checks"]
    last = found.name if isinstance(written, dict) else written.index(found.name)
    at = spot(scenario, ("checks", last))
    words = f"it {found.verdict}: {found.why}"
    if passed:
        return Verdict(found.name, wanted, True, words, at.line, at.column, source=at.source)
    broken = Broken(found.name, f"that it {wanted}", words)
    return Verdict.failing(found.name, wanted, broken, at=at)
