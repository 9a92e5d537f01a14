"""What may not be read is told, and never left out: files, folders below, saved models."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.checks.select import is_model
from lstm_state_probe.errors import UsageError
from lstm_state_probe.model.takes.input_files import must_exist, read_inputs
from lstm_state_probe.scenario.saved.pointers import refuse_pointer
from lstm_state_probe.suite.run import find_files


@pytest.fixture
def shut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that nobody may read; those who test may be the superuser, who may."""
    folder = tmp_path / "shut"
    folder.mkdir()
    (folder / "s.yaml").touch()
    (tmp_path / "open.yaml").touch()

    def refused(act: Any) -> Any:
        def acted(path: Any, *args: Any, **kwargs: Any) -> Any:
            if Path(os.fspath(path)).is_relative_to(folder):
                raise PermissionError(13, "Permission denied", os.fspath(path))
            return act(path, *args, **kwargs)

        return acted

    for name in ("scandir", "listdir", "stat"):
        monkeypatch.setattr(os, name, refused(getattr(os, name)))
    return folder


def test_a_folder_that_cannot_be_read_is_not_left_out_of_a_search(shut: Path) -> None:
    for path in (shut.parent, shut, shut / "s.yaml"):
        with pytest.raises(UsageError, match=r"shut.*cannot be read: Permission denied") as caught:
            find_files([str(path)])
        assert caught.value.exit_code == 2
    assert [p.name for p in find_files([str(shut.parent / "open.yaml")])] == ["open.yaml"]


def test_a_model_or_an_input_that_cannot_be_read_is_told(shut: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        is_model(shut / "folder")
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        must_exist(shut / "m.keras", "model")
    with pytest.raises(UsageError, match="cannot be read: Permission denied"):
        read_inputs([str(shut / "x.npy")])
    with pytest.raises(PermissionError):  # told by whoever loads, with the name of the model
        refuse_pointer(shut.parent)
