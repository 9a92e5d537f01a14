"""The names that users rely on, and that importing them costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import lstm_state_probe

NAMES = {
    "Recording",
    "Snapshot",
    "StateRecorder",
    "__version__",
    "load_recording",
    "load_states",
    "preserved",
    "record",
    "reset",
    "restore",
    "save_states",
    "snapshot",
}
HEAVY = ("tensorflow", "keras", "tf_keras", "xarray", "tensorboard")


def loaded_after(program: str) -> set[str]:
    """Run a program in a fresh Python; return which heavy packages it imported."""
    line = f"{program}; import sys; print(*(m for m in {(*HEAVY, 'numpy')!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert set(lstm_state_probe.__all__) == NAMES
    assert set(dir(lstm_state_probe)) >= NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_public_name_resolves_and_is_documented(name: str) -> None:
    assert getattr(lstm_state_probe, name).__doc__


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'recrod'"):
        lstm_state_probe.recrod  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_after("import lstm_state_probe") == set()


def test_resolving_every_name_loads_no_keras() -> None:
    assert loaded_after("from lstm_state_probe import *") <= {"numpy"}


def test_the_plugin_of_pytest_loads_nothing_heavy() -> None:
    assert loaded_after("import lstm_state_probe.pytest_plugin") == set()
