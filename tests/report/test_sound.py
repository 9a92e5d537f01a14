"""A fault of the probe in one scenario: what is left of it, in every report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lstm_state_probe.errors import Complaint, Fault, ScenarioError, UsageError, caught
from lstm_state_probe.report.data import ended_by
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.write import write_all, writers

SUFFIXES = ("json", "junit.xml", "md", "html", "tap")


def faulty() -> Fault:
    """Return what becomes of an error that nobody had foreseen."""
    fault = caught(lambda: [][1])
    assert isinstance(fault, Fault)
    return fault


@pytest.fixture
def suite(made):
    fine = made.scenario(made.operation(verdicts=(made.verdict(),)), id="a.yaml::fine", name="fine")
    return made.suite(fine, ended_by(replace(fine, id="a.yaml::bad"), faulty()))


def texts(folder: Path) -> dict[str, str]:
    return {s: (folder / f"r.{s}").read_text(encoding="utf-8") for s in SUFFIXES}


def all_writers(folder: Path):
    return writers([str(folder / f"r.{suffix}") for suffix in (*SUFFIXES, "npz")])


def test_a_fault_is_told_in_one_line_with_its_traceback_and_a_users_error_without() -> None:
    fault = faulty()
    assert "\n" not in str(fault)
    assert "IndexError: list index out of range" in str(fault)
    assert fault.traceback.startswith("Traceback")
    assert fault.exit_code == 4
    wrong = caught(lambda: (_ for _ in ()).throw(UsageError("wrong")))
    assert (wrong.exit_code, wrong.traceback) == (2, None)
    assert caught(lambda: 3) == 3
    with pytest.raises(KeyboardInterrupt):
        caught(lambda: (_ for _ in ()).throw(KeyboardInterrupt))


def test_the_traceback_stands_in_every_report_and_the_other_scenario_beside_it(
    suite, tmp_path: Path
) -> None:
    write_all(suite, all_writers(tmp_path))
    for suffix, text in texts(tmp_path).items():
        assert "IndexError: list index out of range" in text, suffix
        assert "Traceback (most recent call last)" in text, suffix
        assert str(Path(__file__).parent.parent) not in text, f"{suffix} names this machine"
        assert "fine" in text, suffix
    assert suite.exit_code == 4


def test_it_is_an_error_of_the_probe_not_of_the_scenario(suite, tmp_path: Path, page) -> None:
    write_all(suite, all_writers(tmp_path))
    found = texts(tmp_path)
    assert 'type="Fault"' in found["junit.xml"]
    assert 'errors="1"' in found["junit.xml"]
    assert "message: a fault of the probe" in found["tap"]
    one = json.loads(found["json"])["scenarios"][1]
    assert (one["status"], one["exit_code"]) == ("error", 4)
    assert one["fault"].splitlines()[-1] == "IndexError: list index out of range"
    for options in ({}, {"verbosity": -1}, {"ledger": True}):
        shown = page(suite.scenarios[1], **options)
        assert "a fault of the probe itself" in shown
        assert "Traceback (most recent call last)" in shown


def test_a_report_that_is_read_again_keeps_it(suite, tmp_path: Path) -> None:
    whole = replace(suite, complaints=(Complaint("d.yaml", 1, 1, "a fault", fault="Traceback"),))
    write_all(whole, writers([str(tmp_path / "r.json")]))
    again = read_report(tmp_path / "r.json")
    assert again.exit_code == 4
    assert [s.fault is None for s in again.scenarios] == [True, False]
    assert again.complaints == whole.complaints


@pytest.mark.parametrize(
    ("codes", "complaints", "expected"),
    [
        ((0, 1), (), 1),
        ((0, 1), ("",), 2),
        ((3, 1), ("",), 3),
        ((3, 4, 1), ("",), 4),
        ((0, 3), ("Traceback",), 4),
        ((), ("",), 2),
        ((), (), 0),
    ],
)
def test_of_several_exit_codes_the_highest_counts_and_ctrl_c_above_all(
    made, codes, complaints, expected
) -> None:
    told = tuple(Complaint("d.yaml", 1, 1, "wrong", fault=fault) for fault in complaints)
    suite = made.suite(*(made.scenario(exit_code=code) for code in codes), complaints=told)
    assert suite.exit_code == expected
    assert replace(suite, interrupted=True).exit_code == 130


def test_an_error_after_the_first_hides_neither(made) -> None:
    first = ended_by(made.scenario(), ScenarioError([Complaint("a.yaml", 2, 1, "wrong")]))
    both = ended_by(ended_by(first, faulty()), faulty())
    assert "wrong" in both.error
    assert both.error.count("IndexError") == 1
    assert both.complaints == first.complaints
    assert both.exit_code == 4


class Unwritable:
    """Stands where a number does, and is none."""

    def __str__(self) -> str:
        raise ZeroDivisionError("it has no words")


def test_a_scenario_that_cannot_be_written_leaves_the_others_whole_in_every_report(
    made, tmp_path: Path
) -> None:
    odd = made.scenario(made.operation(result=Unwritable(), index=0), id="a.yaml::odd")
    call = made.call([[0.0]], [[0.5]])
    fine = made.scenario(made.operation(call, verdicts=(made.verdict(),)), id="a.yaml::fine")
    with pytest.raises(Fault) as told:
        write_all(made.suite(odd, fine), all_writers(tmp_path))
    found = texts(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {
        ".json",
        ".xml",
        ".md",
        ".html",
        ".tap",
        ".npz",
    }
    for suffix in ("json", "html"):
        assert f"r.{suffix}': a fault of the probe" in str(told.value)
        assert "without the states of a.yaml::odd" in str(told.value)
        assert "Traceback" in found[suffix]
    assert "r.md" not in str(told.value), "it writes no result, and lacks nothing"
    read = json.loads(found["json"])["scenarios"]
    assert [scenario["exit_code"] for scenario in read] == [4, 0]
    assert read[1]["operations"][0]["calls"][0]["states"]["h"]["final"] == [[0.5]]
    with np.load(tmp_path / "r.npz") as arrays:
        assert any("fine" in name for name in arrays.files)


def test_a_writer_that_is_at_fault_takes_no_other_with_it(made, tmp_path: Path) -> None:
    def broken(report, path):
        raise LookupError("whatever it is given")

    paths = {str(tmp_path / "a.md"): broken, **writers([str(tmp_path / "b.json")])}
    with pytest.raises(Fault, match="LookupError") as told:
        write_all(made.suite(made.scenario()), paths)
    assert "in broken" in told.value.traceback
    assert json.loads((tmp_path / "b.json").read_text())["summary"]["scenarios"] == 1
