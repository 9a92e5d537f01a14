"""An inspection leaves no trace: what comes after it has the bits of a run without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from plain_keras import BATCH, METHODS, UNITS, Case, everything, streams

from lstm_state_probe.engines import Engine
from lstm_state_probe.inspection.inspect import inspect_model

ON = {"stateful": True}
SEQUENCE = {"return_sequences": True}
DROPPING = {"dropout": 0.4, "recurrent_dropout": 0.3}


def is_2(layers: Any) -> bool:
    return str(layers.__name__).startswith("tf_keras")


CASES = [
    Case(
        "stateful, batch normalisation, noise",
        lambda K: [
            K.LSTM(UNITS, **ON, **SEQUENCE),
            K.BatchNormalization(),
            K.GaussianNoise(0.1, seed=3),
            K.GRU(UNITS, **ON),
            K.Dense(1, activity_regularizer="l2"),
        ],
        methods=("batches",),
    ),
    Case(
        "masked, bidirectional, stacked cells",
        lambda K: [
            K.Masking(),
            K.Bidirectional(K.GRU(UNITS, **SEQUENCE)),
            K.RNN([K.LSTMCell(UNITS), K.GRUCell(UNITS)], **ON),
            K.Dense(1),
        ],
        masked=True,
        methods=("few",),
    ),
    Case(
        "dropout, run_eagerly",
        lambda K: [
            K.LSTM(UNITS, **ON, **SEQUENCE, **DROPPING),
            K.Dropout(0.5),
            K.SimpleRNN(UNITS, **ON, **DROPPING),
            K.Dense(1),
        ],
        compile={"run_eagerly": True},
        methods=("batches",),
    ),
    # unrolled on tf_keras: there two runs of a loop with dropout differ by themselves (2.21)
    Case(
        "dropout in a graph",
        lambda K: [
            K.LSTM(UNITS, unroll=is_2(K), **ON, **SEQUENCE, **DROPPING),
            K.GRU(UNITS, unroll=is_2(K), dropout=0.4),
            K.Dense(1),
        ],
        methods=("few",),
    ),
    Case(
        "jit_compile, steps_per_execution",
        lambda K: [K.LSTM(UNITS, **ON), K.Dense(1)],
        compile={"jit_compile": True, "steps_per_execution": 2},
        methods=("loops",),
    ),
]


def operations(case: Case, model: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Do the operations of a case; yield everything after each, then the random streams."""
    for methods in case.methods:
        for name, result in METHODS[methods](model, *case.data()):
            parts = result if isinstance(result, (list, tuple)) else [result]
            yield name, {**everything(model), "result": [np.array(part) for part in parts]}
    yield "streams", streams()


def same_bits(left: Any, right: Any, *, of: str) -> None:
    for kind in left.keys() & right.keys():
        for k, (a, b) in enumerate(zip(left[kind], right[kind], strict=True)):
            assert a.tobytes() == b.tobytes(), (of, kind, k, a, b)


@pytest.mark.rows(3)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_training_goes_on_with_the_same_bits_as_without_an_inspection(
    engine: Engine, case: Case
) -> None:
    plain = list(operations(case, case.build(engine.keras)))
    model = case.build(engine.keras)
    inspected = []
    found = inspect_model(engine, model)
    for told in operations(case, model):
        if not inspected:  # in the middle of the training, with traced functions
            found = inspect_model(engine, model)
            same_bits(told[1], everything(model), of="inspect")
        inspected.append(told)
    engine.clear()

    assert found.failure is None
    assert all(layer.calls for layer in found.layers), "vacuous: nothing was called"
    for (name, left), (_, right) in zip(plain, inspected, strict=True):
        same_bits(left, right, of=name)


def test_the_states_were_moved_in_between(engine: Engine) -> None:
    model = CASES[0].build(engine.keras)
    found = inspect_model(engine, model)
    assert all(change.change for layer in found.layers for change in _changes(layer))


def _changes(layer: Any) -> list[Any]:
    return [change for call in layer.calls for change in call.states.values()]


def test_traced_functions_and_attributes_are_those_from_before(engine: Engine) -> None:
    case = CASES[0]
    model = case.build(engine.keras)
    x, y = case.data()
    model.train_on_batch(x[:BATCH], y[:BATCH])
    model.predict_on_batch(x[:BATCH])
    layers = [model, *model._flatten_layers()]
    before = [{key: id(value) for key, value in vars(layer).items()} for layer in layers]
    inspect_model(engine, model)
    after = [{key: id(value) for key, value in vars(layer).items()} for layer in layers]
    assert model.train_function is not None
    assert after == before


def test_held_states_are_told_and_kept(engine: Engine) -> None:
    model = CASES[0].build(engine.keras)
    x, _ = CASES[0].data()
    model.predict_on_batch(x[:BATCH])
    before = everything(model)["held"]
    found = inspect_model(engine, model)
    told = [state.held for layer in found.layers for state in layer.states]
    for left, right in zip(before, told, strict=True):
        np.testing.assert_array_equal(left, right)
    assert {o.word for o in map(found.layers[0].origin, "hc") if o} == {"carried"}


def test_a_call_that_fails_leaves_no_trace_either(engine: Engine) -> None:
    case = replace(CASES[0], methods=("few",))
    expected = list(operations(case, case.build(engine.keras)))
    model = case.build(engine.keras)
    dense, call = model.layers[-1], model.layers[-1].call

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("no such luck")

    object.__setattr__(dense, "call", broken)
    found = inspect_model(engine, model)
    object.__setattr__(dense, "call", call)
    object.__delattr__(dense, "call")
    assert found.failure is not None
    assert "no such luck" in found.failure
    assert found.layers[0].kind == "LSTM"
    for (name, left), (_, right) in zip(expected, operations(case, model), strict=True):
        same_bits(left, right, of=name)
