"""Scenarios as the items of pytest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.api.scenarios import NotMet, perform
from lstm_state_probe.errors import ProbeError, ScenarioError
from lstm_state_probe.safe import one_line, printable
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios

_ROUND = str.maketrans("[]", "()")
"""pytest takes brackets for the parameters of a test, and `--lf` misses such an item (9.2)."""


class ProbeFile(pytest.File):
    """A file of scenarios; each is an item, on each engine that was asked for."""

    def collect(self) -> Iterator[ProbeItem]:
        """Read the file.

        Raises:
            CollectError: with every complaint, as a compiler writes them.
        """
        engines = self.config.getoption("--probe-engine")
        for engine in dict.fromkeys(engines) or [None]:
            for scenario in self._read(engine):
                name = f"{scenario.name}[{engine}]" if engine else scenario.name
                name = one_line(name.translate(_ROUND))
                yield ProbeItem.from_parent(self, name=name, scenario=scenario)

    def _read(self, engine: str | None) -> Iterable[ScenarioFile]:
        try:
            return read_scenarios(self.path, shown=_shown(self), engine=engine)
        except ScenarioError as error:
            raise self.CollectError(printable(str(error))) from error


class ProbeItem(pytest.Item):
    """One scenario on one engine; its tags are marks."""

    def __init__(self, *, scenario: ScenarioFile, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scenario = scenario
        for tag in dict.fromkeys(scenario.spec.tags):
            # registered here, so that --strict-markers holds for the marks of tests alone
            self.config.addinivalue_line("markers", f"{one_line(tag)}: a tag of a scenario")
            self.add_marker(tag)

    def runtest(self) -> None:
        """Run the scenario.

        Raises:
            NotMet: if an expectation is not met.
            ProbeError: if the scenario could not be carried out.
        """
        allowed = bool(self.config.getoption("--probe-allow-code"))
        report = perform(self.scenario, allow_code=allowed)
        if not report.verdicts:
            pytest.skip("nothing was expected: nothing was judged")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show what did not hold with its place in the file; a fault of our own as any other."""
        if isinstance(excinfo.value, (NotMet, ProbeError)):
            return printable(str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Tell where the scenario begins: the line counts from 0."""
        at = ("name",) if ("name",) in self.scenario.document.keys else ()
        return self.path, self.scenario.document.complaint(at, "").line - 1, self.name


def _shown(node: pytest.File) -> str:
    """Name a file as it is named from where pytest was called."""
    try:
        return os.path.relpath(node.path, node.config.invocation_params.dir)
    except ValueError:  # on another drive
        return str(node.path)
