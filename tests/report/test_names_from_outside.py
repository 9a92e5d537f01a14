"""Names, labels and messages from outside reach no reader of a report as anything but text."""

from __future__ import annotations

import html.parser
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from lstm_state_probe.errors import Complaint
from lstm_state_probe.recording.call import Origin
from lstm_state_probe.report import FORMATS, WRITERS
from lstm_state_probe.report.about import read_arrays
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.choose import shown
from lstm_state_probe.report.data import LayerReport, SuiteReport
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.write import write_all, writers
from lstm_state_probe.safe import Guarded

NASTY = (
    "n\n::error file=a::b\r::stop-commands::t\x1b]0;title\x07\x1b[31m\u202e\0<blink>&]]>"
    " # SKIP | `x` ##[error]y \x85"
)
COMMAND = re.compile(r"^\s*::(?!error title=|notice title=)|##\[", re.M)
"""What no line may begin with; our own annotations begin with their title."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]")
TEXTS = [suffix for suffix in WRITERS if suffix != ".npz"]


@pytest.fixture(scope="module")
def nasty(made) -> SuiteReport:
    """Every text that comes from outside is the nasty one."""
    steps = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    origin = Origin("given", f"given: {NASTY}")
    call = made.recorded(steps, layer=NASTY, note=NASTY, origin=origin)
    layers = (LayerReport(NASTY, NASTY, ("h",), True, NASTY),)
    broken = made.broken(selector=f"{NASTY}/h", message=NASTY, source=NASTY)
    done = made.operation(
        call, label=NASTY, verdicts=(broken,), held={f"{NASTY}/h": steps[0]}, result={NASTY: steps}
    )
    raised = made.operation(failure=("ValueError", NASTY), label=NASTY, index=1, source=NASTY)
    wrong = Complaint(f"{NASTY}.yaml", 3, 5, NASTY, NASTY)
    names = {"id": f"a.yaml::{NASTY}", "name": NASTY, "description": NASTY, "layers": layers}
    good = made.scenario(done, **names, status="failed", exit_code=1)
    ended = made.scenario(raised, **names, status="error", exit_code=3, engine="tf_keras")
    unread = replace(good, operations=(), status="error", error=NASTY, complaints=(wrong,))
    environment = {"python": NASTY, "platform": NASTY, "devices": [NASTY], "keras": NASTY}
    versions = dict.fromkeys(("lstm_state_probe", "tensorflow", "numpy"), "1")
    unread = replace(unread, id=f"b.yaml::{NASTY}", file="b.yaml")
    other = {"complaints": (wrong,), "environment": environment | versions}
    return made.suite(good, ended, unread, **other)


@pytest.fixture(scope="module")
def folder(nasty: SuiteReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("nasty")
    write_all(nasty, writers([str(found / f"r{suffix}") for suffix in WRITERS]))
    return found


@pytest.mark.parametrize("suffix", TEXTS)
def test_a_report_has_no_control_character_and_no_line_that_is_a_command(
    folder: Path, suffix: str
) -> None:
    text = (folder / f"r{suffix}").read_text(encoding="utf-8")
    assert not CONTROL.findall(text)
    assert not COMMAND.findall(text)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("width", [20, 200])
def test_what_is_shown_has_neither(nasty: SuiteReport, name: str, width: int) -> None:
    written = io.StringIO()
    console = Console(file=Guarded(written), width=width, color_system=None)
    view = shown(name, console, ShowOptions(verbosity=1, timesteps="all"))
    for scenario in nasty.scenarios:
        view.scenario(scenario)
    view.end(nasty)
    assert not CONTROL.findall(written.getvalue())
    assert not COMMAND.findall(written.getvalue())


def test_junit_is_well_formed_and_counts_each_case_once(folder: Path) -> None:
    root = ElementTree.parse(folder / "r.junit.xml").getroot()
    assert len(root.findall("testsuite/testcase")) == 4


def test_no_directive_of_tap_comes_from_a_name(folder: Path) -> None:
    points = re.findall(r"^(?:not )?ok .*$", (folder / "r.tap").read_text("utf-8"), re.M)
    assert len(points) == 4
    assert not any(re.search(r"(?<!\\)#", point) for point in points)


def test_no_element_of_html_comes_from_a_name(folder: Path) -> None:
    found: set[str] = set()

    class Elements(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.add(tag)

    Elements().feed((folder / "r.html").read_text("utf-8"))
    assert "table" in found
    assert "blink" not in found


def test_the_data_keep_the_very_names(nasty: SuiteReport, folder: Path) -> None:
    document = json.loads((folder / "r.json").read_text("utf-8"))
    assert [one["name"] for one in document["scenarios"]] == [NASTY] * 3
    for read in (read_report(folder / "r.json"), read_arrays(folder / "r.npz")):
        call = read.scenarios[0].operations[0].outcome.calls[0]
        assert call.layer == NASTY
        np.testing.assert_array_equal(
            call.states["h"].timesteps,
            nasty.scenarios[0].operations[0].outcome.calls[0].states["h"].timesteps,
        )
