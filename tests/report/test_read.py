"""A JSON report read back is the report: every writer says the same of both."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ml_dtypes import bfloat16

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report import WRITERS
from lstm_state_probe.report.choose import writer
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.json.writer import text, write


def without_dtypes(document):
    for scenario in document["scenarios"]:
        scenario["dtypes"] = {}
    return document


@pytest.fixture
def shard(made, tmp_path: Path) -> Path:
    path = tmp_path / "shard.json"
    write(made.everything(), path)
    return path


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_report_that_was_read_back_is_written_bit_for_bit_alike(
    made, shard: Path, tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    writer(str(first))(made.everything(), first)
    writer(str(second))(read_report(shard), second)
    assert first.read_bytes() == second.read_bytes()


def test_arrays_come_back_with_their_dtype_also_one_of_sixteen_bits(made, tmp_path: Path) -> None:
    value = np.array([[1.5, -2.0]], bfloat16)
    report = made.suite(
        made.scenario(made.operation(made.call(value, value), held={"lstm/h": value}))
    )
    path = tmp_path / "r.json"
    write(report, path)
    (done,) = read_report(path).scenarios[0].operations
    assert done.outcome.held["lstm/h"].dtype == bfloat16
    np.testing.assert_array_equal(done.outcome.calls[0].states["h"].final, value)


def test_what_was_held_before_an_operation_is_what_the_one_before_left(shard: Path) -> None:
    scenario = read_report(shard).scenarios[1]
    first, second = (done.outcome for done in scenario.operations)
    assert first.before is scenario.initialised
    assert second.before is first.held


def test_keys_of_a_later_probe_are_no_hindrance(made, shard: Path) -> None:
    document = json.loads(shard.read_text(encoding="utf-8"))
    document["later"] = document["scenarios"][0]["later"] = 1
    shard.write_text(json.dumps(document), encoding="utf-8")
    assert text(read_report(shard)) == text(made.everything())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: {**d, "schema_version": 2}, "schema_version 2; this probe reads 1"),
        (lambda d: {k: v for k, v in d.items() if k != "summary"}, "no report of probe: summary"),
        (lambda d: [d], "no report of probe: the document"),
        (without_dtypes, "no report of probe: KeyError: 'lstm/h'"),
    ],
)
def test_what_is_no_report_of_this_version_is_refused(shard: Path, change, says: str) -> None:
    document = json.loads(shard.read_text(encoding="utf-8"))
    shard.write_text(json.dumps(change(document)), encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        read_report(shard)


def test_a_file_that_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.json: the report cannot be read: No such file"):
        read_report(tmp_path / "none.json")
    (tmp_path / "text.json").write_text("not {json", encoding="utf-8")
    with pytest.raises(UsageError, match=r"text\.json: no report of probe"):
        read_report(tmp_path / "text.json")
