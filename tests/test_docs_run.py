"""What the pages show is so: their scenarios hold, and the origins that none can show yet."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from lstm_state_probe.checks.expected import run_and_check
from lstm_state_probe.cli import COMMANDS
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.read import read_scenarios

if TYPE_CHECKING:
    from lstm_state_probe.engines import Engine

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/scenario.md", "docs/suites.md")
UNITS = 2
STARTS: dict[str, Callable[[Any, Any], Any]] = {
    "learned": lambda tf, cell: tf.convert_to_tensor(cell.start),
    "random": lambda tf, cell: tf.random.normal((UNITS,)),
    "custom": lambda tf, cell: tf.fill((UNITS,), 0.5),
}


def page_text() -> str:
    return "\n".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)


def blocks() -> list[Any]:
    """List the whole scenarios of the pages, by their names."""
    text = page_text()
    found = re.findall(r"```yaml\n(.*?)\n```", text, re.DOTALL)
    return [
        pytest.param(block, id=" ".join(re.findall(r"^name: ([\w ]*\w)", block, re.MULTILINE)[:1]))
        for block in found
        if re.search(r"^operations:", block, re.MULTILINE)
    ]


def beside(folder: Path, engine: Engine) -> None:
    """Write the files that the page's scenarios want."""
    (code,) = re.findall(r"```python\n(# cells\.py.*?)\n```", page_text(), re.DOTALL)
    (folder / "cells.py").write_text(code, encoding="utf-8")
    layers = engine.keras.layers
    lstm = layers.LSTM(2, name="lstm")
    engine.keras.Sequential([engine.keras.Input((3, 1)), lstm]).save(str(folder / "model.keras"))
    x = np.arange(6, dtype=np.float32).reshape(2, 3, 1)
    np.save(folder / "x.npy", x)
    np.savez(folder / "d.npz", x=x)
    np.savetxt(folder / "d.csv", x[..., 0], delimiter=",")


def skip_what_came_later(block: str, engine: Engine) -> None:
    found = tuple(map(int, re.findall(r"\d+", engine.version())[:2]))
    if "name: a last batch of one" in block and engine.name == "keras3" and found < (3, 14):
        pytest.skip(
            f"Keras {engine.version()} raises on a last batch of one; it holds from 3.14 on"
        )


@pytest.mark.parametrize("block", blocks())
def test_a_whole_scenario_of_a_page_holds(block: str, engine: Engine, tmp_path: Path) -> None:
    skip_what_came_later(block, engine)
    beside(tmp_path, engine)
    file = tmp_path / "shown.yaml"
    file.write_text(block, encoding="utf-8")
    for scenario in read_scenarios(file, engine=engine.name):
        report = run_and_check(scenario, engine, Wishes(allow_code=True))
        broken = [f"{v.selector}: {v.message}" for v in report.verdicts if not v.passed]
        failures = [str(op.outcome.failure) for op in report.operations if op.outcome.failure]
        assert report.status == "passed", [report.error, *broken, *failures]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("--timesteps", "first,last", "--gates"), ("lstm/h, sample 0", "lstm/f, sample 0")),
        (("--timesteps", "every:2", "--calls", "first"), ("lstm/h, sample 0",)),
        (("--ledger",), ("started from",)),
    ],
)
def test_the_command_shows_and_records_more_than_a_scenario_keeps(
    words: tuple[str, ...], shown: tuple[str, ...], tmp_path: Path
) -> None:
    (block,) = (p.values[0] for p in blocks() if "name: both ends alone" in str(p.values[0]))
    file = tmp_path / "shown.yaml"
    file.write_text(str(block).split("\n---\n")[-1], encoding="utf-8")
    (command,) = (command for command in COMMANDS if command.name == "run")
    wide = {"COLUMNS": "120"}
    done = CliRunner().invoke(command, [str(file), *words], standalone_mode=False, env=wide)
    assert done.return_value == 0, done.output
    assert all(text in done.output for text in shown), done.output


@pytest.mark.parametrize("word", STARTS)
def test_where_a_cell_of_your_own_starts_is_told(engine: Engine, word: str) -> None:
    model = model_of(engine, started(engine, STARTS[word]))
    recorder = Recorder.attach(engine, model, Origins())
    for _ in range(2):
        model.predict_on_batch(np.ones((2, 3, 1), np.float32))
    first, second = recorder.take()[0]
    recorder.detach()
    assert [call.states["h"].origin.word for call in (first, second)] == [word, word]
    assert "start" in second.states["h"].origin.words or word != "learned"


def started(engine: Engine, start: Callable[[Any, Any], Any]) -> Any:
    """Make a cell that begins every call with rows of its own."""
    import tensorflow as tf

    class Started(engine.keras.layers.SimpleRNNCell):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            super().build(shape)
            self.start = self.add_weight(shape=(UNITS,), initializer="ones", name="start")

        def get_initial_state(
            self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
        ) -> Any:
            rows = tf.shape(inputs)[0] if batch_size is None else batch_size
            return [tf.broadcast_to(start(tf, self), (rows, UNITS))]

    return Started(UNITS)


def model_of(engine: Engine, cell: Any) -> Any:
    layers = engine.keras.layers
    engine.clear()
    return engine.keras.Sequential([layers.Input((3, 1)), layers.RNN(cell)])
