"""`probe check`, and `checks:` of a scenario: words, exit codes, what is shown and written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from checks_models import LSTM, written
from click.testing import CliRunner

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.cli import COMMANDS, run_command_line

QUICK = ("--select", "reset-restores", "--select", "survives-reload", "--select", "mask-holds")


def probe(name: str, *words: str) -> Any:
    (command,) = (command for command in COMMANDS if command.name == name)
    return CliRunner().invoke(command, list(words), standalone_mode=False, catch_exceptions=False)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "one.yaml"
    file.write_text(written(LSTM), encoding="utf-8")
    return file


def test_the_properties_are_listed() -> None:
    done = probe("check", "--list", "--skip", "no-broadcast")
    assert done.return_value == 0
    names = [line.split()[0] for line in done.output.splitlines()]
    assert names == [name for name in PROPERTIES if name != "no-broadcast"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--select", "chunk-agree"), "did you mean 'chunks-agree'?"),
        (("--skip", "nothing"), "no property is named 'nothing'; known: reset-restores"),
        (("--select", "no-broadcast", "--skip", "no-broadcast"), "leaves no property"),
        (("--report", "x.txt"), "allowed suffixes: .json"),
        (("--custom-objects", "a.py", "one.yaml"), "goes with a saved model"),
        (("no.yaml",), "no such file"),
        ((), "nothing was selected"),
    ],
)
def test_a_wrong_command_is_refused(
    words: tuple[str, ...], message: str, capsys: Any, monkeypatch: Any, scenario: Path
) -> None:
    monkeypatch.chdir(scenario.parent)
    code = run_command_line(["check", *words])
    assert code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("width", ["80", "160"])
def test_a_line_a_property_and_below_it_what_a_no_means(
    width: str, scenario: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    done = probe("check", str(scenario), *QUICK, "--write-scenarios", str(scenario.parent / "out"))
    assert done.return_value == 0
    lines = done.output.splitlines()
    assert any(line.startswith("✓ reset-restores") and line.endswith("holds") for line in lines)
    assert any(line.startswith("! survives-reload") for line in lines)
    assert "A loaded model starts from zeros again." in " ".join(done.output.split())
    assert "2 hold, 0 do not hold, 1 warning, 0 do not apply" in done.output
    assert max(map(len, lines)) <= int(width)
    assert "\x1b" not in done.output
    names = sorted(file.name for file in (scenario.parent / "out").iterdir())
    assert names == ["mask-holds.yaml", "reset-restores.yaml", "survives-reload.yaml"]


def test_json_conforms_to_its_schema_and_strict_counts_warnings(scenario: Path) -> None:
    report = scenario.parent / "r.json"
    words = (*QUICK, "--format", "json", "--report", str(report), "--strict")
    done = probe("check", str(scenario), *words)
    assert done.return_value == 1
    document = json.loads(done.output)
    assert document == json.loads(report.read_text())
    schema = json.loads(probe("schema", "--checks").output)
    jsonschema.validate(document, schema)
    assert document["summary"]["holds"] == 2
    assert (document["summary"]["warnings"], document["summary"]["does_not_hold"]) == (0, 1)
    assert [check["name"] for check in document["subjects"][0]["checks"]] == [
        "reset-restores",
        "mask-holds",
        "survives-reload",
    ]


def test_a_saved_model_is_asked_with_inputs_that_are_generated(tmp_path: Path, engine: Any) -> None:
    layers = engine.keras.layers
    model = engine.keras.Sequential(
        [layers.Input(batch_shape=(2, None, 3)), layers.GRU(2, stateful=True, name="gru")]
    )
    model.save(str(tmp_path / "m.keras"))
    words = ("--select", "chunks-agree", "--select", "fit-in-order", "--engine", engine.name)
    done = probe("check", str(tmp_path / "m.keras"), *words, "-v", "--color", "never")
    assert done.return_value == 0, done.output
    assert "chunks-agree" in done.output
    assert "1 hold, 0 do not hold, 0 warnings, 1 do not apply" in done.output


def test_an_architecture_without_weights_is_untrained(tmp_path: Path, engine_named: Any) -> None:
    keras = engine_named("keras3").keras
    layers = [keras.layers.Input((4, 3)), keras.layers.GRU(2, name="gru")]
    model = keras.Sequential(layers)
    file, weights = tmp_path / "m.json", tmp_path / "m.weights.h5"
    file.write_text(model.to_json(), encoding="utf-8")
    model.save_weights(str(weights))
    words = ("--select", "units-alive", "--engine", "keras3", "--format", "json")
    (subject,) = json.loads(probe("check", str(file), *words).output)["subjects"]
    assert subject["untrained"] is True
    inspect = ("inspect", str(file), "--engine", "keras3")
    assert "untrained: only the architecture was given" in probe(*inspect).output
    given = probe(*inspect, "--weights", str(weights), "--json")
    assert json.loads(given.output)["untrained"] is False


def test_classes_of_a_saved_model_run_when_code_is_allowed(
    tmp_path: Path, engine_named: Any
) -> None:
    engine = engine_named("keras3")
    (tmp_path / "own.py").write_text(
        "class Twice(keras.layers.Layer):\n"
        "    def call(self, x):\n        return x * 2\n"
        "    def compute_output_shape(self, shape):\n        return shape\n"
    )
    namespace: dict[str, Any] = {"keras": engine.keras}
    exec((tmp_path / "own.py").read_text(), namespace)
    layers = engine.keras.layers
    model = engine.keras.Sequential(
        [layers.Input(batch_shape=(2, 4, 3)), namespace["Twice"](), layers.LSTM(2, name="lstm")]
    )
    file = tmp_path / "m.keras"
    model.save(str(file))
    words = ["check", str(file), "--select", "predict-repeats"]
    assert run_command_line([*words, "--custom-objects", str(tmp_path / "own.py")]) == 2
    allowed = ("--custom-objects", str(tmp_path / "own.py"), "--allow-code")
    assert run_command_line([*words, *allowed]) == 0


def test_a_model_that_cannot_be_built_is_told_and_exits_with_3(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(written(LSTM.replace("}", ", activation: reluu}")), encoding="utf-8")
    done = probe("check", str(file), "--select", "reset-restores")
    assert done.return_value == 3
    assert "reluu" in done.output


class TestInAScenario:
    CHECKS = """
