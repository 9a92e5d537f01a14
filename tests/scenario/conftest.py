"""Writes scenarios to files and reads them; nothing here imports TensorFlow, Keras or NumPy."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from scenario_strategies import Complain, Read, Write

from lstm_state_probe.errors import Complaint, ScenarioError
from lstm_state_probe.scenario.read import read_scenarios


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "scenario.yaml"
        path.write_bytes(textwrap.dedent(text).lstrip("\n").encode("utf-8", "surrogatepass"))
        return path

    return write


@pytest.fixture
def read(write: Write) -> Read:
    return lambda text: read_scenarios(write(text))


@pytest.fixture
def complain(write: Write) -> Complain:
    def complain(text: str, *, engine: str | None = None) -> list[Complaint]:
        path = write(text)
        with pytest.raises(ScenarioError) as caught:
            read_scenarios(path, shown="s.yaml", engine=engine)
        return list(caught.value.complaints)

    return complain
