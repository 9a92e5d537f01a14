"""What is remembered of the last run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lstm_state_probe.suite.last_run import FILE, FOLDER, Entry, read_last_run, remember


def keys(root: Path, *names: str) -> list[tuple[str, str]]:
    (root / "a.yaml").touch()
    return [(f"a.yaml::{name}", "keras3") for name in names]


def test_what_was_written_is_read(tmp_path) -> None:
    one, two = keys(tmp_path, "one", "two")
    done = [(one, Entry("failed", 1.5)), (two, Entry("passed", 2.0))]
    remember(read_last_run(tmp_path), done, timed=True)
    last = read_last_run(tmp_path)
    assert last.entries == dict(done)
    assert last.failed == {one}
    assert last.seconds == {one: 1.5, two: 2.0}


def test_what_did_not_run_keeps_failing_until_it_passes_or_its_file_is_gone(tmp_path) -> None:
    one, two = keys(tmp_path, "one", "two")
    remember(read_last_run(tmp_path), [(one, Entry("error", 1.0))], timed=True)
    remember(read_last_run(tmp_path), [(two, Entry("passed", 1.0))], timed=True)
    assert read_last_run(tmp_path).failed == {one}
    (tmp_path / "a.yaml").unlink()
    remember(read_last_run(tmp_path), [], timed=True)
    assert not read_last_run(tmp_path).entries


def test_a_shard_leaves_the_durations_as_they_were(tmp_path) -> None:
    one, two = keys(tmp_path, "one", "two")
    remember(read_last_run(tmp_path), [(one, Entry("passed", 1.0))], timed=True)
    done = [(one, Entry("failed", 9.0)), (two, Entry("failed", 9.0))]
    remember(read_last_run(tmp_path), done, timed=False)
    last = read_last_run(tmp_path)
    assert last.seconds == {one: 1.0}
    assert last.failed == {one, two}


def test_the_folder_is_a_cache_that_neither_git_nor_a_backup_takes(tmp_path) -> None:
    remember(read_last_run(tmp_path), [], timed=True)
    folder = tmp_path / FOLDER
    assert sorted(p.name for p in folder.iterdir()) == [".gitignore", "CACHEDIR.TAG", FILE]
    assert (folder / ".gitignore").read_text() == "*\n"
    tag = (folder / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 5000, '{"version": 1}', '{"version": 1, "scenarios": 3}'),
        *('{"version": 1, "scenarios": [{}]}', '{"version": 9, "scenarios": []}'),
    ],
)
def test_a_damaged_cache_is_an_empty_one(text: str, tmp_path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / FILE).write_text(text)
    assert not read_last_run(tmp_path).entries


@pytest.mark.parametrize("seconds", [None, "x", float("nan"), -1, 10**400])
def test_a_duration_that_is_none_is_left_out(seconds: object, tmp_path) -> None:
    (tmp_path / FOLDER).mkdir()
    entry = {"id": "a::b", "engine": "keras3", "status": "failed", "seconds": seconds}
    text = json.dumps({"version": 1, "scenarios": [entry]})
    (tmp_path / FOLDER / FILE).write_text(text)
    last = read_last_run(tmp_path)
    assert not last.seconds
    assert last.failed == {("a::b", "keras3")}


def test_a_key_is_the_same_from_every_folder(tmp_path, monkeypatch) -> None:
    last = read_last_run(tmp_path)
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    here = last.key(Path("x.yaml"), "n", "keras3")
    monkeypatch.chdir(tmp_path)
    assert here == last.key(Path("sub") / "x.yaml", "n", "keras3") == ("sub/x.yaml::n", "keras3")
