"""The two real engines, and what the tests of every family draw and run."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.equations import EQUATIONS, Trajectory, equations_for, unfold

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
MODULES = {"keras3": "keras", "tf_keras": "tf_keras"}
TIMESTEPS = 5
LAYOUT = {"ConvLSTM": {"kernel_size": (2,), "padding": "same"}}
PLACES = {"ConvLSTM": (3,)}
"""The spatial axes of inputs and states, where a family has some."""


@dataclass(frozen=True)
class Engine:
    name: str
    keras: Any

    def layer(self, drawn: Drawn, **config: Any) -> Any:
        """Build a real layer and give it the drawn weights."""
        units = len(drawn.weights["recurrent_kernel"])
        layer = getattr(self.keras.layers, drawn.family)(units, **config)
        layer.build(drawn.inputs.shape)
        layer.set_weights([part for part in drawn.weights.values() if part is not None])
        return layer

    def run(
        self, drawn: Drawn, *, given: bool = False, mask: Any = None, **config: Any
    ) -> dict[str, np.ndarray]:
        """Return `sequence` and each final state of a real layer, float32."""
        import tensorflow as tf

        layer = self.layer(drawn, return_sequences=True, return_state=True, **config)
        initial = [tf.constant(state) for state in drawn.initial.values()] if given else None
        mask = None if mask is None else tf.constant(mask)
        found = layer(tf.constant(drawn.inputs), initial_state=initial, mask=mask)
        names = ("sequence", *drawn.initial)
        return {name: np.asarray(array) for name, array in zip(names, found, strict=True)}

    def cell(self, drawn: Drawn, **config: Any) -> Any:
        """Build the real cell of a family and give it the drawn weights."""
        units = len(drawn.weights["recurrent_kernel"])
        cell = getattr(self.keras.layers, f"{drawn.family}Cell")(units, **config)
        cell.build(drawn.inputs.shape[::2])
        cell.set_weights([part for part in drawn.weights.values() if part is not None])
        return cell

    def walk(self, cell: Any, drawn: Drawn, **arguments: Any) -> dict[str, np.ndarray]:
        """Call a real cell once a timestep; return each state, (timesteps, batch, units)."""
        import tensorflow as tf

        states = [tf.constant(state) for state in drawn.initial.values()]
        seen = []
        for t in range(drawn.inputs.shape[1]):
            _, states = cell(tf.constant(drawn.inputs[:, t]), states, **arguments)
            states = states if isinstance(states, (list, tuple)) else [states]
            seen.append([np.asarray(state) for state in states])
        stacked = (np.stack(each) for each in zip(*seen, strict=True))
        return dict(zip(drawn.initial, stacked, strict=True))

    def dropout_masks(self, cell: Any, drawn: Drawn) -> tuple[Any, Any]:
        """Return the masks that a real cell has drawn, as `unfold` takes them."""
        x, h = drawn.inputs[:, 0], drawn.initial["h"]
        if self.name == "keras3":
            found = cell.get_dropout_mask(x), cell.get_recurrent_dropout_mask(h)
        else:
            count = EQUATIONS[drawn.family].blocks
            x_masks = cell.get_dropout_mask_for_cell(x, True, count=count)
            if getattr(cell, "implementation", 1) == 2 and x_masks:
                x_masks = x_masks[0]  # draws one for each gate, uses the first (tf_keras 2.21)
            found = x_masks, cell.get_recurrent_dropout_mask_for_cell(h, True, count=count)
        return _arrays(found[0]), _arrays(found[1])

    def activation(self, name: str) -> Any:
        """Return an activation of the engine; skip the test if this version has none."""
        try:
            return self.keras.activations.get(name)
        except ValueError:
            pytest.skip(f"this version of {self.name} has no {name}")


def _arrays(masks: Any) -> Any:
    if masks is None:
        return None
    if isinstance(masks, (list, tuple)):
        return tuple(np.asarray(mask) for mask in masks)
    return np.asarray(masks)


@dataclass(frozen=True)
class Drawn:
    """Inputs (batch, timesteps, features), weights in Keras's order and layout, initial states."""

    family: str
    inputs: np.ndarray
    weights: Mapping[str, np.ndarray | None]
    initial: Mapping[str, np.ndarray]

    def unfold(self, *, config: Mapping[str, object] | None = None, **arguments: Any) -> Trajectory:
        """Run the equations on this; `arguments` go before what was drawn."""
        engine = arguments.pop("engine", "keras3")
        written = {**LAYOUT.get(self.family, {}), **(config or {})}
        equations = equations_for(self.family, written, engine=engine)
        inputs = arguments.pop("inputs", self.inputs)
        return unfold(equations, inputs, **{"weights": self.weights, **arguments})


