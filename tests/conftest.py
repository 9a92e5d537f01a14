"""The engines, and scenarios that are written in a test and run at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from tests.rows import chosen

if TYPE_CHECKING:
    from lstm_state_probe.engines import Engine
    from lstm_state_probe.report.data import ScenarioReport
    from lstm_state_probe.scenario.read import ScenarioFile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="every row of every matrix of tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out rows of matrices, unless all are asked for or a test is named by its row."""
    if config.getoption("--whole") or any("[" in word for word in config.args):
        return
    items[:], rest = chosen(items)
    config.hook.pytest_deselected(items=rest)


@pytest.fixture(autouse=True, scope="session")
def _not_in_ci() -> None:
    """Be no job of CI: what is told there only is told in the tests that set these names."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        os.environ.pop(name, None)


@pytest.fixture(scope="session")
def engine_named() -> Callable[[str], Engine]:
    """Load an engine; a test that asks for a missing one is skipped with the reason."""
    from lstm_state_probe.engines import load_engine
    from lstm_state_probe.errors import EngineMissing

    def load(name: str) -> Engine:
        try:
            return load_engine(name)
        except EngineMissing as missing:
            pytest.skip(str(missing))

    return load


@pytest.fixture(scope="session", params=["keras3", "tf_keras"])
def engine(request: pytest.FixtureRequest, engine_named: Callable[[str], Engine]) -> Engine:
    """Each engine in turn."""
    return engine_named(request.param)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., ScenarioFile]:
    """Write a text into `scenario.yaml` and read it for an engine."""
    from lstm_state_probe.scenario.read import read_scenarios

    def read_text(text: str, engine: str = "keras3") -> ScenarioFile:
        file = tmp_path / "scenario.yaml"
        file.write_text(dedent(text), encoding="utf-8")
        (scenario,) = read_scenarios(file, shown="scenario.yaml", engine=engine)
        return scenario

    return read_text


@pytest.fixture
def run(read: Callable[..., ScenarioFile]) -> Callable[..., ScenarioReport]:
    """Write a text into `scenario.yaml`, read it and run it on an engine."""
    from lstm_state_probe.runner import run_scenario

    def run_text(text: str, *, engine: Engine) -> ScenarioReport:
        return run_scenario(read(text, engine.name), engine)

    return run_text
