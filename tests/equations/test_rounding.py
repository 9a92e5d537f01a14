"""The bound of a computation in a smaller dtype holds for it, and for no other weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.equations import PRECISIONS, Trajectory, equations_for, unfold, unfold_rounded
from lstm_state_probe.equations.activations import ACTIVATIONS
from lstm_state_probe.equations.rounding import Rounded, carried

FAMILIES = ["LSTM", "GRU", "SimpleRNN", "ConvLSTM"]
DTYPES = ["float16", "float32"]
LAYOUT = {"ConvLSTM": {"kernel_size": (2,), "padding": "same"}}


def both(
    drawn: Any, inputs: Any, dtype: str, *, weights: Mapping[str, Any] | None = None
) -> tuple[Trajectory, Trajectory, Trajectory]:
    """Run in a dtype, then in float64 with bounds, from what the dtype holds of the evidence."""
    equations = equations_for(drawn.family, LAYOUT.get(drawn.family, {}))
    evidence = {n: None if w is None else w.astype(dtype) for n, w in drawn.weights.items()}
    x, start = inputs.astype(dtype), {n: s.astype(dtype) for n, s in drawn.initial.items()}
    real = unfold(equations, x, weights=evidence, initial=start, dtype=dtype)
    values, bounds = unfold_rounded(
        equations,
        x.astype(np.float64),
        weights=evidence | dict(weights or {}),
        initial={n: s.astype(np.float64) for n, s in start.items()},
        mask=np.ones(x.shape[:2], bool),
        dropout=None,
        recurrent_dropout=None,
        precision=PRECISIONS[dtype],
    )
    return real, values, bounds


def worst(real: Trajectory, values: Trajectory, bounds: Trajectory) -> float:
    """Return how many times its bound the farthest state or gate is off."""
    times = [0.0]
    for part in ("states", "gates"):
        for name, found in getattr(real, part).items():
            off = np.abs(found.astype(np.float64) - getattr(values, part)[name])
            times.append(float((off / getattr(bounds, part)[name]).max()))
    return max(times)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_run_in_a_smaller_dtype_stays_within_its_bound(
    draw: Callable[..., Any], family: str, dtype: str
) -> None:
    drawn = draw(family, batch=8, timesteps=12, units=16)
    assert worst(*both(drawn, drawn.inputs, dtype)) < 1


@pytest.mark.parametrize("family", ["LSTM", "GRU"])
def test_inputs_that_nobody_scaled_stay_within_it_and_a_kernel_off_by_a_thousandth_does_not(
    draw: Callable[..., Any], family: str
) -> None:
    drawn = draw(family, batch=2000, timesteps=1, features=6, units=16)
    prices = np.random.default_rng(1).uniform(1e3, 6e4, drawn.inputs.shape)
    kernel = drawn.weights["kernel"] / 8  # as an initializer draws it
    drawn = replace(drawn, weights={**drawn.weights, "kernel": kernel})
    real, values, bounds = both(drawn, prices, "float32")
    assert worst(real, values, bounds) < 1
    largest = max(float(np.abs(real.states[n] - values.states[n]).max()) for n in real.states)
    assert largest > 1e-5, "a fixed tolerance would do"
    off = {"kernel": kernel * 1.001}
    assert worst(*both(drawn, prices, "float32", weights=off)) > 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_thousandth_of_a_kernel_a_gate_or_a_bias_is_far_past_it(
    draw: Callable[..., Any], family: str
) -> None:
    drawn = draw(family, batch=4, units=8)
    kernel, recurrent = drawn.weights["kernel"], drawn.weights["recurrent_kernel"]
    lies: dict[str, Any] = {
        "a thousandth": {"kernel": kernel * 1.001},
        "of the recurrence": {"recurrent_kernel": recurrent * 1.001},
        "no bias": {"bias": None},
        "another order": {"kernel": np.roll(kernel, 8 if family != "SimpleRNN" else 1, axis=-1)},
    }
    for name, lie in lies.items():
        assert worst(*both(drawn, drawn.inputs, "float32", weights=lie)) > 10, name


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_activation_in_a_smaller_dtype_stays_within_its_bound(dtype: str) -> None:
    x = np.random.default_rng(0).normal(0, 4, (64, 16)).astype(dtype)
    for engine, known in ACTIVATIONS.items():
        for name, function in known.items():
            exact = Rounded(x.astype(np.float64), None, PRECISIONS[dtype])
            found = carried(function, exact)
            with np.errstate(all="ignore"):
                off = np.abs(function(x).astype(np.float64) - found.value)
            assert (off <= found.bound).all(), (engine, name)
            assert found.bound[np.isfinite(found.bound)].max() < 1e3, (engine, name)


def test_the_error_of_an_argument_goes_on_with_the_slope_and_a_saturated_one_ends_it() -> None:
    x = Rounded(np.array([[0.0, 40.0]]), np.full((1, 2), 0.01), PRECISIONS["float32"])
    near, far = carried(np.tanh, x).bound[0]
    assert near == pytest.approx(0.01, rel=0.01)
    assert far < 2e-6


def test_past_the_largest_number_nothing_is_known() -> None:
    x = Rounded(np.array([[300.0, 1.0]]), None, PRECISIONS["float16"])
    past, known = (x * x).bound[0]
    assert np.isinf(past)
    assert known < 1e-3


def test_the_constant_of_gelu_is_one_of_float32_in_every_dtype(engine: Any) -> None:
    import tensorflow as tf

    x = np.linspace(-4.0, 4.0, 2001).reshape(-1, 1)
    given = Rounded(x, None, PRECISIONS["float64"])
    found = engine.keras.activations.gelu(tf.constant(x)).numpy()
    bounded = carried(ACTIVATIONS[engine.name]["gelu"], given)
    assert np.all(np.abs(found - bounded.value) <= bounded.bound)
    assert bounded.bound.max() < 1e-7, "a fault of a part in a million is seen"
