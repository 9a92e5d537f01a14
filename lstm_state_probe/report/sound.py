"""A scenario that cannot be written, or shown, by a fault of ours takes no other with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lstm_state_probe.errors import Fault, ProbeError, caught
from lstm_state_probe.report.data import ScenarioReport, SuiteReport, bare, ended_by

Deed = Callable[[SuiteReport], object]


def show(report: ScenarioReport, view: Callable[[ScenarioReport], None]) -> ScenarioReport:
    """Show a scenario; one that cannot be shown is shown without its states, and is an error.

    Raises:
        OSError: where nobody reads what is shown.
    """
    error = caught(lambda: view(report), but=(OSError,))
    if not isinstance(error, ProbeError):
        return report
    ended = ended_by(report, error)
    caught(lambda: view(bare(ended)), but=(OSError,))
    return ended


def soundly(report: SuiteReport, deed: Deed, trial: Deed | None = None) -> Fault | None:
    """Do something with a report; where that fails, again without what cannot be done with.

    Which scenarios these are is found out by a `trial` with each alone, which leaves no trace.
    They are told as errors, with the traceback. The fault that is returned says what was left out;
    one with a traceback says that nothing could be done.

    Raises:
        OSError: if it cannot be written.
    """
    error = caught(lambda: deed(report), but=(OSError,))
    if not isinstance(error, ProbeError):
        return None
    whole = Fault(str(error), error.traceback)
    kept = tuple(_tried(scenario, report, trial or deed) for scenario in report.scenarios)
    faulty = [new.id for new, old in zip(kept, report.scenarios, strict=True) if new is not old]
    again = caught(lambda: deed(replace(report, scenarios=kept)), but=(OSError,))
    if not faulty or isinstance(again, ProbeError):
        return whole
    return Fault(f"{error}; without the states of {', '.join(faulty)}")


def _tried(scenario: ScenarioReport, report: SuiteReport, trial: Deed) -> ScenarioReport:
    alone = replace(report, scenarios=(scenario,), complaints=(), not_run=())
    error = caught(lambda: trial(alone))
    return bare(ended_by(scenario, error)) if isinstance(error, ProbeError) else scenario
