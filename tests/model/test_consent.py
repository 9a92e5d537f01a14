"""Nothing that a scenario names acts outside the model without --allow-code."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.model import build_model
from lstm_state_probe.scenario.consent import PARTS, Look, asked
from lstm_state_probe.scenario.fits.harmless import HARMLESS, NEEDS_CONSENT

ACTS = re.compile(
    r"\bopen\(|gfile|rmtree|os\.(?:remove|makedirs|mkdir|rename|unlink|replace|system)|shutil\.|"
    r"requests\.|urlopen|saved_model\.|file_utils\.|socket|subprocess|importlib|(?<![\w.])(?:exec|eval)\(|"
    r"marshal|pickle\.loads|get_file|np\.load|np\.save|create_file_writer|SummaryWriter|"
    r"train\.Checkpoint|orbax|func_load|TextFileInitializer|py_function|import_module"
)
BASES = ("Layer", "Callback", "Model", "Trainer", "KerasSaveable", "TFLayer", "Metric", "Loss")
EXPLAINED = {"IndexLookup"}  # it reads a vocabulary's file: the argument is refused, not the class


def classes(keras: Any) -> Iterator[tuple[str, type]]:
    """Every class that a scenario can name."""
    for part in PARTS:
        module: Any = keras
        for name in part.split("."):
            module = getattr(module, name)
        for name in dir(module):
            found = getattr(module, name)
            if isinstance(found, type) and name[:1].isupper():
                yield name, found


def test_every_class_of_keras_is_harmless_or_needs_consent(engine: Any) -> None:
    unknown = {name for name, _ in classes(engine.keras)} - HARMLESS - set(NEEDS_CONSENT)
    assert not unknown
    assert not HARMLESS & set(NEEDS_CONSENT)


@lru_cache(maxsize=512)
def class_sources(module: str) -> dict[str, str]:
    """The text of each class at the top of a module; `inspect` parses a module for each class."""
    text = Path(str(sys.modules[module].__file__)).read_text(encoding="utf-8")
    lines = text.splitlines()
    found = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
    return {node.name: "\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in found}


def test_the_source_of_a_harmless_class_opens_and_runs_nothing(engine: Any) -> None:
    derived = {
        cls
        for name, found in classes(engine.keras)
        if name in HARMLESS
        for cls in found.__mro__
        if cls.__module__.split(".")[0] == engine.package
        and cls.__name__ not in (*BASES, *EXPLAINED)
    }
    texts = {cls.__name__: class_sources(cls.__module__).get(cls.__name__, "") for cls in derived}
    assert len(texts) > 100
    acting = {name: found[0] for name, text in texts.items() if (found := ACTS.findall(text))}
    assert set(acting) <= USES_OF_THE_BASES, acting


# words in their sources that run nothing: tf_keras's own SavedModel savers, `eval` in a name
USES_OF_THE_BASES = {
    *("BaseRandomLayer", "RNN", "InputLayer", "TextVectorization", "Sequential", "Functional"),
    *("TensorFlowTrainer", "DropoutRNNCellMixin", "LossFunctionWrapper", "MeanMetricWrapper"),
    *("AUC", "MeanRelativeError"),
}


@pytest.mark.parametrize("name", sorted(NEEDS_CONSENT))
def test_a_class_that_needs_consent_is_found_wherever_it_stands(name: str) -> None:
    look = Look("keras")
    for written in (
        {name: {}},
        [{name: None}],
        {"TimeDistributed": {"layer": {name: {}}}},
        {"RNN": {"cell": [{"LSTMCell": {"units": 1}}, {name: {"x": 1}}]}},
        {"Out": {"class_name": name, "config": {}, "module": "keras.layers"}},
        {"class_name": "Nothing", "registered_name": name, "config": {}},
    ):
        assert list(look.value("layer", written, ())), written


@pytest.mark.parametrize(
    "written",
    [
        {"class_name": "function", "config": "system", "module": "os"},
        {"class_name": "Popen", "module": "subprocess", "config": {"args": ["true"]}},
        {"class_name": "Dense", "module": "keras.src.utils.file_utils", "config": {}},
        {"class_name": "__lambda__", "config": {"value": "4wAAAA"}},
        {"StringLookup": {"vocabulary": "secret.txt"}},
        {"TextVectorization": {"vocabulary": "https://example.org/words"}},
        {"class_name": "StringLookup", "config": {"vocabulary": "gs://bucket/words"}},
        {"LayerOfALaterKeras": {}},
    ],
)
def test_other_ways_to_code_and_files_need_consent(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_state_probe.scenario import consent

    later = {"LayerOfALaterKeras": "keras.src.layers.later:LayerOfALaterKeras"}
    monkeypatch.setattr(consent, "exported", lambda package, part: later)
    assert list(Look("keras").value("activation", written, ("here",)))


@pytest.mark.parametrize(
    "written",
    [
        {"LSTM": {"units": 2, "kernel_initializer": {"Constant": {"value": 0.1}}}},
        {"StringLookup": {"vocabulary": ["a", "b"]}},
        {"class_name": "Dense", "config": {"units": 1}, "module": "keras.layers"},
        {"Nobody": {"knows": "it"}},
    ],
)
def test_what_stays_in_the_model_needs_none(written: Any) -> None:
    assert not list(Look("keras").value("layer", written, ()))


SCENARIO = """
model: {{batch_shape: [2, 3, 1], layers: [{layer}LSTM: {{units: 2}}, Dense: {{units: 1}}],
  compile: {{optimizer: sgd, loss: mse}}}}
data: {{x: {{normal: {{shape: [2, 3, 1]}}}}, y: {{zeros: {{shape: [2, 1]}}}}}}
operations:
  - repeat: {{times: 1, operations: [{{fit: {{x: x, y: y, callbacks: [{callback}]}}}}]}}
"""
TEMPTING = {
    "callback": SCENARIO.format(layer="", callback="BackupAndRestore: {backup_dir: kept}"),
    "word": SCENARIO.format(layer="", callback="TensorBoard"),
    "layer": SCENARIO.format(layer="Lambda: {function: kept}, ", callback="TerminateOnNaN"),
}


@pytest.mark.parametrize("name", TEMPTING)
def test_it_is_refused_at_its_place_before_anything_is_made(
    name: str, engine: Any, read: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "precious").write_text("x")
    scenario = read(TEMPTING[name], engine.name)
    with pytest.raises(ScenarioError, match=r"scenario.yaml:\d+:\d+: .*--allow-code") as caught:
        build_model(scenario, engine)
    assert caught.value.exit_code == 2
    assert (tmp_path / "kept" / "precious").exists()
    assert len(list(asked(scenario))) == 1


def test_validate_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(TEMPTING["callback"], encoding="utf-8")
    assert run_command_line(["validate", "s.yaml"]) == 2
    assert "s.yaml:6:" in (told := capsys.readouterr().out)
    assert "only with --allow-code" in told
    assert run_command_line(["validate", "s.yaml", "--allow-code"]) == 0
