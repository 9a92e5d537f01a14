"""What a newcomer stumbled over: each a command that went wrong once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line

CELLS = """
import tensorflow as tf

class Half(keras.layers.SimpleRNNCell):
    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        half = tf.fill((batch_size, self.units), 0.5)
        return [half] if keras.__name__ == "keras" else half
"""


@pytest.fixture
def saved(engine: Any, tmp_path: Path) -> Callable[..., Path]:
    """Save a model of some layers in a folder of its own."""

    def save(*layers: Any) -> Path:
        keras = engine.keras
        model = keras.Sequential([keras.Input(batch_shape=(2, 3, 1)), *layers])
        model.compile("sgd", "mse")
        file = tmp_path / "models" / "m.keras"
        file.parent.mkdir()
        model.save(file)
        return file

    return save


def test_a_check_writes_its_scenarios_to_any_folder(
    engine: Any, saved: Callable[..., Path], tmp_path: Path, capsys: Any
) -> None:
    file = saved(engine.keras.layers.LSTM(2, stateful=True, name="lstm"))
    target = tmp_path / "elsewhere" / "deep"
    words = ["check", str(file), "--select", "reset-restores", "--write-scenarios", str(target)]
    assert run_command_line(words) == 0
    assert " holds" in capsys.readouterr().out
    assert run_command_line(["run", "-q", str(target / "reset-restores.yaml")]) == 0


def test_a_start_of_a_cell_s_own_is_no_state_that_was_carried(
    engine: Any, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "cells.py").write_text(CELLS)
    namespace: dict[str, Any] = {"keras": engine.keras}
    exec(compile(CELLS, "cells.py", "exec"), namespace)
    keras = engine.keras
    layer = keras.layers.RNN(namespace["Half"](2), stateful=True, name="rnn")
    model = keras.Sequential([keras.Input(batch_shape=(2, 3, 1)), layer])
    model.save(tmp_path / "half.keras")
    own = ["--custom-objects", str(tmp_path / "cells.py"), "--allow-code"]
    assert run_command_line(["inspect", str(tmp_path / "half.keras"), *own, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["layers"]
    first = found["calls"][0]["states"]
    assert {state["origin"] for state in first.values()} == {"custom"}
    written = tmp_path / "from.yaml"
    words = ["init", str(written), "--from", str(tmp_path / "half.keras"), *own]
    assert run_command_line(words) == 0
    assert run_command_line(["run", "-q", str(written), "--allow-code"]) == 0


def test_a_model_without_recurrent_layers_gives_nothing_to_check(
    engine: Any, saved: Callable[..., Path], capsys: Any
) -> None:
    assert run_command_line(["check", str(saved(engine.keras.layers.Dense(1)))]) == 2
    assert "no recurrent layer: nothing to check" in capsys.readouterr().out


def test_inputs_that_would_not_fit_into_the_memory_are_refused(
    engine: Any, saved: Callable[..., Path], capsys: Any
) -> None:
    keras = engine.keras
    model = keras.Sequential([keras.Input((None, 1)), keras.layers.LSTM(1)])
    file = saved(keras.layers.LSTM(1)).with_name("open.keras")
    model.save(file)
    assert run_command_line(["inspect", str(file), "--timesteps", "1000000000000"]) == 2
    assert "of memory" in capsys.readouterr().err


def test_a_template_and_a_model_exclude_each_other(capsys: Any) -> None:
    words = ["init", "-", "--template", "lstm", "--from", "m.keras"]
    assert run_command_line(words) == 2
    assert "--template and --from exclude each other" in capsys.readouterr().err


def test_the_command_line_counts_more_than_no_color(
    monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    from lstm_state_probe.cli.options.common import make_console

    monkeypatch.setenv("NO_COLOR", "1")
    make_console("always").print("[bold red]x[/]")
    make_console("auto").print("[bold red]x[/]")
    assert capsys.readouterr().out.count("\x1b[1;31m") == 1