checks:
  reset-restores: holds
  survives-reload: {expected}
"""

    def run(self, tmp_path: Path, checks: str) -> Any:
        file = tmp_path / "with_checks.yaml"
        file.write_text(written(LSTM) + checks, encoding="utf-8")
        return probe("run", str(file), "--format", "json")

    def test_expected_verdicts_are_judged_like_expectations(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, self.CHECKS.format(expected="does not hold"))
        assert done.return_value == 0
        (scenario,) = json.loads(done.output)["scenarios"]
        assert scenario["status"] == "passed"
        assert [check["passed"] for check in scenario["checks"]] == [True, True]
        jsonschema.validate(json.loads(done.output), json.loads(probe("schema", "--report").output))

    def test_another_verdict_fails_at_its_place(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, self.CHECKS.format(expected="holds"))
        assert done.return_value == 1
        (scenario,) = json.loads(done.output)["scenarios"]
        assert scenario["status"] == "failed"
        unmet = scenario["checks"][1]
        lines = (tmp_path / "with_checks.yaml").read_text().splitlines()
        assert lines[unmet["line"] - 1].startswith("  survives-reload")
        words = "survives-reload: expected that it holds, found it does not hold: lstm/h"
        assert unmet["message"].startswith(words)

    def test_a_list_wants_each_to_hold_or_not_to_apply(self, tmp_path: Path) -> None:
        done = self.run(tmp_path, "checks: [reset-restores, fit-in-order]\n")
        assert done.return_value == 0
        done = self.run(tmp_path, "checks: [inner-read-neutral]\n")
        assert done.return_value == 1

    @pytest.mark.parametrize(
        ("checks", "message"),
        [
            ("checks: [reset-restore]", "did you mean 'reset-restores'?"),
            ("checks: {reset-restore: holds}", "did you mean 'reset-restores'?"),
            ("checks: [no-broadcast, no-broadcast]", "stands twice"),
            ("checks: {no-broadcast: hold}", "did you mean 'holds'?"),
            ("checks: yes", "expected a list of properties"),
            ("checks: []", "at least 1"),
        ],
    )
    def test_a_wrong_word_is_complained_of_without_running(
        self, checks: str, message: str, subject: Callable[..., Any]
    ) -> None:
        from lstm_state_probe.errors import ScenarioError

        with pytest.raises(ScenarioError) as caught:
            subject(written(LSTM) + checks + "\n")
        assert message in str(caught.value)
