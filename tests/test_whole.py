"""A file is there whole or not at all; what is an input is not written over."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from lstm_state_probe.errors import UsageError
from lstm_state_probe.whole import MARK, not_inputs, read_regular, replacing, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def beside(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(MARK)]


def test_a_block_that_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "f"
    write_whole(file, "old")

    def interrupted() -> None:
        with replacing(file) as new:
            new.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["f"]


def test_a_link_stays_one_and_the_permissions_stay_as_they_are(tmp_path: Path) -> None:
    file, link = tmp_path / "f", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_new_file_has_the_permissions_that_any_has(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_whole(tmp_path / "f", "")
    assert (tmp_path / "f").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_whole(tmp_path / "pipe", "through")
    reader.join(10)
    assert found == ["through"]


def test_what_a_killed_writer_left_goes_with_the_next_write_and_what_is_being_written_stays(
    tmp_path: Path,
) -> None:
    (tmp_path / f".dead{MARK}").write_text("half")
    with replacing(tmp_path / "slow") as slow:
        slow.write(b"slow")
        write_whole(tmp_path / "quick", "quick")
        assert len(beside(tmp_path)) == 1
    assert names(tmp_path) == ["quick", "slow"]


def test_a_writer_whose_file_another_took_for_a_stray_one_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, taken = fcntl.flock, []

    def late(handle: int, how: int) -> None:
        if not taken:
            taken.extend(beside(tmp_path))
            taken[0].unlink()
        lock(handle, how)

    monkeypatch.setattr("lstm_state_probe.whole.fcntl.flock", late)
    write_whole(tmp_path / "f", "whole")
    assert taken
    assert (tmp_path / "f").read_text() == "whole"
    assert names(tmp_path) == ["f"]


@pytest.mark.parametrize("name", ["a.json", "sub/../a.json", "soft.json", "hard.json", "./a.json"])
def test_an_input_is_refused_by_whatever_name(tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}")
    (tmp_path / "sub").mkdir()
    (tmp_path / "soft.json").symlink_to("a.json")
    (tmp_path / "hard.json").hardlink_to(file)
    with pytest.raises(UsageError, match="is an input of the same call"):
        not_inputs([tmp_path / name], [file])
    not_inputs([tmp_path / "b.json"], [file])


def test_what_is_not_there_is_known_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "dangling.json").symlink_to("gone.json")
    with pytest.raises(UsageError):
        not_inputs([tmp_path / "dangling.json"], [tmp_path / "gone.json"])


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_found_by_its_name_and_is_no_regular_file_is_told_and_blocks_nothing(
    tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "found"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place.symlink_to("/dev/zero")
    else:
        place.mkdir()
    with pytest.raises(OSError, match=r"regular file|directory"):
        read_regular(place)
