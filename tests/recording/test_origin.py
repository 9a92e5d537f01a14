"""Where an initial state came from, as it happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plain_keras import BATCH, UNITS, Case

from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.progress import batch_marker
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.report.data import ScenarioReport

CHAIN = """
    model:
      batch_shape: [2, 3, 2]
      layers: [{{LSTM: {{name: lstm, units: 2, stateful: {stateful}}}}}, {{Dense: {{units: 1}}}}]
      compile: {{optimizer: sgd, loss: mse, run_eagerly: true}}
    data:
      x: {{normal: {{shape: [4, 3, 2]}}}}
      x1: {{normal: {{shape: [2, 3, 2]}}}}
      y: {{normal: {{shape: [4, 1]}}}}
      y1: {{normal: {{shape: [2, 1]}}}}
    operations:
    {operations}
"""


def chain(operations: str, *, stateful: bool = True) -> str:
    return CHAIN.format(operations=operations, stateful=str(stateful).lower())


def told(report: ScenarioReport, state: str = "h") -> list[list[str]]:
    """List the words of the origins, operation by operation."""
    assert report.error is None, report.error
    return [
        [call.states[state].origin.words for call in operation.outcome.calls]
        for operation in report.operations
    ]


def words(report: ScenarioReport, state: str = "h") -> list[list[str]]:
    assert report.error is None, report.error
    return [
        [call.states[state].origin.word for call in operation.outcome.calls]
        for operation in report.operations
    ]


def test_a_stateful_layer_starts_at_zeros_and_carries_until_it_is_reset_or_set(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    report = run(
        chain("""
      - train_on_batch: {x: x1, y: y1}
      - predict: {x: x, batch_size: 2}
      - reset_states
      - predict_on_batch: {x: x1}
      - set_states: {lstm/h: zeros}
      - call: {x: x1}
      - test_on_batch: {x: x1, y: y1}
      - reload
      - evaluate: {x: x, y: y, batch_size: 2}"""),
        engine=engine,
    )
    assert told(report) == [
        ["zeros: as the layer was built"],
        ["carried from operation 1, batch 1", "carried from operation 2, batch 1"],
        [],
        ["reset: operation 3"],
        [],
        ["set: operation 5"],
        ["carried from operation 6, batch 1"],
        [],
        ["zeros: as the layer was built", "carried from operation 9, batch 1"],
    ]
    assert words(report, "c")[5] == ["carried"], "only h was set"


def test_fit_tells_epoch_batch_and_validation(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    report = run(
        chain("""
      - fit: {x: x, y: y, batch_size: 2, epochs: 2, validation_data: [x1, y1]}
      - fit: {x: x1, y: y1, batch_size: 2}"""),
        engine=engine,
    )
    carried = "carried from operation 1, epoch"
    assert told(report) == [
        [
            "zeros: as the layer was built",
            f"{carried} 1, batch 1",
            f"{carried} 1, batch 2",
            f"{carried} 1, validation batch 1",
            f"{carried} 2, batch 1",
            f"{carried} 2, batch 2",
        ],
        [f"{carried} 2, validation batch 1"],
    ]


def test_a_stateless_layer_makes_zeros_for_every_call(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    report = run(chain("  - predict: {x: x, batch_size: 2}", stateful=False), engine=engine)
    assert told(report) == [["zeros: stateless, made for this call"] * 2]


GIVEN = """
    model:
      inputs: {{x: {{batch_shape: [2, 3, 2]}}}}
      layers:
        - LSTM: {{name: encoder, units: 2, return_state: true}}
        - LSTM: {{name: decoder, units: 2, stateful: {stateful}}}
          input: x
          initial_state: encoder
    data:
      x: {{normal: {{shape: [2, 3, 2]}}}}
    operations:
    {operations}
