"""What a fork server imports once for all the processes that come from it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from lstm_state_probe.engines import load_engine
from lstm_state_probe.errors import EngineMissing
from lstm_state_probe.host.process import lean_imports

ENGINES = "LSTM_STATE_PROBE_ENGINES"
"""The variable that names the engines to a fork server, which takes no arguments."""


def preload(engines: Sequence[str]) -> None:
    """Import engines and run nothing; one that is missing is told of by the scenario's task."""
    with lean_imports():
        for name in engines:
            with suppress(EngineMissing):
                load_engine(name)


if ENGINES in os.environ:  # imported by a fork server, or by a process that came from one
    preload([name for name in os.environ[ENGINES].split(",") if name])
