"""The observer leaves no trace: every bit is what a run without a recorder gives."""

from __future__ import annotations

import gc
import math
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_keras import BATCH, FEATURES, TIMESTEPS, UNITS, Case, everything, loops, story

from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder

EVERYTHING = Plan(timesteps="all", gates=True, witness=math.inf)
ON = {"stateful": True}
SEQUENCE = {"return_sequences": True}
DROPPING = {"dropout": 0.4, "recurrent_dropout": 0.3}

CASES = [
    Case(
        "stateful LSTM, GRU, SimpleRNN",
        lambda K: [
            K.LSTM(UNITS, **ON, **SEQUENCE),
            K.GRU(UNITS, **ON, **SEQUENCE),
            K.SimpleRNN(UNITS, **ON),
            K.Dense(1),
        ],
    ),
    Case(
        "stateless, masked, go_backwards LSTM, GRU without reset_after, unrolled SimpleRNN",
        lambda K: [
            K.Masking(),
            K.LSTM(UNITS, go_backwards=True, **SEQUENCE),
            K.GRU(UNITS, reset_after=False, **SEQUENCE),
            K.SimpleRNN(UNITS, unroll=True),
            K.Dense(1),
        ],
        masked=True,
        methods=("batches",),
    ),
    Case(
        "stateful RNN over a cell and over cells",
        lambda K: [
            K.RNN(K.LSTMCell(UNITS), **ON, **SEQUENCE),
            K.RNN([K.LSTMCell(UNITS), K.GRUCell(3)], **ON),
            K.Dense(1),
        ],
        methods=("loops",),
    ),
    Case(
        "stateful Bidirectional LSTM, SimpleRNN in a nested model",
        lambda K: [
            K.Bidirectional(K.LSTM(UNITS, **ON, **SEQUENCE)),
            _sequential(K, [K.SimpleRNN(UNITS), K.Dense(1)]),
        ],
        methods=("few",),
    ),
    Case(
        "TimeDistributed LSTM, stateful, then GRU",
        lambda K: [K.TimeDistributed(K.LSTM(UNITS, **ON)), K.GRU(UNITS), K.Dense(1)],
        shape=(2, TIMESTEPS, FEATURES),
        methods=("loops",),
    ),
    Case(
        "stateful ConvLSTM1D, ConvLSTM2D",
        lambda K: [
            K.ConvLSTM1D(1, 2, **ON, **SEQUENCE),
            K.Reshape((TIMESTEPS, 3, 1, 1)),
            K.ConvLSTM2D(1, (2, 1), **ON),
            K.Flatten(),
            K.Dense(1),
        ],
        shape=(TIMESTEPS, 4, 1),
        methods=("batches",),
    ),
    Case(
        "mixed_float16, stateful and masked",
        lambda K: [
            K.Masking(),
            K.LSTM(UNITS, **ON),
            K.Dense(1, dtype="float32"),
        ],
        policy="mixed_float16",
        masked=True,
        methods=("loops",),
    ),
    Case(
        "jit_compile, stateful and masked",
        lambda K: [K.Masking(), K.LSTM(UNITS, **ON), K.Dense(1)],
        compile={"jit_compile": True},
        masked=True,
        methods=("few",),
    ),
    Case(
        "jit_compile, GRU and an unmasked LSTM",
        lambda K: [K.GRU(UNITS, go_backwards=True, **SEQUENCE), K.LSTM(UNITS, **ON), K.Dense(1)],
        compile={"jit_compile": True},
        methods=("few",),
    ),
    Case(
        "dropout of the inputs in graph mode, default kernels",
        lambda K: [
            K.LSTM(UNITS, dropout=0.4, **ON, **SEQUENCE),
            K.GRU(UNITS, dropout=0.4),
            K.Dense(1),
        ],
        methods=("batches",),
    ),
    Case(
        "steps_per_execution, stateful",
        lambda K: [K.LSTM(UNITS, **ON), K.Dense(1)],
        compile={"steps_per_execution": 2},
        methods=("loops",),
    ),
    Case(
        "run_eagerly, dropout, recurrent_dropout",
        lambda K: [
            K.LSTM(UNITS, **ON, **SEQUENCE, **DROPPING),
            K.GRU(UNITS, **SEQUENCE, **DROPPING),
            K.SimpleRNN(UNITS, **ON, **DROPPING),
            K.Dense(1),
        ],
        compile={"run_eagerly": True},
    ),
    # tf_keras draws the masks of a loop anew in every timestep of a graph, and in no fixed
    # order: two runs without a recorder differ, so that nothing could be compared (2.21). There
    # the graph is unrolled, and the loop is looked at with run_eagerly above.
    Case(
        "dropout, recurrent_dropout in graph mode, stateful",
        lambda K: [
            K.LSTM(UNITS, unroll=_is_2(K), **ON, **SEQUENCE, **DROPPING),
            K.GRU(UNITS, unroll=_is_2(K), **DROPPING),
            K.Dense(1),
        ],
        methods=("batches",),
    ),
]


