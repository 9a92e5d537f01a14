"""The first NaN or infinity of a scenario stands in every view of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from reading import drawn, words

from lstm_state_probe.report import markdown
from lstm_state_probe.report.data import LayerReport
from lstm_state_probe.report.html import page as html
from lstm_state_probe.report.json import writer as json_
from lstm_state_probe.report.words.first_bad import first_bad

LAYERS = (LayerReport("first", "LSTM", ("h",), False), LayerReport("second", "GRU", ("h",), False))
WORDS = (
    "first NaN or Inf: first/h is NaN at call 2 of 2, timestep 3, sample 1, u2,"
    ' in operation 2, predict "second"'
)


@pytest.fixture
def report(made):
    """Two layers; the second has its NaN in the same call, at an earlier timestep."""
    good = np.stack([drawn(2, 3, seed=k) for k in range(5)])
    bad, soon = good.copy(), good.copy()
    bad[3:, 1, 2], soon[0, 0, 0] = np.nan, np.nan
    calls = [
        made.recorded(steps, layer=layer, batch=batch)
        for batch, (one, two) in enumerate([(good, good), (bad, soon)])
        for layer, steps in (("first", one), ("second", two))
    ]
    fine = made.operation(made.recorded(good, layer="first"))
    done = made.operation(*calls, index=1, label="second")
    return made.scenario(fine, done, layers=LAYERS, status="no expectations")


def test_it_is_the_first_operation_then_call_then_layer_then_timestep(report) -> None:
    done, bad = first_bad(report)
    assert (done.index, bad.call, bad.layer, bad.timestep, bad.where) == (1, 1, "first", 3, (1, 2))


@pytest.mark.parametrize("options", [{}, {"verbosity": -1}, {"ledger": True}, {"verbosity": 1}])
def test_the_tables_tell_it_whatever_they_show(report, page, options) -> None:
    assert WORDS in words(page(report, end=True, **options))


def test_the_other_views_tell_it(made, report) -> None:
    suite = made.suite(report)
    assert WORDS in markdown.text(suite)
    assert WORDS.replace('"', "&quot;") in html.text(suite) or WORDS in html.text(suite)
    told = json.loads(json_.text(suite))["scenarios"][0]["first_bad"]
    assert told == {
        "operation": 1,
        "call": 1,
        "layer": "first",
        "name": "h",
        "moment": "timestep",
        "timestep": 3,
        "index": [1, 2],
        "value": "NaN",
        "words": WORDS,
    }


def test_one_that_is_held_without_a_call_is_told_and_what_is_finite_is_not(made, page) -> None:
    held = {"lstm/h": np.array([[0.0, np.inf]])}
    done = made.operation(operation="set_states", held=held)
    told = words(page(made.scenario(done, stateful=True), end=True))
    assert "lstm/h is Inf at held, sample 0, u1, in operation 1, set_states" in told
    fine = made.scenario(made.operation(made.call(drawn(2, 3), drawn(2, 3))))
    assert first_bad(fine) is None
    assert json.loads(json_.text(made.suite(fine)))["scenarios"][0]["first_bad"] is None