def _draw(
    family: str,
    *,
    seed: int = 0,
    batch: int = 3,
    timesteps: int = TIMESTEPS,
    features: int = 2,
    units: int = 4,
    use_bias: bool = True,
    bias_rows: int | None = None,
) -> Drawn:
    """Draw float32 values of a size at which the gates neither saturate nor idle.

    A GRU gets both bias rows unless `bias_rows` is 1 (`reset_after=False`).
    """
    random = np.random.default_rng([seed, batch, timesteps])
    cls = EQUATIONS[family]

    def normal(*shape: int) -> np.ndarray:
        return random.normal(0.0, 0.7, shape).astype(np.float32)

    size = cls.blocks * units
    two_rows = family == "GRU" and bias_rows != 1
    window, places = LAYOUT.get(family, {}).get("kernel_size", ()), PLACES.get(family, ())
    weights = {
        "kernel": normal(*window, features, size),
        "recurrent_kernel": normal(*window, units, size),
        "bias": normal(*((2, size) if two_rows else (size,))) if use_bias else None,
    }
    initial = {name: normal(batch, *places, units) for name in cls.states}
    return Drawn(family, normal(batch, timesteps, *places, features), weights, initial)


@pytest.fixture(scope="session")
def draw() -> Callable[..., Drawn]:
    return _draw


@pytest.fixture(scope="session", params=MODULES)
def engine(request: pytest.FixtureRequest) -> Engine:
    pytest.importorskip(MODULES[request.param])
    return Engine(request.param, importlib.import_module(MODULES[request.param]))


@pytest.fixture(scope="session")
def masks() -> dict[str, np.ndarray]:
    """Masks (batch 3, timesteps 5): each is laid on the first row, the others differ from it."""
    rows = {
        "leading": [0, 0, 1, 1, 1],
        "gaps": [1, 0, 1, 0, 1],
        "trailing": [1, 1, 1, 0, 0],
        "fully masked row": [0, 0, 0, 0, 0],
    }
    return {
        name: np.array([row, [1] * TIMESTEPS, [0, 1, 1, 0, 1]], bool) for name, row in rows.items()
    }


def _moved(mask: np.ndarray, go_backwards: bool) -> np.ndarray:
    """Tell (batch, timesteps), in the order of processing, where a row has had a valid timestep.

    Before it Keras gives out 0 and holds the initial h; from it on the output is h.
    """
    return np.maximum.accumulate(mask[:, ::-1] if go_backwards else mask, axis=1)


@pytest.fixture(scope="session")
def moved() -> Callable[..., np.ndarray]:
    return _moved


class Spy:
    """An activation that keeps what it returned, to see inside a real cell."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.returned: list[np.ndarray] = []

    def __call__(self, x: Any) -> Any:
        value = self.function(x)
        self.returned.append(np.asarray(value))
        return value


@pytest.fixture(scope="session")
def spy() -> type[Spy]:
    return Spy


def _close(found: Any, expected: Any, *, atol: float = 1e-6, rtol: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


@pytest.fixture(scope="session")
def close() -> Callable[..., None]:
    return _close
