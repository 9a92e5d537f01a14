"""JUnit XML: what its readers ask of it holds, and failure and error stay apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from lstm_state_probe.report.junit import text

# What junit-10.xsd of Jenkins's xUnit plugin allows, of what is used here.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "file"},
    "testcase": {"name", "time", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
REQUIRED = {"testsuite": {"name", "tests", "failures", "errors"}, "testcase": {"name"}}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}


@pytest.fixture
def root(made) -> ET.Element:
    return ET.fromstring(text(made.everything()))


def test_every_element_and_attribute_is_one_that_jenkins_knows(root: ET.Element) -> None:
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert REQUIRED.get(element.tag, set()) <= set(element.attrib)
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())


def test_times_are_plain_decimals(made) -> None:
    report = made.suite(made.scenario(made.operation(), seconds=1.234e-5, status="no expectations"))
    for time in re.findall(rb'time="([^"]*)"', text(report)):
        assert re.fullmatch(rb"\d+\.\d+", time)


def test_there_is_a_suite_a_file_and_a_case_a_scenario(root: ET.Element) -> None:
    suites = {s.get("name"): [c.get("name") for c in s] for s in root}
    assert suites == {
        "a.yaml": ["story [keras3]", "x [keras3]"],
        "b/c.yaml": ["r [tf_keras]", "w [tf_keras]", "n [tf_keras]"],
        "d.yaml": ["(the file)"],
    }
    assert root.find("testsuite[2]/testcase").get("classname") == "b.c"


def test_the_counts_are_those_of_the_elements_and_no_case_counts_twice(root: ET.Element) -> None:
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(kind)) == len(suite.findall(f"testcase/{tag}"))
        results = [[part for part in case if part.tag != "system-out"] for case in cases]
        assert all(len(part) <= 1 for part in results)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("6", "1", "3")


def test_the_library_that_ci_tools_use_reads_what_was_meant(made) -> None:
    cases = {
        c.name: c.result for suite in JUnitXml.fromstring(text(made.everything())) for c in suite
    }
    kinds = {name: [type(result) for result in results] for name, results in cases.items()}
    assert kinds == {
        "story [keras3]": [],
        "x [keras3]": [Failure],
        "r [tf_keras]": [Error],
        "w [tf_keras]": [Error],
        "n [tf_keras]": [Skipped],
        "(the file)": [Error],
    }
    (failure,) = cases["x [keras3]"]
    assert failure.type == "expectation"
    assert failure.message.startswith(
        "lstm/h: expected zeros, found 2 of 8 not zero; worst: sample 0"
    )
    assert failure.text.startswith("a.yaml:18:7: error: lstm/h: expected zeros")
    assert failure.text.endswith("        lstm/h: zeros\n        ^")
    (error,) = cases["r [tf_keras]"]
    assert error.type == "ValueError"
    assert error.message == "predict raised ValueError: no: <b> never\\x1b[0m (and 1 more)"
    assert "expected zeros" in error.text, "what failed before is told too"
    (skipped,) = cases["n [tf_keras]"]
    assert skipped.message == "no expectations"


def test_characters_that_xml_forbids_are_written_as_escapes(made) -> None:
    scenario = made.scenario(made.operation(verdicts=(made.broken(source="\x00\x0b é 漢"),)))
    report = made.suite(replace(scenario, name="bell\a & <", status="failed"))
    (case,) = ET.fromstring(text(report)).iter("testcase")
    assert case.get("name") == r"bell\x07 & < [keras3]"
    assert "\n     é 漢\n" in case[0].text, "those of the source line become blanks"
