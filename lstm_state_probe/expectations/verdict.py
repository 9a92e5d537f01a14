"""What became of one expectation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What became of one expectation; `line` and `column` count from 1."""

    selector: str
    condition: str
    passed: bool
    message: str
    line: int
    column: int