def _is_2(K: Any) -> bool:
    return str(K.__name__).startswith("tf_keras")


def _sequential(K: Any, layers: list[Any]) -> Any:
    """Nest a model, whichever Keras the module of layers belongs to."""
    if _is_2(K):
        import tf_keras as keras
    else:
        import keras
    return keras.Sequential(layers)


def _attach(engine: Any, model: Any, *, gates: bool = True) -> Recorder:
    return Recorder.attach(engine, model, Origins(), plan=replace(EVERYTHING, gates=gates))


def assert_same_bits(left: Any, right: Any, *, of: str) -> None:
    assert left.keys() == right.keys()
    for kind, arrays in left.items():
        for k, (a, b) in enumerate(zip(arrays, right[kind], strict=True)):
            assert a.dtype == b.dtype, (of, kind, k)
            assert a.shape == b.shape, (of, kind, k)
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), (of, kind, k, a, b)


@pytest.mark.rows(7)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_run_with_a_recorder_has_the_bits_of_a_run_without(engine: Any, case: Case) -> None:
    plain = story(case, case.build(engine.keras))
    model = case.build(engine.keras)
    recorder = _attach(engine, model, gates="jit_compile" not in case.compile)
    observed = story(case, model)
    calls, _ = recorder.take()
    recorder.detach()
    engine.clear()
    gc.collect()

    assert {call.layer for call in calls} == {part.address for part in recorder.layers}, "vacuous"
    for (name, left), (_, right) in zip(plain, observed, strict=True):
        assert_same_bits(left, right, of=name)


def test_gates_under_xla_change_results_by_rounding_alone(engine: Any) -> None:
    """XLA fuses a gate into what uses it, unless it is asked for; then sums round otherwise."""
    (case,) = (case for case in CASES if case.name.startswith("jit_compile, GRU"))
    plain = story(case, case.build(engine.keras))
    model = case.build(engine.keras)
    recorder = _attach(engine, model)
    observed = story(case, model)
    recorder.detach()
    for (name, left), (_, right) in zip(plain, observed, strict=True):
        for kind in left:
            for a, b in zip(left[kind], right[kind], strict=True):
                np.testing.assert_allclose(a, b, rtol=0, atol=1e-6, err_msg=f"{name} {kind}")


LEFT = Case(
    "observed for a while",
    lambda K: [
        K.LSTM(UNITS, **ON, **SEQUENCE),
        _sequential(K, [K.Bidirectional(K.SimpleRNN(UNITS, **ON)), K.Dense(1)]),
    ],
)


def _own(model: Any) -> list[dict[str, int]]:
    return [{key: id(value) for key, value in vars(layer).items()} for layer in loops(model)]


def test_after_detach_no_layer_keeps_an_attribute(engine: Any) -> None:
    model = LEFT.build(engine.keras)
    before, values = _own(model), everything(model)
    recorder = _attach(engine, model)
    assert _own(model) != before, "the layers were not observed at all"
    recorder.detach()
    assert _own(model) == before
    assert_same_bits(values, everything(model), of="attach and detach")


def test_after_detach_the_model_runs_on_unobserved_with_the_same_bits(engine: Any) -> None:
    x, y = LEFT.data()
    plain, model = LEFT.build(engine.keras), LEFT.build(engine.keras)
    recorder = _attach(engine, model)
    for each in (plain, model):
        each.train_on_batch(x[:BATCH], y[:BATCH])
        if each is model:
            assert recorder.take()[0]
            recorder.detach()
        each.train_on_batch(x[:BATCH], y[:BATCH])

    assert_same_bits(everything(plain), everything(model), of="after detach")
    assert recorder.take() == ((), 0), "a traced function still reports"
    for left, right in zip(loops(plain), loops(model), strict=True):
        assert sorted(vars(left)) == sorted(vars(right))


def _config(archive: zipfile.ZipFile) -> str:
    """Return the saved configuration, but for the numbers that Keras takes from `id`."""
    text = archive.read("config.json").decode()
    return re.sub(r'"shared_object_id": \d+', "", text)


def test_saving_while_attached_carries_nothing(engine: Any, tmp_path: Path) -> None:
    x, _ = LEFT.data()
    plain, model = LEFT.build(engine.keras), LEFT.build(engine.keras)
    recorder = _attach(engine, model)
    entries = []
    for name, each in (("plain", plain), ("observed", model)):
        each(x[:BATCH])
        each.save(str(tmp_path / f"{name}.keras"))
        with zipfile.ZipFile(tmp_path / f"{name}.keras") as archive:
            entries.append((sorted(archive.namelist()), _config(archive)))
    assert recorder.take()[0]
    loaded = engine.keras.models.load_model(str(tmp_path / "observed.keras"))
    loaded(x[:BATCH])

    assert entries[0] == entries[1]
    assert recorder.take() == ((), 0), "the loaded model reports to the recorder of the saved one"
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
