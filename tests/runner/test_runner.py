"""One scenario, the whole story: what stops it, what it is called, how it exits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.executors.here import Here
from lstm_state_probe.runner import run_scenario
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.suite.run import run_suite

FRAME = """
model:
  batch_shape: [2, 3, 2]
  layers: [{{SimpleRNN: {{name: rnn, units: 2, stateful: true}}}}, {{Dense: {{units: 1}}}}]
  compile: {{optimizer: sgd, loss: mse, run_eagerly: true}}
data:
  x: {{normal: {{shape: [2, 3, 2]}}}}
  odd: {{normal: {{shape: [3, 3, 2]}}}}
operations:
{operations}
"""
WRONG_BATCH = "call: {x: odd}\n    allow_partial_batch: true"


@pytest.fixture
def tell(run: Callable[..., Any], engine: Any) -> Callable[..., Any]:
    def run_operations(*operations: str) -> Any:
        return run(FRAME.format(operations=_indented(operations)), engine=engine)

    return run_operations


def _indented(operations: tuple[str, ...]) -> str:
    return "\n".join(f"  - {operation}" for operation in operations)


def test_an_expectation_that_is_met_passes(tell: Any) -> None:
    report = tell("predict: {x: x}\n    expect: {rnn/h: changed, rnn/h@initial: zeros}")
    assert (report.status, report.exit_code, report.error) == ("passed", 0, None)
    assert [layer.address for layer in report.layers] == ["rnn"]
    assert not np.any(report.initialised["rnn/h"])


def test_an_expectation_that_is_not_met_fails_and_the_scenario_goes_on(tell: Any) -> None:
    report = tell(
        "predict: {x: x}\n    expect: {rnn/h: zeros}",
        "predict: {x: x}\n    expect: {rnn/h: changed}",
    )
    assert (report.status, report.exit_code) == ("failed", 1)
    assert [entry.status for entry in report.operations] == ["failed", "passed"]
    verdict = report.verdicts[0]
    assert (verdict.line, verdict.column) == (11, 14)
    assert "not zero; worst: sample " in verdict.message
    assert verdict.source == "    expect: {rnn/h: zeros}"


def test_what_was_never_expected_is_never_passed(tell: Any) -> None:
    report = tell("predict: {x: x}")
    assert (report.status, report.exit_code) == ("no expectations", 0)


def test_an_error_stops_the_scenario_and_tells_the_states_when_it_stopped(tell: Any) -> None:
    report = tell("predict: {x: x}", WRONG_BATCH, "predict: {x: x}")
    assert (report.status, report.exit_code) == ("error", 3)
    assert [entry.operation for entry in report.operations] == ["predict", "call"]
    good, failed = (entry.outcome for entry in report.operations)
    assert report.operations[1].status == "error"
    assert failed.failure is not None
    assert failed.failure.message
    assert report.operations[1].line == 11
    np.testing.assert_array_equal(failed.held["rnn/h"], good.held["rnn/h"])


def test_an_error_in_a_later_batch_shows_that_earlier_ones_moved_the_states(
    run: Callable[..., Any], engine: Any
) -> None:
    report = run(
        """
        model:
          batch_shape: [3, 3, 2]
          layers: [{SimpleRNN: {name: rnn, units: 2, stateful: true}}, {Dense: {units: 1}}]
          compile: {optimizer: sgd, loss: mse, run_eagerly: true}
        data: {x: {normal: {shape: [8, 3, 2]}}}
        operations:
          - predict: {x: x, batch_size: 3}
            allow_partial_batch: true
        """,
        engine=engine,
    )
    assert (report.status, report.exit_code) == ("error", 3)
    outcome = report.operations[0].outcome
    assert [call.batch for call in outcome.calls] == [0, 1], "the third batch is of two"
    np.testing.assert_array_equal(outcome.held["rnn/h"], outcome.calls[-1].states["h"].final)
    assert not np.array_equal(outcome.held["rnn/h"], outcome.before["rnn/h"])


def test_the_other_scenarios_of_the_suite_still_run(engine: Any, tmp_path: Path) -> None:
    file = tmp_path / "suite.yaml"
    good = FRAME.format(operations=_indented(("predict: {x: x}\n    expect: {rnn/h: changed}",)))
    bad = FRAME.format(operations=_indented((WRONG_BATCH,)))
    unbuilt = good.replace("units: 2", "units: 2, activation: reluu")
    others = {"bad": bad, "c": unbuilt, "d": good}
    named = [f"\nname: {name}{text}" for name, text in others.items()]
    file.write_text("---".join([good, *named]))
    scenarios = read_scenarios(file, engine=engine.name)
    ended: list[str] = []
    place = Here({engine.name: engine})
    suite = run_suite(scenarios, place, on_end=lambda report: ended.append(report.name))
    assert [report.status for report in suite.scenarios] == ["passed", "error", "error", "passed"]
    assert [report.exit_code for report in suite.scenarios] == [0, 3, 3, 0]
    assert suite.exit_code == 3
    assert ended == ["suite", "bad", "c", "d"]
    assert "reluu" in (suite.scenarios[2].error or "")


OF_A_WRONG_BATCH = "(ValueError|InvalidArgumentError)"
"""Keras 3.8 leaves it to TensorFlow, later ones look themselves."""


class TestRaises:
    def test_an_error_that_matches_passes_and_the_scenario_goes_on(self, tell: Any) -> None:
        report = tell(f"{WRONG_BATCH}\n    raises: batch|shape", "predict: {x: x}")
        assert (report.status, report.exit_code) == ("passed", 0)
        assert report.operations[0].raises
        assert report.operations[0].status == "passed"
        assert len(report.operations) == 2

    def test_the_type_of_the_error_can_be_matched(self, tell: Any) -> None:
        assert tell(f"{WRONG_BATCH}\n    raises: '^{OF_A_WRONG_BATCH}: '").exit_code == 0

    def test_an_error_that_does_not_match_fails(self, tell: Any) -> None:
        report = tell(f"{WRONG_BATCH}\n    raises: 'quite another thing'", "predict: {x: x}")
        assert (report.status, report.exit_code) == ("failed", 1)
        assert report.verdicts[0].message.startswith(
            "call: expected an error that matches 'quite another thing', found "
        )
        assert len(report.operations) == 2

    def test_an_error_that_does_not_come_fails(self, tell: Any) -> None:
        report = tell("predict: {x: x}\n    raises: anything")
        assert (report.status, report.exit_code) == ("failed", 1)
        assert report.verdicts[0].message == (
            "predict: expected an error that matches 'anything', found no error"
        )

    def test_it_may_be_expected_of_one_engine_alone(self, tell: Any, engine: Any) -> None:
        other = {"keras3": "tf_keras", "tf_keras": "keras3"}[engine.name]
        assert tell(f"{WRONG_BATCH}\n    raises: {{{engine.name}: shape|batch}}").exit_code == 0
        assert tell(f"{WRONG_BATCH}\n    raises: {{{other}: shape|batch}}").exit_code == 3
        assert tell(f"predict: {{x: x}}\n    raises: {{{other}: x}}").status == "no expectations"

    def test_where_none_may_come_an_error_fails_and_ends_the_scenario(self, tell: Any) -> None:
        forbidden = f"{WRONG_BATCH}\n    raises: false\n    expect: {{rnn/h: changed}}"
        report = tell(forbidden, "predict: {x: x}")
        assert (report.status, report.exit_code, report.not_done) == ("failed", 1, 1)
        assert [v.selector for v in report.verdicts] == ["raises"]
        assert report.verdicts[0].message.startswith("call: expected no error, found raised ")
        report = tell("predict: {x: x}\n    raises: false", "predict: {x: x}")
        assert (report.status, report.exit_code, report.not_done) == ("passed", 0, 0)

    def test_a_repeat_may_be_expected_to_end_in_an_error(self, tell: Any) -> None:
        inner = "{call: {x: odd}, allow_partial_batch: true}"
        report = tell(
            f"repeat: {{times: 3, operations: [{{predict: {{x: x}}}}, {inner}]}}\n"
            "    raises: batch|shape\n    expect: {'rnn/h[0]': changed}",
            "predict: {x: x}",
        )
        assert (report.status, report.exit_code) == ("passed", 0), report.error
        names = [entry.operation for entry in report.operations]
        assert names == ["predict", "call", "repeat", "predict"]

    def test_an_error_in_a_repeat_stops_the_scenario(self, tell: Any) -> None:
        inner = "{call: {x: odd}, allow_partial_batch: true}"
        report = tell(f"repeat: {{times: 3, operations: [{inner}]}}", "predict: {x: x}")
        assert (report.status, report.exit_code) == ("error", 3)
        assert [entry.operation for entry in report.operations] == ["call"]


def test_expectations_may_differ_from_engine_to_engine(tell: Any, engine: Any) -> None:
    other = {"keras3": "tf_keras", "tf_keras": "keras3"}[engine.name]
    mine = f"predict: {{x: x}}\n    expect: {{{engine.name}: {{rnn/h: changed}}}}"
    report = tell(mine)
    assert [verdict.selector for verdict in report.verdicts] == ["rnn/h"]
    assert tell(mine.replace(engine.name, other)).status == "no expectations"


def test_a_selector_of_what_is_not_there_is_an_error_with_its_place(tell: Any) -> None:
    report = tell("predict: {x: x}\n    expect: {'rnn/h[4]': changed}")
    assert (report.status, report.exit_code) == ("error", 2)
    assert report.error.startswith("scenario.yaml:11:14: error:")
    assert "made 1 call" in report.error


def test_the_model_is_let_go_of(tell: Any, engine: Any) -> None:
    import gc
    import weakref

    from lstm_state_probe.recording import recorder

    alive: list[Any] = []
    attach = recorder.Recorder.attach.__func__

    def watched(cls: Any, *args: Any, **kwargs: Any) -> Any:
        made = attach(cls, *args, **kwargs)
        alive.append(weakref.ref(made))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder.Recorder, "attach", classmethod(watched))
        tell("predict: {x: x}", "reload", "predict: {x: x}")
    gc.collect()
    assert len(alive) == 2
    assert not any(reference() for reference in alive)


def test_the_same_seed_gives_the_same_bits(run: Any, engine: Any) -> None:
    text = FRAME.format(operations=_indented(("predict: {x: x}",)))
    results = [
        run(f"seed: {seed}\n{dedent(text)}", engine=engine).operations[0].outcome.result
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_reports_are_the_same_from_the_same_scenario_file(engine: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(FRAME.format(operations=_indented(("predict: {x: x}",))))
    (scenario,) = read_scenarios(file, engine=engine.name)
    first, second = run_scenario(scenario, engine), run_scenario(scenario, engine)
    assert first.id == second.id == f"{file}::a"
    np.testing.assert_array_equal(
        first.operations[0].outcome.held["rnn/h"], second.operations[0].outcome.held["rnn/h"]
    )
