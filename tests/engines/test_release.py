"""Graphs and models are released when a scenario is done, on both engines."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from lstm_state_probe.engines.gradients import gradients_released

TEXT = """
model:
  batch_shape: [2, 3, 2]
  layers: [{LSTM: {name: lstm, units: 2, stateful: true}}, {Dense: {units: 1}}]
  compile: {optimizer: adam, loss: mse}
record: {timesteps: all, gates: true}
data: {x: {normal: {shape: [2, 3, 2]}}, y: {zeros: {shape: [2, 1]}}}
operations:
  - fit: {x: x, y: y, batch_size: 2, epochs: 2, shuffle: false}
  - predict: {x: x}
"""


def test_nothing_of_a_models_graphs_is_left_while_its_report_is_kept(
    run: Callable[..., Any], engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lstm_state_probe import runner

    kept: list[Any] = []
    honest = runner.build_model

    def building(*words: Any, **options: Any) -> Any:
        model = honest(*words, **options)
        kept.append(weakref.ref(model))
        return model

    monkeypatch.setattr(runner, "build_model", building)
    run(TEXT, engine=engine)  # what Keras makes once for a process
    gc.collect()
    before = graphs()
    reports = [run(TEXT, engine=engine) for _ in range(3)]
    gc.collect()
    assert graphs() <= before
    models = [reference() for reference in kept]
    assert [m for m in models if m is not None and hasattr(m, "layers")] == []
    assert all(report.operations[0].outcome.calls for report in reports)


def graphs() -> int:
    return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())


def test_only_what_was_registered_meanwhile_is_taken_out() -> None:
    import tensorflow as tf
    from tensorflow.python.framework import ops

    registered = ops.gradient_registry._registry

    @tf.custom_gradient
    def twice(x: Any) -> Any:
        return 2 * x, lambda upstream: 2 * upstream

    def traced() -> None:
        tf.function(lambda x: twice(x)).get_concrete_function(tf.constant(1.0))

    traced()
    before = set(registered)

    def fails() -> None:
        with gradients_released():
            traced()
            assert set(registered) > before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert set(registered) == before
