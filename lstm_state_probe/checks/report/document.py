"""The JSON report of `probe check` as models; the schema is made from them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from lstm_state_probe.checks.base import Severity, Word
from lstm_state_probe.checks.report.data import CheckReport, SubjectReport
from lstm_state_probe.report.json.document import DEFINITIONS, Complaint, Environment, Part
from lstm_state_probe.safe import within_json
from lstm_state_probe.scenario.written.schema import draft7

SCHEMA_VERSION = 1


class Summary(Part):
    """How many subjects were asked, and the verdicts by their word.

    What does not hold and is a mere warning counts under `warnings` alone; `strict` has none.
    """

    subjects: int
    strict: bool
    holds: int
    does_not_hold: int
    warnings: int
    does_not_apply: int
    could_not_be_carried_out: int
    seconds: float


class Check(Part):
    """What was found of one property; `scenario` is the YAML that reproduces it.

    `warning` tells that it does not hold and counts as a warning.
    """

    name: str
    severity: Severity
    warning: bool
    question: str
    meaning: str
    verdict: Word
    why: str
    evidence: list[str]
    scenario: str | None
    seconds: float
    fault: str | None = None


class Subject(Part):
    """One scenario or model file on one engine."""

    id: str
    file: str
    engine: Literal["keras3", "tf_keras"]
    error: str | None
    fault: str | None = None
    untrained: bool
    seconds: float
    checks: list[Check]


class Checks(Part):
    """The report of one call of `probe check`."""

    schema_version: Annotated[int, Field(ge=1)]
    environment: Environment
    summary: Summary
    subjects: list[Subject]
    complaints: list[Complaint]


def check_schema() -> dict[str, Any]:
    """Return the draft-07 schema of the JSON report of `probe check`."""
    return draft7(Checks, definitions=DEFINITIONS, mode="serialization")


def text(report: CheckReport, *, strict: bool = False) -> str:
    """Render the report as one JSON document."""
    document = as_dict(report, strict=strict)
    return within_json(
        json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ": "))
    )


def as_dict(report: CheckReport, *, strict: bool = False) -> dict[str, Any]:
    """Return the report as plain Python data; `strict` has warnings count as what fails."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": dict(report.environment),
        "summary": {
            "subjects": len(report.subjects),
            "strict": strict,
            **vars(report.counts(strict=strict)),
            "seconds": round(report.seconds, 6),
        },
        "subjects": [_subject(subject, strict=strict) for subject in report.subjects],
        "complaints": [
            {"file": c.file, "line": c.line, "column": c.column, "message": c.message}
            | ({"fault": c.fault} if c.fault else {})
            for c in report.complaints
        ],
    }


def _subject(subject: SubjectReport, *, strict: bool) -> dict[str, Any]:
    return {
        "id": subject.id,
        "file": subject.file,
        "engine": subject.engine,
        "error": subject.error,
        "fault": subject.fault,
        "untrained": subject.untrained,
        "seconds": round(subject.seconds, 6),
        "checks": [
            {
                **vars(verdict),
                "warning": verdict.warns(strict=strict),
                "evidence": list(verdict.evidence),
            }
            for verdict in subject.verdicts
        ],
    }