"""


def decoder(report: ScenarioReport, state: str = "h") -> list[str]:
    assert report.error is None, report.error
    return [
        call.states[state].origin.words
        for operation in report.operations
        for call in operation.outcome.calls
        if call.layer == "decoder"
    ]


def test_given_states_are_told_with_the_layer_that_gave_them(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    text = GIVEN.format(stateful="false", operations="  - predict: {x: x}\n      - call: {x: x}")
    assert decoder(run(text, engine=engine)) == ["given: encoder"] * 2


def test_keras_3_takes_given_states_and_tf_keras_what_a_stateful_layer_stored(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    operations = """
      - predict: {x: x}
      - predict: {x: x}
      - reset_states
      - predict: {x: x}"""
    report = run(GIVEN.format(stateful="true", operations=operations), engine=engine)
    second = {"keras3": "given: encoder", "tf_keras": "carried from operation 1, batch 1"}
    assert decoder(report) == ["given: encoder", second[engine.name], "given: encoder"]
    calls = [call for op in report.operations for call in op.outcome.calls]
    encoder, given = calls[2], calls[3]
    assert np.array_equal(encoder.states["h"].final, given.states["h"].initial) == (
        engine.name == "keras3"
    )


def test_one_stored_number_keeps_every_given_state_out_of_tf_keras(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    operations = """
      - set_states: {decoder/h: zeros, decoder/c: [[0, 0], [0, 0.5]]}
      - predict: {x: x}"""
    report = run(GIVEN.format(stateful="true", operations=operations), engine=engine)
    expected = {"keras3": "given: encoder", "tf_keras": "set: operation 1"}[engine.name]
    assert decoder(report, "c") == [expected]
    assert decoder(report, "h") == [expected], "h is stored as zeros, and kept because of c"


def test_given_zeros_are_given_though_the_layer_holds_zeros_too(
    engine: Any, run: Callable[..., ScenarioReport]
) -> None:
    text = """
        model:
          inputs: {x: {batch_shape: [2, 3, 2]}, h0: {batch_shape: [2, 2]}}
          layers:
            - GRU: {name: gru, units: 2, stateful: true}
              input: x
              initial_state: [h0]
        data: {x: {normal: {shape: [2, 3, 2]}}, h0: {zeros: {shape: [2, 2]}}}
        operations: [{predict: {x: {x: x, h0: h0}}}]
    """
    assert told(run(text, engine=engine)) == [["given: h0"]]


@pytest.fixture
def recorded(engine: Any) -> Iterator[Callable[[Case], tuple[Any, Recorder]]]:
    """Build a case by hand and attach a recorder."""
    recorders: list[Recorder] = []

    def attach(case: Case) -> tuple[Any, Recorder]:
        model = case.build(engine.keras)
        recorders.append(Recorder.attach(engine, model, Origins()))
        recorders[-1].origins.operation = "operation 1"
        return model, recorders[-1]

    yield attach
    for recorder in recorders:
        recorder.detach()
    engine.clear()


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit_compile"])
def test_a_reset_by_a_callback_inside_fit_is_told(engine: Any, recorded: Any, jit: bool) -> None:
    case = Case(
        "reset every epoch",
        lambda K: [K.SimpleRNN(UNITS, stateful=True), K.Dense(1)],
        compile={"jit_compile": jit},
    )
    model, recorder = recorded(case)
    x, y = case.data()
    reset = engine.keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: model.layers[0].reset_states()
    )
    marker = batch_marker(engine, recorder, fitting=True)
    model.fit(x, y, batch_size=BATCH, epochs=2, verbose=0, shuffle=False, callbacks=[marker, reset])
    calls, _ = recorder.take()
    assert [call.states["h"].origin.words for call in calls] == [
        "zeros: as the layer was built",
        "carried from operation 1, epoch 1, batch 1",
        "reset: operation 1",
        "carried from operation 1, epoch 2, batch 1",
    ]


def test_a_state_that_nobody_told_of_is_custom(engine: Any, recorded: Any) -> None:
    case = Case("assigned behind the back", lambda K: [K.SimpleRNN(UNITS, stateful=True)])
    model, recorder = recorded(case)
    engine.assign(model.layers[0], {0: np.full((BATCH, UNITS), 0.5)})
    model(case.data(BATCH)[0])
    (call,), _ = recorder.take()
    assert call.states["h"].origin.word == "custom"


def test_in_half_precision_a_carried_state_is_still_recognised(engine: Any, recorded: Any) -> None:
    case = Case("mixed precision", lambda K: [K.LSTM(UNITS, stateful=True)], policy="mixed_float16")
    model, recorder = recorded(case)
    x, _ = case.data(BATCH)
    for _ in range(3):
        model(x)
    calls, _ = recorder.take()
    assert [call.states["c"].origin.word for call in calls] == ["zeros", "carried", "carried"]
    assert calls[0].states["h"].final.dtype == np.float16


@pytest.mark.parametrize("state", ["h", "c"])
def test_nan_is_carried_like_any_number(engine: Any, recorded: Any, state: str) -> None:
    model, recorder = recorded(Case("NaN", lambda K: [K.LSTM(UNITS, stateful=True)]))
    x = np.full((BATCH, 3, 2), np.nan, "float32")
    model(x)
    model(x)
    calls, _ = recorder.take()
    assert [call.states[state].origin.word for call in calls] == ["zeros", "carried"]


def test_a_loaded_model_names_the_layer_that_gives_its_states(
    engine: Any, run: Callable[..., ScenarioReport], tmp_path: Path
) -> None:
    layers, keras = engine.keras.layers, engine.keras
    x = keras.Input((3, 2), batch_size=2, name="x")
    _, *states = layers.LSTM(2, return_state=True, name="encoder")(x)
    model = keras.Model(x, layers.LSTM(2, name="decoder")(x, initial_state=states))
    model.save(tmp_path / "m.keras")
    text = """
        model: {load: m.keras}
        data: {x: {normal: {shape: [2, 3, 2]}}}
        operations: [{predict: {x: x}}, {reload: {}}, {predict: {x: x}}]
    """
    assert decoder(run(text, engine=engine)) == ["given: encoder"] * 2
