"""Several reports put together into one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report.data import ScenarioReport, SuiteReport


@dataclass(frozen=True)
class Merged:
    """The one report, and in words what the environments do not have in common."""

    report: SuiteReport
    differences: tuple[str, ...]


def merge(reports: Sequence[tuple[str, SuiteReport]], *, allow_duplicates: bool = False) -> Merged:
    """Put reports together in their order; they come with the names of their files.

    A value of the environment that differs is kept once for each value. A complaint that several
    reports hold is told once. Of a scenario that ran twice on one engine both are kept.

    Raises:
        UsageError: if a scenario ran twice on one engine, unless `allow_duplicates`.
    """
    if not allow_duplicates:
        _refuse_duplicates(reports)
    environments = [report.environment for _, report in reports]
    whole = SuiteReport(
        dict(_environment(environments)),
        tuple(scenario for _, report in reports for scenario in report.scenarios),
        tuple(dict.fromkeys(c for _, report in reports for c in report.complaints)),
        sum(report.seconds for _, report in reports),
        interrupted=any(report.interrupted for _, report in reports),
        not_run=tuple(name for _, report in reports for name in report.not_run),
    )
    return Merged(whole, tuple(_differences(environments)))


def _refuse_duplicates(reports: Sequence[tuple[str, SuiteReport]]) -> None:
    seen: dict[tuple[str, str], int] = {}
    for k, (name, report) in enumerate(reports):
        for scenario in report.scenarios:
            first = seen.setdefault(_key(scenario), k)
            if first != k:
                raise UsageError(
                    f"{scenario.id} on {scenario.engine} is in {reports[first][0]} and in {name};"
                    " --allow-duplicates keeps both"
                )


def _key(scenario: ScenarioReport) -> tuple[str, str]:
    return scenario.id, scenario.engine


def _environment(found: Sequence[Mapping[str, object]]) -> Iterator[tuple[str, object]]:
    for name in dict.fromkeys(name for environment in found for name in environment):
        values = [environment[name] for environment in found if name in environment]
        if all(isinstance(value, list) for value in values):
            yield name, max(values, key=lambda value: len(value) if isinstance(value, list) else 0)
        else:
            yield name, ", ".join(dict.fromkeys(map(str, values)))


def _differences(found: Sequence[Mapping[str, object]]) -> Iterator[str]:
    for name in dict.fromkeys(name for environment in found for name in environment):
        values = dict.fromkeys(str(e[name]) for e in found if name in e)
        if len(values) > 1:
            yield f"{name}: {' and '.join(values)}"
