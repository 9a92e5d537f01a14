"""What writes files: each deed with what must be true of its file at any moment."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lstm_state_probe.api.files import _read as read_states
from lstm_state_probe.api.files import save_states
from lstm_state_probe.api.states import Snapshot
from lstm_state_probe.baseline import store
from lstm_state_probe.baseline.digest import Digest, Entry, sha256
from lstm_state_probe.cli import run_command_line
from lstm_state_probe.host.environment import without_tensorflow
from lstm_state_probe.report.about import read_arrays
from lstm_state_probe.report.data import SuiteReport
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.write import write_all, writers
from lstm_state_probe.suite.last_run import Entry as Ran
from lstm_state_probe.suite.last_run import LastRun, read_last_run, remember

LENGTH = 400
"""Values of an array: enough for a file of several blocks."""


@dataclass(frozen=True)
class Deed:
    """Writes the k-th version into a folder; `check` raises if what is there is none."""

    write: Callable[[Path, int], None]
    check: Callable[[Path], None]


class Told(Exception):
    """A command ended with an exit code."""

    def __init__(self, code: int) -> None:
        self.exit_code = code
        super().__init__(f"exit {code}")


def report(k: int) -> SuiteReport:
    found = without_tensorflow()
    return SuiteReport(found, (), (), float(k), not_run=(f"x.yaml::{'n' * LENGTH}",) * 5)


def write_reports(folder: Path, k: int) -> None:
    names = (f"r{suffix}" for suffix in (".json", ".md", ".junit.xml", ".html", ".tap", ".npz"))
    write_all(report(k), writers([str(folder / name) for name in names]))


def check_reports(folder: Path) -> None:
    assert read_report(folder / "r.json").not_run == report(0).not_run
    assert read_arrays(folder / "r.npz").not_run == report(0).not_run
    assert (folder / "r.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert (folder / "r.junit.xml").read_text(encoding="utf-8").rstrip().endswith(">")


def values(k: int) -> np.ndarray:
    return np.full(LENGTH, k, np.float32)


def write_baseline(folder: Path, k: int) -> None:
    array = values(k)
    one = Entry(sha256=sha256(array), dtype="float32", shape=(LENGTH,))
    digest = Digest(scenario="x.yaml::x", engine="keras3", seed=0, made_with={}, values={"a": one})
    store.write(
        store.path_of(folder, "x.yaml::x", "keras3"), store.Stored(digest, {one.sha256: array})
    )


def check_baseline(folder: Path) -> None:
    found = store.read(store.path_of(folder, "x.yaml::x", "keras3"), "x.yaml::x", "keras3")
    assert found is not None
    assert len(set(found.array("a"))) == 1


def write_states(folder: Path, k: int) -> None:
    save_states(Snapshot({"lstm/h": values(k)}, "keras3"), folder / "states.npz")


def check_states(folder: Path) -> None:
    assert len(set(read_states(folder / "states.npz")["lstm/h"])) == 1


def write_last_run(folder: Path, k: int) -> None:
    (folder / "x.yaml").touch()
    done = [((f"x.yaml::{k}{n}", "keras3"), Ran("passed", 1.0)) for n in range(LENGTH)]
    remember(LastRun(folder), done, timed=True)


def check_last_run(folder: Path) -> None:
    assert len(read_last_run(folder).entries) == LENGTH


def command(*words: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = run_command_line(words)
    if code == 130:
        raise KeyboardInterrupt
    if code:
        raise Told(code)


def write_scenario(folder: Path, k: int) -> None:
    template = ("lstm", "gru", "encoder-decoder")[k % 3]
    command("init", str(folder / "s.yaml"), "--template", template, "--force")


def check_scenario(folder: Path) -> None:
    command("validate", str(folder / "s.yaml"))
    json.loads((folder / "probe.schema.json").read_text(encoding="utf-8"))


def merge(folder: Path, k: int) -> None:
    if not (folder / "in.json").exists():
        write_all(report(k), writers([str(folder / "in.json")]))
    command("report", "merge", str(folder / "in.json"), "-o", str(folder / "out.json"))


def check_merged(folder: Path) -> None:
    assert read_report(folder / "out.json").not_run == report(0).not_run


DEEDS = {
    "reports": Deed(write_reports, check_reports),
    "report merge": Deed(merge, check_merged),
    "baseline": Deed(write_baseline, check_baseline),
    "states": Deed(write_states, check_states),
    "last run": Deed(write_last_run, check_last_run),
    "init": Deed(write_scenario, check_scenario),
}
