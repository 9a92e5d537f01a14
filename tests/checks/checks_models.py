"""Small models for the tests of the checks, as text."""

from __future__ import annotations

import json
from typing import Any

FRAME = """
model:
  batch_shape: [{batch}, {timesteps}, 2]
  layers:
{layers}
    - Dense: {{name: out, units: 1}}
  compile: {{optimizer: sgd, loss: mse}}
data:
  x: {{normal: {{shape: [{rows}, {length}, 2]}}}}
  y: {{normal: {{shape: [{rows}, 1]}}}}
operations:
  - {operation}
"""
LSTM = "LSTM: {name: lstm, units: 3, stateful: true}"
ZERO = (
    "SimpleRNN: {name: still, units: 2, stateful: true, kernel_initializer: zeros,"
    " recurrent_initializer: zeros, trainable: false}"
)
"""A layer whose state nothing moves."""
SUM = (
    "SimpleRNN: {name: sum, units: 2, stateful: true, activation: linear, use_bias: false,"
    " kernel_initializer: ones, recurrent_initializer: identity}"
)
"""A running sum."""
PREDICT = "predict_on_batch: {x: x}"


def written(
    *layers: str,
    batch: Any = 2,
    timesteps: Any = 5,
    rows: int = 2,
    operation: str = PREDICT,
    custom: bool = False,
) -> str:
    """Write a scenario of a chain that ends in a Dense layer."""
    length = 5 if timesteps is None else timesteps
    text = FRAME.format(
        batch="null" if batch is None else batch,
        timesteps="null" if timesteps is None else timesteps,
        layers="\n".join(f"    - {layer}" for layer in layers),
        rows=rows,
        length=length,
        operation=operation,
    )
    return ("custom_objects: [broken.py]" if custom else "") + text


def made(factory: str, **fit: Any) -> str:
    """Write a scenario of a model of `misleading.py`, with a fit of its own where one is asked."""
    batch = 2 if fit else 3
    return json.dumps(
        {
            "model": {
                "factory": f"misleading.py:{factory}",
                **({"compile": {"optimizer": "sgd", "loss": "mse"}} if fit else {}),
            },
            "data": {
                "x": {"normal": {"shape": [batch, 6, 2]}},
                "y": {"normal": {"shape": [batch, 1]}},
            },
            "operations": [
                {"fit": {"x": "x", "y": "y", **fit}} if fit else {"predict_on_batch": {"x": "x"}}
            ],
        }
    )
