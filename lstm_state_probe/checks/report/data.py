"""What one call of `probe check` found, as plain, frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_state_probe.checks.base import BROKEN, HOLDS, NOT_APPLICABLE, NOT_DONE, CheckVerdict
from lstm_state_probe.errors import Complaint


@dataclass(frozen=True)
class SubjectReport:
    """All verdicts on one scenario or model file on one engine.

    `error` says why nothing could be asked: the model cannot be built, or its inputs are unknown;
    `error_code` is then the exit code of that, `fault` the traceback if it is the probe's own.
    `untrained` tells that only an architecture was given, so that the verdicts are on weights that
    Keras drew.
    """

    id: str
    file: str
    engine: str
    verdicts: tuple[CheckVerdict, ...]
    seconds: float
    error: str | None = None
    error_code: int = 0
    fault: str | None = None
    untrained: bool = False

    def exit_code(self, *, strict: bool = False) -> int:
        """The highest of its verdicts."""
        codes = [verdict.exit_code(strict=strict) for verdict in self.verdicts]
        return max([self.error_code, *codes])


@dataclass(frozen=True)
class Counts:
    """How many verdicts there are of each kind; what warns does not count as not holding."""

    holds: int
    does_not_hold: int
    warnings: int
    does_not_apply: int
    could_not_be_carried_out: int


@dataclass(frozen=True)
class CheckReport:
    """All subjects of one call, the files that could not be read, and where it ran."""

    environment: Mapping[str, object]
    subjects: tuple[SubjectReport, ...]
    complaints: tuple[Complaint, ...]
    seconds: float

    def counts(self, *, strict: bool = False) -> Counts:
        """Count the verdicts, for the text and the JSON alike; the exit code goes by the same."""
        verdicts = [verdict for subject in self.subjects for verdict in subject.verdicts]
        warnings = sum(verdict.warns(strict=strict) for verdict in verdicts)
        words = [verdict.verdict for verdict in verdicts]
        return Counts(
            words.count(HOLDS),
            words.count(BROKEN) - warnings,
            warnings,
            words.count(NOT_APPLICABLE),
            words.count(NOT_DONE),
        )

    def exit_code(self, *, strict: bool = False) -> int:
        """The highest of its subjects, and of the files that could not be read."""
        codes = [subject.exit_code(strict=strict) for subject in self.subjects]
        return max([*codes, *(complaint.exit_code for complaint in self.complaints), 0])
