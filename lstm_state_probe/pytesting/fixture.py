"""What the fixture `state_probe` hands to a test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lstm_state_probe.api.files import load_states, save_states
from lstm_state_probe.api.record import record
from lstm_state_probe.api.scenarios import run_file
from lstm_state_probe.api.states import preserved, reset, restore, snapshot

if TYPE_CHECKING:
    from lstm_state_probe.report.data import ScenarioReport


class StateProbe:
    """The functions of the package, and `run` for a scenario file beside the test."""

    record = staticmethod(record)
    snapshot = staticmethod(snapshot)
    restore = staticmethod(restore)
    reset = staticmethod(reset)
    preserved = staticmethod(preserved)
    save_states = staticmethod(save_states)
    load_states = staticmethod(load_states)

    def __init__(self, folder: Path, *, allow_code: bool) -> None:
        self.folder = folder
        self.allow_code = allow_code

    def run(self, path: str | Path, *, engine: str | None = None) -> tuple[ScenarioReport, ...]:
        """Run every scenario of a file; a relative path is relative to the test's own file.

        Raises:
            AssertionError: if an expectation is not met, with its place in the file.
            ProbeError: if the file is wrong, or a scenario could not be carried out.
        """
        __tracebackhide__ = True
        return run_file(self.folder / path, engine=engine, allow_code=self.allow_code)
