"""What is shown on stdout: the interface, and what a user can choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lstm_state_probe.report.data import ScenarioReport, SuiteReport


@dataclass(frozen=True)
class ShowOptions:
    """What the tables show; None leaves the choice to the width of the terminal.

    `verbosity`: -1 the summary alone, 0 the tables, 1 also every call and every verdict.
    `timesteps`: 'all', 'digest', indices, or a stride; None shows no table of timesteps.
    `show` are selectors of states and gates, `operations` numbers (from 1), labels or names,
    `sample` the one sample that is shown.
    `view`: 'table' shows every moment of every state at length, None a few lines of each.
    `calls`: 'first', 'last' or 'all' make a table a call; None sums the calls up in one.
    """

    units: int | None = None
    samples: int | None = None
    precision: int = 4
    full: bool = False
    verbosity: int = 0
    timesteps: str | tuple[int, ...] | int | None = None
    gates: bool = False
    calls: str | None = None
    ledger: bool = False
    view: str | None = None
    show: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    sample: int | None = None

    @property
    def at_length(self) -> bool:
        """Tell whether every moment of every state has a table of its own."""
        return self.view == "table" or self.full or self.each_call is not None

    @property
    def over_time(self) -> bool:
        """Tell whether tables of timesteps are wanted."""
        return self.timesteps is not None or (self.gates and self.at_length)

    @property
    def each_call(self) -> str | None:
        """Tell which calls have tables of their own; None where one table sums them up."""
        return self.calls or ("all" if self.verbosity > 0 else None)


class Shown(Protocol):
    """Shows a report on a console, scenario by scenario."""

    def scenario(self, report: ScenarioReport) -> None:
        """Show one scenario as soon as it is done."""
        ...

    def end(self, report: SuiteReport) -> None:
        """Show what is said once at the end."""
        ...
