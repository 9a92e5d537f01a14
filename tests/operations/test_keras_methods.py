"""An operation does what Keras's method of that name does with the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.model.arrays import draw_arrays

FRAME = """
seed: 5
model:
  batch_shape: [2, 3, 2]
  layers:
    - SimpleRNN: {{name: rnn, units: 2, stateful: true}}
    - Dense: {{name: dense, units: 1, activation: sigmoid}}
  compile: {{optimizer: {{SGD: {{learning_rate: 0.5}}}}, loss: binary_crossentropy, metrics: [mae],
             run_eagerly: true}}
data:
  x: {{normal: {{shape: [8, 3, 2]}}}}
  y: {{integers: {{high: 2, shape: [8, 1]}}}}
  w: {{uniform: {{shape: [8]}}}}
  x1: {{normal: {{shape: [2, 3, 2]}}}}
  y1: {{integers: {{high: 2, shape: [2, 1]}}}}
  w1: {{uniform: {{shape: [2]}}}}
  m1: [[true, true, false], [true, false, true]]
operations:
  - {operation}
  - predict_on_batch: {{x: x1}}
"""

Do = Callable[[Any, dict[str, Any], Any], Any]
CASES: dict[str, Do] = {
    "call: {x: x1}": lambda m, d, k: m(d["x1"]),
    "call: {x: x1, training: true, mask: m1}": lambda m, d, k: m(
        d["x1"], training=True, mask=d["m1"]
    ),
    "predict: {x: x, batch_size: 2}": lambda m, d, k: m.predict(d["x"], batch_size=2, verbose=0),
    "predict: {x: x, batch_size: 2, steps: 3}": lambda m, d, k: m.predict(
        d["x"], batch_size=2, steps=3, verbose=0
    ),
    "predict_on_batch: {x: x1}": lambda m, d, k: m.predict_on_batch(d["x1"]),
    "train_on_batch: {x: x1, y: y1}": lambda m, d, k: m.train_on_batch(d["x1"], d["y1"]),
    "train_on_batch: {x: x1, y: y1, sample_weight: w1, return_dict: true}": lambda m, d, k: (
        m.train_on_batch(d["x1"], d["y1"], sample_weight=d["w1"], return_dict=True)
    ),
    "train_on_batch: {x: x1, y: y1, class_weight: {0: 0.25, 1: 4}}": lambda m, d, k: (
        m.train_on_batch(d["x1"], d["y1"], class_weight={0: 0.25, 1: 4.0})
    ),
    "test_on_batch: {x: x1, y: y1, sample_weight: w1}": lambda m, d, k: m.test_on_batch(
        d["x1"], d["y1"], sample_weight=d["w1"]
    ),
    "evaluate: {x: x, y: y, batch_size: 2, sample_weight: w, return_dict: true}": lambda m, d, k: (
        m.evaluate(
            d["x"], d["y"], batch_size=2, sample_weight=d["w"], return_dict=True, verbose=0
        )
    ),
    "evaluate: {x: x, y: y, batch_size: 2, steps: 2}": lambda m, d, k: m.evaluate(
        d["x"], d["y"], batch_size=2, steps=2, verbose=0
    ),
    "fit: {x: x, y: y, batch_size: 2, epochs: 3}": lambda m, d, k: m.fit(
        d["x"], d["y"], batch_size=2, epochs=3, verbose=0
    ),
    "fit: {x: x, y: y, batch_size: 2, shuffle: false, validation_split: 0.5}": lambda m, d, k: (
        m.fit(d["x"], d["y"], batch_size=2, shuffle=False, validation_split=0.5, verbose=0)
    ),
    "fit: {x: x, y: y, batch_size: 2, validation_data: [x, y, w], validation_batch_size: 2,"
    " epochs: 4, validation_freq: 2, initial_epoch: 1, sample_weight: w}": lambda m, d, k: m.fit(
        d["x"], d["y"], batch_size=2, validation_data=(d["x"], d["y"], d["w"]),
        validation_batch_size=2, epochs=4, validation_freq=2, initial_epoch=1,
        sample_weight=d["w"], verbose=0,
    ),
    "fit: {x: x, y: y, batch_size: 2, steps_per_epoch: 2, class_weight: {0: 3, 1: 0.5}}": (
        lambda m, d, k: m.fit(
            d["x"], d["y"], batch_size=2, steps_per_epoch=2, class_weight={0: 3.0, 1: 0.5},
            verbose=0,
        )
    ),
    "fit: {x: x, y: y, batch_size: 2, epochs: 9, callbacks: [TerminateOnNaN,"
    " {EarlyStopping: {monitor: loss, mode: max, patience: 2}}]}": lambda m, d, k: m.fit(
        d["x"], d["y"], batch_size=2, epochs=9, verbose=0,
        callbacks=[
            k.callbacks.TerminateOnNaN(),
            k.callbacks.EarlyStopping(monitor="loss", mode="max", patience=2),
        ],
    ),
}  # fmt: skip


def by_hand(engine: Any) -> Any:
    keras = engine.keras
    keras.backend.clear_session()
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 3, 2)),
            keras.layers.SimpleRNN(2, stateful=True),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.5), loss="binary_crossentropy",
        metrics=["mae"], run_eagerly=True,
    )  # fmt: skip
    model.optimizer.build(model.trainable_variables)
    return model


def assert_same(found: Any, expected: Any) -> None:
    expected = getattr(expected, "history", expected)
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key, value in expected.items():
            assert_same(found[key], value)
    else:
        np.testing.assert_array_equal(found, np.asarray(expected))


@pytest.mark.parametrize("operation", CASES)
def test_an_operation_is_keras_own_method(engine: Any, read: Any, run: Any, operation: str) -> None:
    text = FRAME.format(operation=operation)
    data = draw_arrays(read(text, engine.name))
    model = by_hand(engine)
    expected = CASES[operation](model, data, engine.keras)
    held = model.layers[0].states[0].numpy()
    after = model.predict_on_batch(data["x1"])

    report = run(text, engine=engine)
    assert report.error is None, report.error
    first, second = (entry.outcome for entry in report.operations)
    assert first.failure is None, first.failure
    assert_same(first.result, expected)
    np.testing.assert_array_equal(first.held["rnn/h"], held)
    assert_same(second.result, after)


def test_every_operation_that_is_a_method_of_keras_is_compared() -> None:
    from lstm_state_probe.operations import OPERATIONS

    compared = {operation.partition(":")[0] for operation in CASES}
    assert compared == set(OPERATIONS) - {"reset_states", "set_states", "reload", "inner_output"}


def test_a_graph_is_given_its_inputs_by_name_or_in_order(engine: Any, run: Any) -> None:
    graph = """
        model:
          inputs: {{a: {{batch_shape: [2, 2]}}, b: {{batch_shape: [2, 2]}}}}
          layers: [{{Subtract: {{}}, input: [a, b]}}]
        data: {{p: [[1, 2], [3, 4]], q: [[10, 20], [30, 40]]}}
        operations:
          - call: {{x: {x}}}
          - predict: {{x: {x}}}
          - predict_on_batch: {{x: {x}}}
    """
    for written in ("{b: q, a: p}", "[p, q]"):
        report = run(graph.format(x=written), engine=engine)
        assert report.error is None, report.error
        for entry in report.operations:
            assert entry.outcome.failure is None
            np.testing.assert_array_equal(entry.outcome.result, [[-9, -18], [-27, -36]])


def test_reset_metrics_goes_to_the_engine_that_has_it(
    engine_named: Any, run: Any, read: Any
) -> None:
    from lstm_state_probe.errors import ScenarioError

    text = FRAME.format(operation="train_on_batch: {x: x1, y: y1, reset_metrics: true}")
    with pytest.raises(ScenarioError, match="Keras 3 has no argument 'reset_metrics'"):
        read(text, "keras3")
    assert run(text, engine=engine_named("tf_keras")).exit_code == 0


def test_nothing_is_printed_on_stdout(
    engine: Any, run: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    run(FRAME.format(operation="predict: {x: x, batch_size: 2, verbose: 1}"), engine=engine)
    assert capfd.readouterr().out == ""
