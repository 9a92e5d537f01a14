"""What a user reads of a recording: selectors, uneven calls, tables, files; no TensorFlow."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lstm_state_probe import Recording
from lstm_state_probe.api.place import Place
from lstm_state_probe.api.record import plan_of
from lstm_state_probe.api.session import Operation
from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.call import Call, Gates, Origin, State, Verified
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report.data import LayerReport

LAYERS = (
    LayerReport("lstm", "LSTM", ("h", "c"), True),
    LayerReport("lstm_1", "GRU", ("h",), False),
)
GATES = ("lstm/i", "lstm/f", "lstm/g", "lstm/o", "lstm_1/z", "lstm_1/r", "lstm_1/g")


def array(*shape: int, start: float = 0.0) -> Any:
    return (np.arange(np.prod(shape), dtype=np.float32) + start).reshape(shape)


def call(layer: str, k: int, *, batch: int = 2, timesteps: int = 3, **other: Any) -> Call:
    names = ("h", "c") if layer == "lstm" else ("h",)
    steps = {name: array(timesteps, batch, 2, start=100 * k) for name in names}
    states = {
        name: State(array(batch, 2, start=-k), steps[name][-1], Origin("zeros", f"call {k}"), value)
        for name, value in steps.items()
    }
    gates = Gates({"f": steps["h"] + 0.5}) if layer == "lstm" else {}
    place = {"phase": "predict", "epoch": -1, "batch": k, "use": 0, "timesteps": timesteps}
    return Call(
        layer,
        **{"mask": None, "states": states, "gates": gates, **place, **other},
        kept=range(timesteps),
    )


def operation(name: str, *calls: Call, held: float = 0.0, line: int = 3, **other: Any) -> Operation:
    kept = {"lstm/h": np.full((2, 2), held), "lstm/c": np.full((2, 2), held)}
    outcome = Outcome(name, None, calls, kept, kept, **other)
    return Operation(outcome, Place("train.py", line))


def recording(*done: Operation) -> Recording:
    return Recording(
        "keras3",
        Place("train.py", 1),
        layers=lambda: LAYERS,
        gates=lambda: GATES,
        before={"lstm/h": np.zeros((2, 2)), "lstm/c": np.zeros((2, 2))},
        done=lambda: done,
    )


EVEN = recording(
    operation("fit", call("lstm", 0, phase="train", epoch=0), call("lstm_1", 0), held=1.0),
    operation("predict", call("lstm", 1), call("lstm", 2), held=2.0, line=8),
)
UNEVEN = recording(operation("predict", call("lstm", 0), call("lstm", 1, batch=1, timesteps=2)))


def test_a_mapping_has_the_addresses_of_states_and_of_gates_that_were_recorded() -> None:
    assert list(EVEN) == ["lstm/h", "lstm/c", "lstm_1/h", "lstm/f"]
    assert len(EVEN) == 4
    assert "lstm/h" in EVEN
    assert "lstm/i" not in EVEN
    assert dict(EVEN)["lstm_1/h"].shape == (1, 3, 2, 2)


@pytest.mark.parametrize(
    ("selector", "shape"),
    [
        ("lstm/h", (3, 3, 2, 2)),
        ("lstm/h@all", (3, 3, 2, 2)),
        ("lstm/f", (3, 3, 2, 2)),
        ("lstm/f@-1", (3, 2, 2)),
        ("lstm/h@initial", (3, 2, 2)),
        ("lstm/h@final", (3, 2, 2)),
        ("lstm/h@0", (3, 2, 2)),
        ("lstm/h@held", (2, 2, 2)),
        ("lstm/h[0]", (3, 2, 2)),
        ("lstm/h[-1]@initial", (2, 2)),
        ("lstm_?/h", (1, 3, 2, 2)),
    ],
)
def test_a_selector_gives_an_array_with_these_axes(selector: str, shape: tuple[int, ...]) -> None:
    found = EVEN[selector]
    assert found.shape == shape
    assert not found.flags.writeable


def test_values_are_those_of_the_call() -> None:
    assert np.array_equal(EVEN["lstm/h[1]"], array(3, 2, 2, start=100))
    assert np.array_equal(EVEN["lstm/h@-1"][2], array(3, 2, 2, start=200)[-1])
    assert np.array_equal(EVEN["lstm/f[0]@0"], array(3, 2, 2)[0] + 0.5)
    assert EVEN["lstm/c@held"][:, 0, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("lsmt/h", "recorded: lstm/h, lstm/c, lstm_1/h, lstm/f; did you mean 'lstm/h'"),
        ("lstm/i", "gates are recorded with record(gates=True)"),
        ("*/h", "names several: lstm/h, lstm_1/h"),
        ("lstm/h[7]", "the layer was called 3 times"),
        ("lstm/h@9", "the call had 3 timesteps"),
        ("lstm/f@initial", "a gate has timesteps alone"),
        ("lstm_1/h@held", "the layer is not stateful"),
        ("lstm", "is not an address"),
        ("lstm/h@fnal", "did you mean 'final'"),
        ("result", "outcome.result"),
    ],
)
def test_what_is_not_there_is_a_key_error_that_says_what_is(selector: str, told: str) -> None:
    with pytest.raises(KeyError) as caught:
        EVEN[selector]
    assert told in str(caught.value)
    assert not str(caught.value).startswith('"'), "the message is not quoted"


def test_calls_that_differ_in_size_are_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"differ in shape: \(3, 2, 2\), \(2, 1, 2\)") as caught:
        UNEVEN["lstm/h"]
    assert all(word in str(caught.value) for word in ("only", "arrays", "padded", "lstm/h[0]"))
    assert [a.shape for a in UNEVEN.arrays("lstm/h")] == [(3, 2, 2), (2, 1, 2)]
    padded = UNEVEN.padded("lstm/h")
    assert padded.shape == (2, 3, 2, 2)
    assert np.isnan(padded[1]).sum() == 3 * 2 * 2 - 2 * 1 * 2
    assert np.array_equal(padded[1, :2, :1], UNEVEN["lstm/h[1]"])


def test_only_chooses_calls_by_what_they_are() -> None:
    assert [c.batch for c in EVEN.only("predict").calls] == [1, 2]
    assert [c.batch for c in EVEN.only(1, batch=2).calls] == [2]
    assert [c.layer for c in EVEN.only(0, layer="lstm").calls] == ["lstm"]
    assert EVEN.only(phase="train")["lstm/h"].shape[0] == 1
    assert EVEN.only(epoch=0)["lstm/h"].shape[0] == 1
    with pytest.raises(KeyError, match="no call of the layer 'lstm_1'"):
        EVEN.only("predict")["lstm_1/h"]


def test_origins_are_told() -> None:
    assert EVEN.origin("lstm/h").words == "call 2"
    assert EVEN.origin("lstm/h[0]").words == "call 0"
    assert [origin.words for origin in EVEN.origins("lstm/c")] == ["call 0", "call 1", "call 2"]


@pytest.mark.parametrize(
    ("agrees", "verdict"),
    [([], None), ([None], None), ([True, None], True), ([True, False], False)],
)
def test_verified_sums_the_calls_up(agrees: list[Any], verdict: bool | None) -> None:
    calls = [call("lstm", k, verified=Verified(one, 0.0, "")) for k, one in enumerate(agrees)]
    assert recording(operation("fit", *calls)).verified is verdict


def test_its_repr_is_one_line_that_says_what_was_done() -> None:
    assert repr(EVEN) == (
        "<Recording keras3: fit, predict; 4 calls; lstm/h, lstm/c, lstm_1/h, lstm/f>"
    )


def shown(method: str = "show", **options: Any) -> str:
    page = io.StringIO()
    console = Console(file=page, width=100)
    getattr(EVEN, method)(console, **options)
    return page.getvalue()


def test_show_writes_the_tables_with_places_in_the_user_s_code() -> None:
    text = shown(units=1)
    assert "2. predict  train.py:8" in text
    assert "lstm  LSTM, stateful" in text
    assert "seed" not in text
    assert "lstm/h, sample 0" in shown(timesteps="all")


def test_ledger_writes_a_row_an_operation_and_layer() -> None:
    rows = [line for line in shown("ledger").splitlines() if re.match(r"\d\.", line)]
    assert [row.split()[:4] for row in rows] == [
        ["1.", "fit", "lstm", "1"],
        ["2.", "predict", "lstm", "2"],
    ]


def test_an_option_that_there_is_not_is_told() -> None:
    with pytest.raises(UsageError, match=r"show takes no 'unit'.*did you mean 'units'"):
        EVEN.show(unit=1)


def test_html_needs_nothing_from_elsewhere_and_escapes() -> None:
    evil = recording(operation("<script>alert(1)</script>", call("lstm", 0)))
    html = evil._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"(src|href)=|url\(|@import", html)


def test_a_failure_is_in_the_tables() -> None:
    broken = recording(operation("fit", failure=Failure("ValueError", "no such batch")))
    page = io.StringIO()
    broken.show(Console(file=page, width=100))
    assert "fit raised ValueError: no such batch" in page.getvalue()


def test_an_unknown_suffix_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"allowed suffixes: \.json, .*\.npz"):
        EVEN.save(tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_to_xarray_names_the_axes_and_what_differs_between_layers() -> None:
    pytest.importorskip("xarray")
    one = EVEN.only(layer="lstm").to_xarray()
    assert one["lstm.h"].dims == ("call", "timestep", "batch", "unit")
    assert one["lstm.h@final"].dims == ("call", "batch", "unit")
    assert one["operation"].values.tolist() == [0, 1, 1]
    assert one["batch_number"].values.tolist() == [0, 1, 2]
    assert one.sel(timestep=2)["lstm.h"].values.tolist() == EVEN["lstm/h@-1"].tolist()
    both = EVEN.to_xarray()
    assert both["lstm.h"].dims == ("call_lstm", "timestep", "batch", "unit")
    assert both["lstm_1.h"].dims == ("call_lstm_1", "timestep", "batch", "unit")
    with pytest.raises(ValueError, match="differ in shape"):
        UNEVEN.to_xarray()


def test_without_xarray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(ImportError, match=r"pip install 'lstm-state-probe\[xarray\]'"):
        EVEN.to_xarray()


@pytest.mark.parametrize("wrong", [5, None, ("lstm/h", 0)])
def test_what_is_no_selector_is_a_key_error_that_says_what_one_is(wrong: Any) -> None:
    with pytest.raises(KeyError, match="a selector is a text such as"):
        EVEN[wrong]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"operation": "predit"}, "did you mean 'predict'"),
        ({"phase": "training"}, "phase 'training' is not in this recording; allowed: predict"),
        ({"layer": "lstn"}, "did you mean 'lstm'"),
    ],
)
def test_only_refuses_a_name_that_is_none(words: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        EVEN.only(**words)


@pytest.mark.parametrize("budget", ["lots", -1, None, 1.5])
def test_a_budget_that_is_none_is_refused(budget: Any) -> None:
    with pytest.raises(UsageError, match="expected a number of bytes"):
        plan_of("all", False, "*", budget=budget)


def test_a_budget_may_have_a_unit() -> None:
    assert plan_of("all", False, "*", budget="64MiB").budget == 64 * 2**20
