"""A property of correct state handling, and what is found of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lstm_state_probe.checks.sketch import Sketch
from lstm_state_probe.errors import Fault

Severity = Literal["error", "warn"]
Word = Literal["holds", "does not hold", "does not apply", "could not be carried out"]
HOLDS: Word = "holds"
BROKEN: Word = "does not hold"
NOT_APPLICABLE: Word = "does not apply"
NOT_DONE: Word = "could not be carried out"


@dataclass(frozen=True)
class Property:
    """One question about a model, answered by the expectations of an ordinary scenario.

    `draw` fills a sketch with operations whose expectations are met where the property holds, and
    raises `DoesNotApply` where the question has no sense. With the severity `warn` the answer no
    is one that Keras itself gives, or a matter of taste: it is told and fails nothing.
    """

    name: str
    question: str
    meaning: str
    severity: Severity
    draw: Callable[[Sketch], None]


@dataclass(frozen=True)
class Drawn:
    """The scenario of a property for one subject, as it is written to a file."""

    property: Property
    text: str


@dataclass(frozen=True)
class NotApplicable:
    """Why a property has no sense for a subject."""

    property: Property
    why: str


@dataclass(frozen=True)
class CheckVerdict:
    """What was found of one property: the word, why in one line, what was seen.

    `evidence` are the messages of the expectations, those that were not met alone where one was
    not; `scenario` is the text of the file that reproduces it, None where there is none. `fault` is
    the traceback where the probe itself could not answer.
    """

    name: str
    severity: Severity
    question: str
    meaning: str
    verdict: Word
    why: str
    evidence: tuple[str, ...] = ()
    scenario: str | None = None
    seconds: float = 0.0
    fault: str | None = None

    def warns(self, *, strict: bool = False) -> bool:
        """Tell whether it does not hold and is a mere warning: told, counted so, failing nothing.

        What could not be carried out is no warning, whatever it was to tell.
        """
        return self.verdict == BROKEN and self.severity == "warn" and not strict

    def exit_code(self, *, strict: bool = False) -> int:
        """4 or 3 where it could not be carried out, 1 where it does not hold and is no warning."""
        if self.fault is not None:
            return Fault.exit_code
        broken = int(not self.warns(strict=strict))
        return {NOT_DONE: 3, BROKEN: broken}.get(self.verdict, 0)


Written = Mapping[str, Any]
