"""The pytest plugin: `*.probe.yaml` as tests, and the fixture `state_probe`.

It is loaded in every run of pytest where the package is installed, so that it imports nothing but
pytest until a scenario is collected or the fixture is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lstm_state_probe.pytesting.fixture import StateProbe

SUFFIXES = (".probe.yaml", ".probe.yml")
ENGINES = ("keras3", "tf_keras")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("lstm-state-probe", "scenarios of lstm-state-probe (*.probe.yaml)")
    group.addoption(
        "--probe-engine",
        action="append",
        choices=ENGINES,
        default=[],
        help="Run scenarios on this engine, whatever they say; twice for both.",
    )
    group.addoption(
        "--probe-allow-code",
        action="store_true",
        help="Let scenarios run Python code of their own, and load models that hold code.",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files."""
    if not file_path.name.endswith(SUFFIXES):
        return None
    from lstm_state_probe.pytesting.items import ProbeFile

    collected: pytest.Collector = ProbeFile.from_parent(parent, path=file_path)
    return collected


@pytest.fixture
def state_probe(request: pytest.FixtureRequest) -> StateProbe:
    """Record, keep, reset and restore the states of a model; run scenarios. Imports no Keras."""
    from lstm_state_probe.pytesting.fixture import StateProbe

    allowed = bool(request.config.getoption("--probe-allow-code"))
    return StateProbe(request.path.parent, allow_code=allowed)
