"""Every shipped scenario holds on both engines, and can fail: its contrary does not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from lstm_state_probe.checks.expected import run_and_check
from lstm_state_probe.engines import load_engine
from lstm_state_probe.errors import EngineMissing
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.suite.run import select

FOLDER = Path(__file__).parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.yaml"))
NAMES = [file.stem for file in FILES]
ENGINES = ("keras3", "tf_keras")
AT_LEAST = 16
# fmt: off
REQUIRED = (
    "stateful_lstm", "stateless_lstm", "simple_rnn", "gru", "initial_state", "encoder_decoder",
    "predict_batches", "fit_epochs", "validation_leak", "stacked_layers", "stacked_cells",
    "bidirectional", "masking", "go_backwards", "reset_repeat", "partial_batch", "reload",
    "mixed_precision", "conv_lstm2d",
)
# fmt: on


# {file: {engine: (the first version that does so, what the earlier ones do)}}
SINCE = {"last_sample": {"keras3": ("3.14", "raises on a last batch of one (seen in 3.12.4)")}}


def skip_what_came_later(file: Path, engine: str) -> None:
    since, before = SINCE.get(file.stem, {}).get(engine, ("0", ""))
    if numbers(version("keras")) < numbers(since):
        pytest.skip(f"Keras {version('keras')} {before}; the scenario holds from {since} on")


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)[:2]))


def read(file: Path, engine: str) -> ScenarioFile:
    selection = select([str(file)], [engine])
    assert not selection.complaints, "\n".join(map(str, selection.complaints))
    (scenario,) = selection.scenarios
    return scenario


def run(scenario: ScenarioFile) -> ScenarioReport:
    try:
        engine = load_engine(scenario.engine)
    except EngineMissing as missing:
        pytest.skip(str(missing))
    return run_and_check(scenario, engine, Wishes(allow_code=True))


def told(report: ScenarioReport) -> str:
    """Say what did not hold, for the one who reads the failure."""
    failures = [str(op.outcome.failure) for op in report.operations if op.outcome.failure]
    broken = [f"line {v.line}: {v.selector}: {v.message}" for v in report.verdicts if not v.passed]
    return "\n".join([report.error or "", *broken, *failures])


def test_the_questions_that_were_asked_for_are_answered() -> None:
    assert len(FILES) >= AT_LEAST
    assert set(REQUIRED) <= set(NAMES)


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_file_answers_one_question_with_expectations(file: Path) -> None:
    scenario = read(file, "keras3")
    first_sentence = (scenario.spec.description or "").strip()
    assert first_sentence.count("?") == 1
    assert scenario.spec.tags
    assert scenario.spec.engine == "keras3"
    expectations = list(conditions(scenario.document.data["operations"]))
    assert len(expectations) >= 2


def test_no_two_scenarios_share_a_name() -> None:
    names = [read(file, "keras3").name for file in FILES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_shipped_scenario_holds(file: Path, engine: str) -> None:
    skip_what_came_later(file, engine)
    report = run(read(file, engine))
    assert report.status == "passed", told(report)
    assert len(report.verdicts) >= 2


def contraries() -> list[Any]:
    """List each file with Keras 3, and with tf_keras where it expects something else there."""
    return [
        pytest.param(file, engine, id=f"{file.stem}-{engine}")
        for file in FILES
        for engine in ENGINES
        if engine == "keras3" or f"{engine}:" in file.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize(("file", "engine"), contraries())
def test_the_contrary_of_each_expectation_fails(file: Path, engine: str, tmp_path: Path) -> None:
    skip_what_came_later(file, engine)
    data = json.loads(json.dumps(read(file, engine).document.data))
    for expect, selector in conditions(data["operations"]):
        expect[selector] = contrary(expect[selector])
    for operation in operations(data["operations"]):
        if "raises" in operation:
            operation["raises"] = contrary_raises(operation["raises"])
    flipped = tmp_path / file.name
    flipped.write_text(json.dumps(data), encoding="utf-8")  # JSON is YAML 1.2
    for code in data.get("custom_objects", ()):
        copy(FOLDER / code, tmp_path)
    report = run(read(flipped, engine))
    assert report.status == "failed", told(report)
    held = [f"{v.selector}: {v.condition}: {v.message}" for v in report.verdicts if v.passed]
    assert not held, "these hold, and so do their contraries:\n" + "\n".join(held)


def operations(written: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield every operation that is written as a mapping, those inside `repeat` too."""
    for operation in written:
        if isinstance(operation, dict):
            yield operation
            yield from operations((operation.get("repeat") or {}).get("operations", []))


def conditions(written: list[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the place of every condition: (the mapping, its key)."""
    for operation in operations(written):
        expect = operation.get("expect") or {}
        for part in (expect, *(expect.get(engine, {}) for engine in ENGINES)):
            yield from ((part, selector) for selector in part if selector not in ENGINES)


def contrary(condition: Any) -> dict[str, Any]:
    """Return a condition that is broken in every entry where this one holds in every entry."""
    if isinstance(condition, str):
        condition = {condition: True}
    if isinstance(condition, list):
        condition = {"equals": condition}
    return dict(CONTRARY[name](value) for name, value in condition.items() if name != "finite")


def contrary_raises(written: str | Mapping[str, str]) -> Any:
    if isinstance(written, str):
        return f"not (?:{written})"
    return {engine: f"not (?:{pattern})" for engine, pattern in written.items()}


def shifted(values: Any) -> Any:
    return [shifted(value) for value in values] if isinstance(values, list) else values + 1


CONTRARY: Mapping[str, Any] = {
    "zeros": lambda value: ("nonzero", value),
    "nonzero": lambda value: ("zeros", value),
    "changed": lambda value: ("unchanged", value),
    "unchanged": lambda value: ("changed", value),
    "same_as": lambda value: ("differs_from", value),
    "differs_from": lambda value: ("same_as", value),
    "origin": lambda value: ("origin", "reset" if value == "given" else "given"),
    "equals": lambda value: ("equals", shifted(value)),
    "shape": lambda value: ("shape", [*value, 1]),
    "dtype": lambda value: ("dtype", "float64"),
    "between": lambda value: ("between", [value[1] + 1, value[1] + 2]),
    "max_abs": lambda value: ("between", [value + 1, value + 2]),
    "atol": lambda value: ("atol", value),
    "rtol": lambda value: ("rtol", value),
    "samples": lambda value: ("samples", value),
}
