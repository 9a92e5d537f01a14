"""Hands timesteps out of the function in which a default LSTM or GRU of tf_keras computes.

In a graph such a layer calls a `tf.function` of its own. Without XLA a callback works in there;
under XLA the timesteps become further results of that function, so that they reach the graph of
the layer's call, and no bit changes (2.21; to call its Python function with no `tf.function`
around it would change the gradients by 1e-8 and more).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from types import ModuleType
from typing import Any

from lstm_state_probe.engines.base import StepTensors, Watch
from lstm_state_probe.engines.tap.boundary import Aside
from lstm_state_probe.engines.tap.swapping import original_of, swapped


@contextmanager
def handed_out(module: ModuleType, watch: Watch, aside: Aside) -> Iterator[Watch]:
    """Give a watch for the loop inside; what it sees goes to `watch.steps` outside."""
    observe = watch.steps
    assert observe is not None
    seen: list[StepTensors] = []
    standard = original_of(getattr(module, f"standard_{module.__name__.rpartition('.')[2]}"))

    def defun(
        original: Callable[..., Any], name: str, device: str, function: Any, attributes: Any
    ) -> Any:
        if original_of(function) is not standard:
            return original(name, device, function, attributes)

        @wraps(function)
        def wider(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            return result, seen[-1].arrays if seen else ()

        traced = original(name, device, wider, attributes)

        def call(**kwargs: Any) -> Any:
            result, arrays = traced(**kwargs)
            if seen:
                aside.run(lambda: observe(replace(seen.pop(), arrays=tuple(arrays))))
            return result

        return call

    with swapped(module.gru_lstm_utils, "generate_defun_backend", defun):
        yield replace(watch, steps=seen.append)
