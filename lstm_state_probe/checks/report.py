"""What one call of `probe check` found, as plain, frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_state_probe.checks.base import CheckVerdict, Word
from lstm_state_probe.errors import Complaint


@dataclass(frozen=True)
class SubjectReport:
    """All verdicts on one scenario or model file on one engine.

    `error` says why nothing could be asked: the model cannot be built, or its inputs are unknown;
    `error_code` is then the exit code of that, `fault` the traceback if it is the probe's own.
    """

    id: str
    file: str
    engine: str
    verdicts: tuple[CheckVerdict, ...]
    seconds: float
    error: str | None = None
    error_code: int = 0
    fault: str | None = None

    def exit_code(self, *, strict: bool = False) -> int:
        """The highest of its verdicts."""
        codes = [verdict.exit_code(strict=strict) for verdict in self.verdicts]
        return max([self.error_code, *codes])


@dataclass(frozen=True)
class CheckReport:
    """All subjects of one call, the files that could not be read, and where it ran."""

    environment: Mapping[str, object]
    subjects: tuple[SubjectReport, ...]
    complaints: tuple[Complaint, ...]
    seconds: float

    def count(self, word: Word) -> int:
        """Count the verdicts of one word."""
        return sum(v.verdict == word for subject in self.subjects for v in subject.verdicts)

    def exit_code(self, *, strict: bool = False) -> int:
        """The highest of its subjects, and of the files that could not be read."""
        codes = [subject.exit_code(strict=strict) for subject in self.subjects]
        return max([*codes, *(complaint.exit_code for complaint in self.complaints), 0])
