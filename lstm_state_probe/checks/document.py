"""The JSON report of `probe check` as models; the schema is made from them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from lstm_state_probe.checks.base import BROKEN, HOLDS, NOT_APPLICABLE, NOT_DONE, Severity, Word
from lstm_state_probe.checks.report import CheckReport, SubjectReport
from lstm_state_probe.report.document import DEFINITIONS, Complaint, Environment, Part
from lstm_state_probe.safe import within_json
from lstm_state_probe.scenario.schema import draft7

SCHEMA_VERSION = 1


class Summary(Part):
    """How many subjects were asked, and the verdicts by their word."""

    subjects: int
    holds: int
    does_not_hold: int
    does_not_apply: int
    could_not_be_carried_out: int
    seconds: float


class Check(Part):
    """What was found of one property; `scenario` is the YAML that reproduces it."""

    name: str
    severity: Severity
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


def text(report: CheckReport) -> str:
    """Render the report as one JSON document."""
    document = as_dict(report)
    return within_json(
        json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ": "))
    )


def as_dict(report: CheckReport) -> dict[str, Any]:
    """Return the report as plain Python data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": dict(report.environment),
        "summary": {
            "subjects": len(report.subjects),
            "holds": report.count(HOLDS),
            "does_not_hold": report.count(BROKEN),
            "does_not_apply": report.count(NOT_APPLICABLE),
            "could_not_be_carried_out": report.count(NOT_DONE),
            "seconds": round(report.seconds, 6),
        },
        "subjects": [_subject(subject) for subject in report.subjects],
        "complaints": [
            {"file": c.file, "line": c.line, "column": c.column, "message": c.message}
            | ({"fault": c.fault} if c.fault else {})
            for c in report.complaints
        ],
    }


def _subject(subject: SubjectReport) -> dict[str, Any]:
    return {
        "id": subject.id,
        "file": subject.file,
        "engine": subject.engine,
        "error": subject.error,
        "fault": subject.fault,
        "seconds": round(subject.seconds, 6),
        "checks": [
            {**vars(verdict), "evidence": list(verdict.evidence)} for verdict in subject.verdicts
        ],
    }
