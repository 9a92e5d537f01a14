"""Targets for a compiled model, so that a scenario can train it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.engines.messages import described
from lstm_state_probe.inspection.saved import Opened
from lstm_state_probe.layers.families import auto_name
from lstm_state_probe.model.takes.inputs import structured

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """How targets of one output are written: a generator with its arguments, and the shape."""

    generator: str
    arguments: Mapping[str, Any]
    shape: Shape


@dataclass(frozen=True)
class Training:
    """The targets, one an output; none, and why, where the model cannot be trained so."""

    targets: tuple[Target, ...]
    why: str = ""


def training_of(opened: Opened, shapes: Mapping[str, Shape], outputs: Sequence[Shape]) -> Training:
    """Choose targets by the losses, and try them once; the model is not kept afterwards."""
    model = opened.keras
    losses = _losses(model, len(outputs))
    if not losses:
        return Training((), "the model is not compiled")
    targets = tuple(_target(loss, shape) for loss, shape in zip(losses, outputs, strict=True))
    x = structured(model, {name: np.zeros(shape) for name, shape in shapes.items()})
    y = [np.zeros(target.shape, np.float32) for target in targets]
    try:
        model.test_on_batch(x, y[0] if len(y) == 1 else y)
    except Exception as error:  # noqa: BLE001 - the boundary: Keras may raise anything
        return Training((), f"test_on_batch raises {described(error)}".splitlines()[0])
    return Training(targets)


def _losses(model: Any, count: int) -> list[str]:
    """Name the loss of each output; [] where there is none."""
    written = getattr(model, "loss", None)
    if isinstance(written, Mapping):
        names = getattr(model, "output_names", ())
        written = [written.get(name) for name in names]
    found = list(written) if isinstance(written, (list, tuple)) else [written] * count
    return [] if None in found or len(found) != count else [_name(loss) for loss in found]


def _name(loss: Any) -> str:
    if isinstance(loss, str):
        return loss.lower()
    return str(getattr(loss, "__name__", None) or auto_name(type(loss).__name__)).lower()


def _target(loss: str, output: Shape) -> Target:
    """Choose what a loss takes; a loss that is not known gets numbers in the output's shape."""
    classes = output[-1] if output else 1
    if "sparse" in loss:
        return Target("integers", {"low": 0, "high": classes}, output[:-1])
    if any(word in loss for word in ("binary", "hinge", "focal")):
        return Target("integers", {"low": 0, "high": 2, "dtype": "float32"}, output)
    if "categorical" in loss or "kl" in loss:
        return Target("constant", {"value": round(1 / classes, 6)}, output)
    if any(word in loss for word in ("poisson", "logarithmic", "percentage")):
        return Target("uniform", {"low": 0.5, "high": 1.5}, output)
    return Target("normal", {}, output)
