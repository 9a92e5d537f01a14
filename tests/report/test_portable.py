"""No report holds a path of the machine it was made on."""

from __future__ import annotations

import sys
import sysconfig
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from lstm_state_probe.errors import Complaint
from lstm_state_probe.report import WRITERS
from lstm_state_probe.report.portable import portable
from lstm_state_probe.report.write import write_all, writers


@pytest.fixture
def here(tmp_path: Path, monkeypatch) -> Path:
    """Stand in a folder below which there are scenarios, and beside which there are others."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def named(made, *files: str):
    return made.suite(*(made.scenario(file=file, id=f"{file}::story") for file in files))


def test_files_below_the_current_folder_are_relative_to_it(made, here: Path) -> None:
    report = portable(named(made, str(here / "a" / "x.yaml"), "b/y.yaml", "../z.yaml"))
    assert [s.file for s in report.scenarios] == ["a/x.yaml", "b/y.yaml", "../z.yaml"]
    assert [s.id for s in report.scenarios] == [f"{s.file}::story" for s in report.scenarios]


def test_files_elsewhere_are_named_from_what_they_have_in_common(made, here: Path) -> None:
    there = here.parent / "there"
    assert [s.file for s in portable(named(made, str(there / "x.yaml"))).scenarios] == ["x.yaml"]
    both = portable(named(made, str(there / "a" / "x.yaml"), str(there / "b" / "x.yaml")))
    assert [s.file for s in both.scenarios] == ["a/x.yaml", "b/x.yaml"]


@pytest.mark.parametrize("way", ["{there}/x.yaml", "{there}/../there/x.yaml", "{up}{there}/x.yaml"])
def test_a_name_that_climbs_to_the_root_gives_no_place_away(made, here: Path, way: str) -> None:
    up = "/".join([".."] * (len(here.parts) - 1))
    file = way.format(there=here.parent / "there", up=up)
    report = portable(replace(named(made, file), not_run=(f"{file}::left",)))
    assert (report.scenarios[0].file, report.not_run) == ("x.yaml", ("x.yaml::left",))


def test_what_a_check_found_is_cleaned_too(made, here: Path) -> None:
    checks = (made.verdict(message=f"{here}/sub: no"),)
    (scenario,) = portable(made.suite(made.scenario(checks=checks))).scenarios
    assert scenario.checks[0].message == "sub: no"


MESSAGES = {
    "No such file: {here}/data/x.npy": "No such file: data/x.npy",
    "in '{here}'": "in '.'",
    "in {tmp}: no": "in <tmp>: no",
    "{tmp}/tmpab12_cd9/model.keras is no model": "<tmp>/model.keras is no model",
    "{tmp}/other": "<tmp>/other",
    "File {site}/keras/src/x.py": "File <site-packages>/keras/src/x.py",
    "{prefix}/share": "<python>/share",
    "lstm{here}/x": "lstm{here}/x",
    "shape /1/2 and /job:localhost/device:CPU:0": "shape /1/2 and /job:localhost/device:CPU:0",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_folders_of_the_machine_in_a_message_become_words(
    made, here: Path, monkeypatch, message: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/var/temporary")
    known = {
        "here": here, "tmp": "/var/temporary",
        "site": sysconfig.get_path("purelib"), "prefix": sys.prefix,
    }  # fmt: skip
    failed = made.operation(failure=("OSError", message.format(**known)))
    (scenario,) = portable(made.suite(made.scenario(failed))).scenarios
    assert scenario.operations[0].outcome.failure.message == MESSAGES[message].format(**known)


@pytest.mark.parametrize("suffix", WRITERS)
def test_no_writer_lets_a_path_of_the_machine_through(made, here: Path, suffix: str) -> None:
    file = str(here / "sub" / "x.yaml")
    where = f"{here}/y: {sys.prefix}/lib, {tempfile.gettempdir()}/tmpabcdefgh/z"
    verdict = made.broken()
    broken = replace(verdict.broken[0], found=where)
    failed = made.operation(verdicts=(replace(verdict, message=where, broken=(broken,)),))
    complaint = Complaint(file, 1, 1, where)
    report = made.suite(
        made.scenario(
            failed, made.operation(failure=("E", where)), file=file, id=f"{file}::n", status="error"
        ),
        made.scenario(file=file, error=str(complaint), complaints=(complaint,), status="error"),
        complaints=(complaint,),
    )
    path = f"r{suffix}"
    write_all(report, writers([path]))
    content = Path(path).read_bytes()
    for secret in (str(here), sys.prefix, tempfile.gettempdir()):
        assert secret.encode() not in content
    assert b"sub" in content or suffix == ".npz"


def test_a_report_that_was_made_portable_stays_as_it_is(made, here: Path) -> None:
    once = portable(made.everything())
    assert portable(once).scenarios[2].error == once.scenarios[2].error
    assert [s.id for s in portable(once).scenarios] == [s.id for s in once.scenarios]
