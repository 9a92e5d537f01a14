"""The plugin in runs of pytest of its own: collection, selection, failures, reports, workers."""

from __future__ import annotations

import importlib
import xml.etree.ElementTree as Xml
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent.parent
INSTALLED = any(e.name == "lstm_state_probe" for e in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else ("-p", "lstm_state_probe.pytest_plugin")
QUIET = ("--strict-markers", "-p", "no:randomly")

GOOD = """\
name: {name}
tags: [{tag}]
model:
  batch_shape: [2, 3, 1]
  layers:
    - LSTM: {{units: 2, stateful: true, name: lstm}}
data: {{x: {{ones: {{shape: [2, 3, 1]}}}}}}
operations:
  - predict_on_batch: {{x: x}}
    expect:
      lstm/h@initial: {condition}
"""
MET = GOOD.format(name="met", tag="quick", condition="zeros")
UNMET = GOOD.format(name="unmet", tag="slow", condition="nonzero")
RAISING = (
    GOOD.format(name="raising", tag="slow", condition="zeros")
    .replace("ones: {shape: [2", "ones: {shape: [3")
    .replace("    expect:", "    allow_partial_batch: true\n    expect:")
)
BY_FIXTURE = """
import pytest

def test_runs_a_file(state_probe):
    assert state_probe.run("both.probe.yaml")[0].status == "passed"

def test_never_reached(state_probe):
    with pytest.raises(KeyError):
        {}["x"]
"""


@pytest.fixture(autouse=True, scope="module")
def _heavy_modules_stay() -> None:
    """Import first what a test may: `pytester` drops new modules, and NumPy loads only once."""
    for name in ("tensorflow", "keras"):
        importlib.import_module(name)


@pytest.fixture
def beside(pytester: pytest.Pytester) -> Path:
    """A folder with two scenarios in one file, and tests that use the fixture."""
    (pytester.path / "both.probe.yaml").write_text(f"{MET}---\n{UNMET}", encoding="utf-8")
    pytester.makepyfile(test_fixture=BY_FIXTURE)
    return pytester.path


def collected(pytester: pytest.Pytester, *words: str) -> list[str]:
    done = pytester.runpytest_subprocess(*PLUGIN, *QUIET, "--collect-only", "-q", *words)
    return [line for line in done.outlines if "::" in line]


def test_each_scenario_of_a_file_is_an_item_named_as_it_is(
    pytester: pytest.Pytester, beside: Path
) -> None:
    assert collected(pytester, "both.probe.yaml") == [
        "both.probe.yaml::met",
        "both.probe.yaml::unmet",
    ]


def test_names_tags_and_engines_select(pytester: pytest.Pytester, beside: Path) -> None:
    file = "both.probe.yaml"
    assert collected(pytester, file, "-k", "unmet") == [f"{file}::unmet"]
    assert collected(pytester, file, "-m", "quick") == [f"{file}::met"]
    assert collected(pytester, file, "-m", "not quick") == [f"{file}::unmet"]
    assert collected(pytester, f"{file}::met") == [f"{file}::met"]
    both = ("--probe-engine", "tf_keras", "--probe-engine", "keras3")
    names = [f"{file}::{name}({e})" for e in ("tf_keras", "keras3") for name in ("met", "unmet")]
    assert collected(pytester, file, *both) == names


def test_a_file_that_is_wrong_is_an_error_of_collection_with_all_complaints(
    pytester: pytest.Pytester,
) -> None:
    wrong = MET.replace("units", "unit").replace("lstm/h@initial", "lstm/hh")
    (pytester.path / "wrong.probe.yml").write_text(wrong, encoding="utf-8")
    done = pytester.runpytest_subprocess(*PLUGIN)
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(
        [
            "*ERROR collecting wrong.probe.yml*",
            "wrong.probe.yml:6:7: error: LSTM needs 'units'",
            "wrong.probe.yml:6:14: error: LSTM takes no argument 'unit'*",
            "wrong.probe.yml:11:7: error: the selector 'lstm/hh' matches no state*",
        ]
    )


def test_other_yaml_files_and_runs_without_scenarios_are_left_alone(
    pytester: pytest.Pytester,
) -> None:
    (pytester.path / "scenario.yaml").write_text("not: a scenario", encoding="utf-8")
    pytester.makepyfile(
        "import sys\ndef test_it():\n"
        "    heavy = {'numpy', 'tensorflow', 'yaml', 'rich', 'lstm_state_probe.runner'}\n"
        "    assert not heavy & set(sys.modules)"
    )
    pytester.makeconftest("")
    others = ("-p", "no:hypothesispytest", "-p", "no:zarr")  # zarr 3.1 has a plugin that imports it
    done = pytester.runpytest_subprocess(*PLUGIN, *others)
    done.assert_outcomes(passed=1)


def test_a_failure_has_its_place_runs_again_with_lf_and_is_in_the_junit_report(
    pytester: pytest.Pytester, beside: Path
) -> None:
    done = pytester.runpytest_subprocess(*PLUGIN, *QUIET, "--junitxml=j.xml")
    done.assert_outcomes(passed=2, failed=2)
    said = "lstm/h@initial: expected nonzero, found all 4 zero (zeros: as the layer was built)"
    done.stdout.fnmatch_lines(
        [
            "*unmet*",
            f"both.probe.yaml:23:7: error: {said}",
            "*test_runs_a_file*",
            "E*NotMet:*both.probe.yaml::unmet*",
            f"E*both.probe.yaml:23:7: error: {said}",
        ]
    )
    assert "Traceback" not in done.stdout.str()
    cases = {case.get("name"): case for case in Xml.parse(beside / "j.xml").iter("testcase")}
    assert set(cases) == {"met", "unmet", "test_runs_a_file", "test_never_reached"}
    (failure,) = cases["unmet"].iter("failure")
    assert "both.probe.yaml:23:7" in (failure.text or "")
    assert not list(cases["met"].iter("failure"))
    assert set(collected(pytester, "--lf")) == {
        "both.probe.yaml::unmet",
        "test_fixture.py::test_runs_a_file",
    }


def test_workers_of_xdist_run_scenarios_on_the_engine_that_is_asked_for(
    pytester: pytest.Pytester,
) -> None:
    pytest.importorskip("xdist")
    pytest.importorskip("tf_keras")
    (pytester.path / "a.probe.yaml").write_text(MET, encoding="utf-8")
    (pytester.path / "b.probe.yaml").write_text(RAISING, encoding="utf-8")
    engine = ("--probe-engine", "tf_keras")
    done = pytester.runpytest_subprocess(*PLUGIN, *QUIET, *engine, "-n", "2", "-v")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*PASSED*a.probe.yaml::met(tf_keras)*"], consecutive=False)
    done.stdout.fnmatch_lines(["*predict_on_batch*b.probe.yaml:9*"], consecutive=False)


def test_code_of_a_scenario_s_own_runs_only_where_it_is_allowed(
    pytester: pytest.Pytester,
) -> None:
    (pytester.path / "made.py").write_text(
        "import keras\n\ndef make():\n    return keras.Sequential("
        "[keras.Input((3, 1)), keras.layers.LSTM(2, name='lstm')])\n",
        encoding="utf-8",
    )
    scenario = "".join(
        [
            "model: {factory: 'made.py:make'}\n",
            "data: {x: {ones: {shape: [2, 3, 1]}}}\n",
            "operations:\n  - predict_on_batch: {x: x}\n    expect: {lstm/h: changed}\n",
        ]
    )
    (pytester.path / "code.probe.yaml").write_text(scenario, encoding="utf-8")
    refused = pytester.runpytest_subprocess(*PLUGIN)
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["*allow*code*"])
    pytester.runpytest_subprocess(*PLUGIN, "--probe-allow-code").assert_outcomes(passed=1)


def test_lf_finds_a_combination_of_a_matrix_and_what_expects_nothing_is_skipped(
    pytester: pytest.Pytester,
) -> None:
    varied = UNMET.replace("name: unmet", "name: varied").replace("units: 2", "units: '${units}'")
    nothing = MET.replace("name: met", "name: nothing").partition("    expect:")[0]
    text = f"{varied}matrix: {{units: [1, 2]}}\n---\n{nothing}"
    (pytester.path / "x.probe.yaml").write_text(text, encoding="utf-8")
    first = pytester.runpytest_subprocess(*PLUGIN, *QUIET)
    first.assert_outcomes(failed=2, skipped=1)
    assert set(collected(pytester, "--lf")) == {
        "x.probe.yaml::varied(units=1)",
        "x.probe.yaml::varied(units=2)",
    }
