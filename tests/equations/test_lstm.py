"""The LSTM equations against the real layers, and what the papers promise of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.equations import LSTM, NoEquations, equations_for

SIZES = {"batch": st.integers(1, 4), "timesteps": st.integers(1, 6), "seed": st.integers(0, 999)}
MASKS = ("leading", "gaps", "trailing", "fully masked row")
PAIRS = [("relu", "sigmoid"), ("tanh", "hard_sigmoid"), ("softsign", "softmax"), (None, "sigmoid")]


@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("initial", [False, True], ids=["from zeros", "from given states"])
def test_final_states_are_those_of_the_real_layer(
    engine, draw, close, use_bias, go_backwards, initial
):
    drawn = draw("LSTM", use_bias=use_bias)
    config = {"use_bias": use_bias, "go_backwards": go_backwards}
    real = engine.run(drawn, given=initial, **config)
    start = drawn.initial if initial else None
    found = drawn.unfold(initial=start, go_backwards=go_backwards)
    close(found.final["h"], real["h"])
    close(found.final["c"], real["c"])
    close(found.states["h"].swapaxes(0, 1), real["sequence"])


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("mask", MASKS)
def test_masked_timesteps_hold_both_states_as_the_real_layer_does(
    engine, draw, close, masks, moved, mask, go_backwards
):
    drawn = draw("LSTM")
    real = engine.run(drawn, given=True, mask=masks[mask], go_backwards=go_backwards)
    found = drawn.unfold(initial=drawn.initial, mask=masks[mask], go_backwards=go_backwards)
    close(found.final["h"], real["h"])
    close(found.final["c"], real["c"])
    shown = moved(masks[mask], go_backwards)
    close(found.states["h"].swapaxes(0, 1)[shown], real["sequence"][shown])


@pytest.mark.parametrize(("activation", "recurrent_activation"), PAIRS)
def test_other_activations_give_the_states_of_the_real_layer(
    engine, draw, close, activation, recurrent_activation
):
    drawn = draw("LSTM")
    config = {"activation": activation, "recurrent_activation": recurrent_activation}
    real = engine.run(drawn, **config)
    found = drawn.unfold(config=config, engine=engine.name)
    close(found.final["h"], real["h"])
    close(found.final["c"], real["c"])


def test_unit_forget_bias_changes_nothing_once_there_are_weights(engine, draw, close):
    drawn = draw("LSTM")
    close(drawn.unfold().final["c"], engine.run(drawn, unit_forget_bias=False)["c"])


def test_every_h_and_c_is_that_of_the_real_cell_at_its_timestep(engine, draw, close):
    drawn = draw("LSTM")
    real = engine.walk(engine.cell(drawn), drawn)
    found = drawn.unfold(initial=drawn.initial)
    close(found.states["h"], real["h"])
    close(found.states["c"], real["c"])


def test_gates_are_what_the_activations_of_the_real_cell_return(engine, draw, close, spy):
    drawn = draw("LSTM")
    phi = spy(engine.keras.activations.tanh)
    sigma = spy(engine.keras.activations.sigmoid)
    engine.walk(engine.cell(drawn, activation=phi, recurrent_activation=sigma), drawn)
    gates = drawn.unfold(initial=drawn.initial).gates
    close(gates["i"], sigma.returned[0::3])
    close(gates["f"], sigma.returned[1::3])
    close(gates["o"], sigma.returned[2::3])
    close(gates["g"], phi.returned[0::2])


@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)], ids=["x", "h", "x and h"])
def test_dropout_masks_of_the_real_cell_give_its_states(engine, draw, close, rates):
    engine.keras.utils.set_random_seed(0)
    drawn = draw("LSTM")
    cell = engine.cell(drawn, dropout=rates[0], recurrent_dropout=rates[1])
    real = engine.walk(cell, drawn, training=True)
    dropout, recurrent = engine.dropout_masks(cell, drawn)
    found = drawn.unfold(initial=drawn.initial, dropout=dropout, recurrent_dropout=recurrent)
    close(found.states["h"], real["h"], atol=3e-6)
    close(found.states["c"], real["c"], atol=3e-6)


def test_float32_comes_out_as_float32_and_close_to_float64(draw, close):
    drawn = draw("LSTM", timesteps=50)
    single = drawn.unfold(dtype=np.float32)
    assert {array.dtype for array in (*single.states.values(), *single.gates.values())} == {
        np.dtype(np.float32)
    }
    close(single.states["c"], drawn.unfold().states["c"], atol=1e-5)


def test_a_layer_configuration_is_enough_to_choose_the_equations(engine, draw):
    config = engine.layer(draw("LSTM"), recurrent_activation="hard_sigmoid").get_config()
    chosen = equations_for("LSTM", config, engine=engine.name)
    slope = {"keras3": 1 / 6, "tf_keras": 0.2}[engine.name]
    assert chosen.recurrent_activation(np.array([1.0])) == pytest.approx(0.5 + slope)


def test_an_unknown_activation_is_named_in_the_error():
    with pytest.raises(NoEquations, match="'my_own'"):
        LSTM.from_config({"activation": "my_own"})


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_an_open_forget_gate_and_a_shut_input_gate_hold_c(draw, batch, timesteps, seed):
    drawn = _with_bias(draw("LSTM", batch=batch, timesteps=timesteps, seed=seed), i=-1e4, f=1e4)
    found = drawn.unfold(initial=drawn.initial)
    assert np.array_equal(found.states["c"], np.stack([drawn.initial["c"]] * timesteps))


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_a_shut_forget_gate_leaves_nothing_of_the_old_c(draw, batch, timesteps, seed):
    drawn = _with_bias(draw("LSTM", batch=batch, timesteps=timesteps, seed=seed), f=-1e4)
    found = drawn.unfold(initial=drawn.initial)
    assert np.array_equal(found.states["c"], found.gates["i"] * found.gates["g"])


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_with_the_input_and_forget_gates_open_c_is_the_running_sum_of_the_candidates(
    draw, batch, timesteps, seed
):
    drawn = _with_bias(draw("LSTM", batch=batch, timesteps=timesteps, seed=seed), i=1e4, f=1e4)
    found = drawn.unfold()
    np.testing.assert_allclose(found.states["c"], np.cumsum(found.gates["g"], 0), atol=1e-12)


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_h_never_leaves_the_reach_of_the_output_gate(draw, batch, timesteps, seed):
    found = draw("LSTM", batch=batch, timesteps=timesteps, seed=seed).unfold()
    assert (np.abs(found.states["h"]) <= found.gates["o"]).all()


def _with_bias(drawn, **gates):
    """Give whole gates one bias so large that they are open or shut whatever comes in."""
    bias = drawn.weights["bias"].reshape(4, -1).copy()
    for name, value in gates.items():
        bias[LSTM.gates.index(name)] = value
    return type(drawn)(
        drawn.family, drawn.inputs, {**drawn.weights, "bias": bias.ravel()}, drawn.initial
    )
