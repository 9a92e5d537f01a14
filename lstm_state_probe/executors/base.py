"""Where scenarios are carried out: the interface of a workplace, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lstm_state_probe.errors import ProbeError, caught
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile


@dataclass(frozen=True)
class Done:
    """What became of a scenario, and what it was carried out with, if it was."""

    report: ScenarioReport
    environment: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Terms:
    """How scenarios shall be carried out.

    `jobs` is the number of processes; `timeout` the seconds that one scenario may take, None for
    any; `cluster` the address of a Dask scheduler; `sent` further files and folders that travel
    to it with each scenario.
    """

    wishes: Wishes = field(default_factory=Wishes)
    engines: tuple[str, ...] = ()
    jobs: int = 1
    timeout: float | None = None
    cluster: str | None = None
    sent: tuple[Path, ...] = ()

    @property
    def place(self) -> str:
        """The workplace that does it, a key of `WORKPLACES`."""
        if self.cluster is not None:
            return "dask"
        return "processes" if self.jobs > 1 or self.timeout is not None else "here"


def left(*deeds: Callable[[], object]) -> None:
    """Leave a workplace: each deed is tried, whatever became of the others.

    A scheduler, a client or a pool that is gone already says so by whatever it likes (distributed
    2026.8: `ClosedClientError`); what became of the scenarios is known by then and is not lost.
    """
    for deed in deeds:
        caught(deed)


class Workplace(Protocol):
    """An executor, and what must be known of it to hand scenarios to it."""

    @property
    def executor(self) -> Executor:
        """Carries out what `pack` gives."""
        ...

    @property
    def again(self) -> Sequence[type[BaseException]]:
        """The errors of a task that was never begun and may be handed out once more."""
        ...

    def slots(self) -> int:
        """Return how many tasks shall be handed out at a time."""
        ...

    def pack(self, scenario: ScenarioFile) -> Callable[[], Done | str]:
        """Make of a scenario what the executor calls; a text says why it was not carried out."""
        ...

    def explain(self, error: BaseException) -> str | None:
        """Say what an error of a task means for its scenario; None if it is a fault of ours."""
        ...

    def gone(self) -> str | None:
        """Say why nothing that is handed out will ever come back; None while it may."""
        ...


def lost(
    scenario: ScenarioFile, why: str | ProbeError, *, seconds: float = 0.0, exit_code: int = 3
) -> ScenarioReport:
    """Report a scenario that was not carried out, or not to its end; an error says its own code."""
    return ScenarioReport(
        id=scenario.id,
        name=scenario.name,
        description=scenario.spec.description,
        file=scenario.document.file,
        engine=scenario.engine,
        seed=scenario.spec.seed,
        status="error",
        seconds=seconds,
        layers=(),
        initialised={},
        operations=(),
        not_done=len(scenario.spec.operations),
        error=str(why),
        exit_code=why.exit_code if isinstance(why, ProbeError) else exit_code,
        fault=why.traceback if isinstance(why, ProbeError) else None,
    )
