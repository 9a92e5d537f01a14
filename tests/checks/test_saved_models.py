"""A saved model as the subject of checks: its weights, and a decoder whose length is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import pytest
from click.testing import CliRunner

from lstm_state_probe.checks.examine import examine
from lstm_state_probe.checks.select import models
from lstm_state_probe.cli.check import check


def test_the_weights_of_a_saved_model_stand_in_its_scenario_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "m.json").write_text('{"class_name": "Sequential"}', encoding="utf-8")
    h5py.File(tmp_path / "w.h5", "w").close()
    ((scenario,), complaints) = models([tmp_path / "a" / "m.json"], (), (), str(tmp_path / "w.h5"))
    assert not complaints
    assert scenario.spec.model.weights == "../w.h5"
    assert scenario.beside("../w.h5").samefile(tmp_path / "w.h5")


@pytest.mark.parametrize("paths", [[], ["a.json", "b.json"]])
def test_weights_go_with_one_model(paths: list[str], tmp_path: Path) -> None:
    scenario = tmp_path / "s.yaml"
    scenario.touch()
    words = ["--weights", "w.h5", *(paths or [str(scenario)])]
    result = CliRunner().invoke(check, words)
    assert "--weights goes with one saved model" in str(result.exception)


def test_the_length_of_a_decoder_is_open_though_its_given_states_have_a_size(
    engine_named: Callable[[str], Any], tmp_path: Path
) -> None:
    engine = engine_named("keras3")
    keras, layers = engine.keras, engine.keras.layers
    x, h, c = keras.Input((None, 3)), keras.Input((4,)), keras.Input((4,))
    out = layers.LSTM(4, return_sequences=True, return_state=True)(x, initial_state=[h, c])
    keras.Model([x, h, c], list(out)).save(tmp_path / "m.keras")
    ((scenario,), _) = models([tmp_path / "m.keras"], (), ())
    subject = examine(scenario, engine)
    assert subject.sequences == ("x0",)
    assert subject.free == {"load": "m.keras"}
