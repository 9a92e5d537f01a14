"""What is shown on stdout: the interface, and what a user can choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lstm_state_probe.report.data import ScenarioReport, SuiteReport


@dataclass(frozen=True)
class ShowOptions:
    """What the tables show; None leaves the choice to the width of the terminal.

    `verbosity`: -1 the summary alone, 0 the tables, 1 also every call and every verdict.
    """

    units: int | None = None
    samples: int | None = None
    precision: int = 4
    full: bool = False
    verbosity: int = 0


class Shown(Protocol):
    """Shows a report on a console, scenario by scenario."""

    def scenario(self, report: ScenarioReport) -> None:
        """Show one scenario as soon as it is done."""
        ...

    def end(self, report: SuiteReport) -> None:
        """Show what is said once at the end."""
        ...
