"""The ConvLSTM equations against the real layers, and the convolution against its definition."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.engines.messages import limit
from lstm_state_probe.equations import ConvLSTM, Trajectory, unfold
from lstm_state_probe.equations.convolution import Convolution

FILTERS, CHANNELS, TIMESTEPS, BATCH = 2, 3, 4, 2
CASES: dict[str, dict[str, Any]] = {
    "1D": {"rank": 1},
    "2D": {"rank": 2},
    "3D": {"rank": 3},
    "1D, same": {"rank": 1, "padding": "same"},
    "2D, same, an even kernel": {"rank": 2, "padding": "same", "kernel_size": (2, 4)},
    "2D, strides": {"rank": 2, "strides": (2, 1)},
    "2D, same, strides": {"rank": 2, "padding": "same", "strides": (2, 3)},
    "2D, dilation": {"rank": 2, "dilation_rate": (1, 2)},
    "2D, same, dilation": {"rank": 2, "padding": "same", "dilation_rate": 2},
    "2D, without bias": {"rank": 2, "use_bias": False},
    "2D, relu, hard_sigmoid": {
        "rank": 2, "activation": "relu", "recurrent_activation": "hard_sigmoid"
    },
    "2D, backwards": {"rank": 2, "go_backwards": True},
    "2D, channels first": {"rank": 2, "data_format": "channels_first", "padding": "same"},
}  # fmt: skip


def run(engine: Any, case: dict[str, Any], *, mask: Any = None) -> tuple[Any, Trajectory]:
    """Return (sequence, h, c) of a real layer, and what the equations say of it."""
    import tensorflow as tf

    config = {"kernel_size": 3, **case}
    rank = config.pop("rank")
    random = np.random.default_rng(rank)
    spatial = (7, 6, 5)[:rank]
    first = config.get("data_format") == "channels_first"
    each = (CHANNELS, *spatial) if first else (*spatial, CHANNELS)
    x = random.normal(size=(BATCH, TIMESTEPS, *each)).astype("float32")
    cls = getattr(engine.keras.layers, f"ConvLSTM{rank}D")
    layer = cls(FILTERS, return_sequences=True, return_state=True, **config)
    layer.build(x.shape)
    drawn = [random.normal(0, 0.3, w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(drawn)
    given_mask = None if mask is None else tf.constant(mask)
    try:
        real = layer(tf.constant(x), mask=given_mask)
    except tf.errors.OpError as error:  # without oneDNN a CPU has no channels_first
        pytest.skip(limit(error)) if limit(error) else None
        raise
    kernel, recurrent, *bias = drawn
    found = unfold(
        ConvLSTM.from_config(layer.cell.get_config(), engine=engine.name),
        x,
        weights={
            "kernel": kernel,
            "recurrent_kernel": recurrent,
            "bias": bias[0] if bias else None,
        },
        mask=mask,
        go_backwards=bool(config.get("go_backwards")),
    )
    return [np.asarray(each) for each in real], found


@pytest.mark.parametrize("case", CASES)
def test_states_are_those_of_the_real_layer(engine: Any, close: Any, case: str) -> None:
    (sequence, h, c), found = run(engine, CASES[case])
    close(found.states["h"].swapaxes(0, 1), sequence)
    close(found.final["h"], h)
    close(found.final["c"], c)


def test_masked_timesteps_hold_both_states(engine: Any, close: Any) -> None:
    mask = np.array([[1, 0, 1, 0], [1, 1, 0, 1]], bool)
    (_, h, c), found = run(engine, CASES["2D"], mask=mask)
    close(found.final["h"], h)
    close(found.final["c"], c)
    np.testing.assert_array_equal(found.states["c"][1, 0], found.states["c"][0, 0])


def test_the_default_gate_is_that_of_the_real_layer_another_on_each_engine(engine: Any) -> None:
    import tensorflow as tf

    real = engine.keras.layers.ConvLSTM1D(1, 1).cell.recurrent_activation
    ours = ConvLSTM.from_config({"kernel_size": (1,)}, engine=engine.name).recurrent_activation
    for at in (-2.6, 0.3, 2.6):
        found = np.asarray(real(tf.constant([at], tf.float64)))
        np.testing.assert_allclose(ours(np.array([at])), found)


def test_the_default_gate_saturates_on_one_engine_alone() -> None:
    config = {"kernel_size": (1,)}
    at = np.array([2.6])
    assert ConvLSTM.from_config(config, engine="tf_keras").recurrent_activation(at) == 1.0
    assert ConvLSTM.from_config(config, engine="keras3").recurrent_activation(at) < 1.0


@given(
    length=st.integers(1, 9),
    size=st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 3),
    same=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_convolution_is_its_sum_over_window_and_channels(
    length: int, size: int, stride: int, dilation: int, same: bool
) -> None:
    reach = (size - 1) * dilation + 1
    if not same and reach > length:
        return
    random = np.random.default_rng(length)
    x, W = random.normal(size=(2, length, 3)), random.normal(size=(size, 3, 4))
    places = -(-length // stride) if same else (length - reach) // stride + 1
    before = max((places - 1) * stride + reach - length, 0) // 2 if same else 0
    expected = np.zeros((2, places, 4))
    for place, tap in itertools.product(range(places), range(size)):
        at = place * stride + tap * dilation - before
        if 0 <= at < length:
            expected[:, place] += x[:, at] @ W[tap]
    found = Convolution((stride,), (dilation,), same)(x, W)
    np.testing.assert_allclose(found, expected, atol=1e-12)
