"""Mutation test of the battery: for each property a model that is wrong, and one that is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checks_models import LSTM, SUM, made, written

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.base import BROKEN, HOLDS, NOT_DONE

FIT = "fit: {x: x, y: y, batch_size: 2}"
IN_ORDER = "fit: {x: x, y: y, batch_size: 2, shuffle: false}"
STUCK = (
    "LSTM: {name: lstm, units: 3, bias_initializer: {Constant: {value: 20}},"
    " unit_forget_bias: false}"
)
DEAD = (
    "SimpleRNN: {name: dead, units: 3, activation: relu,"
    " bias_initializer: {Constant: {value: -50}}}"
)
BOTH = "Bidirectional: {name: both, layer: {LSTM: {units: 3, stateful: true}}}"
SLICES = "TimeDistributed: {name: slices, layer: {LSTM: {units: 3, stateful: true}}}"
STARTED = "RNN: {name: rnn, stateful: true, cell: {Started: {units: 3}}}"


@dataclass(frozen=True)
class Case:
    """A model that is wrong, a pattern of what is said of it, and a model that is right."""

    wrong: str
    says: str
    right: str = written(LSTM)


CASES = {
    "reset-restores": Case(written(STARTED, custom=True), "rnn/.*first.*differ"),
    "reset-reaches-all": Case(
        written("Hiding: {name: hiding}", custom=True), "not zero|no attribute 'reset_state"
    ),
    "predict-repeats": Case(written(LSTM, "Counting", custom=True), "result.*first.*differ"),
    "rows-independent": Case(written("Mixing", LSTM, custom=True), "lstm/h.*together.*differ"),
    "chunks-agree": Case(written(BOTH), "both/backward/h.*whole.*differ"),
    "mask-holds": Case(
        written("Masking", "Unmasking", LSTM, custom=True),
        "lstm/h.*unpadded.*differ",
        written("Masking", LSTM),
    ),
    "padding-harmless": Case(written(LSTM), "lstm/h.*unpadded.*differ", written(SUM)),
    "validation-apart": Case(
        written(LSTM, operation=FIT),
        "lstm/h.*differ",
        made("validated_apart", batch_size=2, validation_data=["x", "y"]),
    ),
    "fit-in-order": Case(
        written(LSTM, operation=FIT),
        "lstm/h.*in order.*differ",
        written(LSTM, operation=IN_ORDER),
    ),
    "partial-batch-refused": Case(
        written(LSTM, batch=3, rows=3),
        "lstm/h@held: expected unchanged",
        made("looks_first"),
    ),
    "no-broadcast": Case(
        written(LSTM), "predict: expected an error", written("Strict", LSTM, custom=True)
    ),
    "survives-reload": Case(written(LSTM), "lstm/h@held.*before.*differ", made("kept")),
    "inner-read-neutral": Case(
        written(LSTM), "lstm/h@held: expected unchanged", made("carried_for_its_own_model")
    ),
    "state-bounded": Case(written(SUM), "sum/h: expected bounded, found it keeps growing"),
    "units-alive": Case(written(DEAD), "dead/h@all: expected alive, found 3 of 3"),
    "gates-unsaturated": Case(written(STUCK), "lstm/i@all: expected unsaturated, found 100%"),
}
OLD = {"no-broadcast": {"keras3": (3, 14)}}
"""{property: {engine: the first version that does what the wrong model shows}}."""


def skip_what_came_later(name: str, engine: Any) -> None:
    since = OLD.get(name, {}).get(engine.name)
    found = tuple(map(int, re.findall(r"\d+", engine.version())[:2]))
    if since and found < since:
        pytest.skip(f"Keras {engine.version()} raises on a last batch of one")


def test_every_property_has_a_wrong_model_and_a_right_one() -> None:
    assert set(CASES) == set(PROPERTIES)


@pytest.mark.parametrize("name", CASES)
def test_a_property_that_does_not_hold_is_reported(
    name: str, ask: Callable[..., Any], engine: Any, tmp_path: Path
) -> None:
    skip_what_came_later(name, engine)
    verdict = ask(name, CASES[name].wrong, engine, folder=tmp_path / "written")
    assert verdict.verdict == BROKEN, verdict
    assert re.search(CASES[name].says, verdict.why), verdict.why
    assert verdict.exit_code() == (1 if verdict.severity == "error" else 0)
    assert verdict.exit_code(strict=True) == 1
    assert rerun(verdict, engine, tmp_path / "written") == 1


@pytest.mark.parametrize("name", CASES)
def test_a_property_that_holds_is_not_reported(
    name: str, ask: Callable[..., Any], engine: Any, tmp_path: Path
) -> None:
    verdict = ask(name, CASES[name].right, engine, folder=tmp_path / "written")
    assert verdict.verdict == HOLDS, verdict
    assert verdict.exit_code(strict=True) == 0
    assert rerun(verdict, engine, tmp_path / "written") == 0


def test_what_could_not_be_carried_out_is_neither(ask: Callable[..., Any], engine: Any) -> None:
    verdict = ask("rows-independent", written("Strict", LSTM, batch=3, rows=3, custom=True), engine)
    assert verdict.verdict == NOT_DONE
    assert "predict_on_batch raised InvalidArgumentError" in verdict.why
    assert verdict.exit_code() == 3


def rerun(verdict: Any, engine: Any, folder: Path) -> int:
    """Run the scenario that reproduces a verdict, from a file in another folder."""
    from lstm_state_probe.checks.expected import run_and_check
    from lstm_state_probe.runner import Wishes
    from lstm_state_probe.scenario.read import read_scenarios

    folder.mkdir(exist_ok=True)
    file = folder / f"{verdict.name}.yaml"
    file.write_text(verdict.scenario, encoding="utf-8")
    scenarios = read_scenarios(file)
    assert [scenario.engine for scenario in scenarios] == [engine.name]
    (scenario,) = scenarios
    return run_and_check(scenario, engine, Wishes(allow_code=True)).exit_code
