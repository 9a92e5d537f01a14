"""The GRU equations against the real layers, and what the papers promise of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.equations import GRU, equations_for

SIZES = {"batch": st.integers(1, 4), "timesteps": st.integers(1, 6), "seed": st.integers(0, 999)}
MASKS = ("leading", "gaps", "trailing", "fully masked row")
PAIRS = [("relu", "sigmoid"), ("tanh", "hard_sigmoid"), ("softsign", "softmax"), (None, "sigmoid")]
RESET = pytest.mark.parametrize("reset_after", [True, False], ids=["reset after", "reset before"])


@RESET
@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("initial", [False, True], ids=["from zeros", "from given states"])
def test_states_are_those_of_the_real_layer(
    engine, draw, close, reset_after, use_bias, go_backwards, initial
):
    drawn = draw("GRU", use_bias=use_bias, bias_rows=1 + reset_after)
    config = {"use_bias": use_bias, "reset_after": reset_after}
    real = engine.run(drawn, given=initial, go_backwards=go_backwards, **config)
    start = drawn.initial if initial else None
    found = drawn.unfold(config=config, initial=start, go_backwards=go_backwards)
    close(found.final["h"], real["h"])
    close(found.states["h"].swapaxes(0, 1), real["sequence"])


@RESET
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("mask", MASKS)
def test_masked_timesteps_hold_the_state_as_the_real_layer_does(
    engine, draw, close, masks, moved, mask, go_backwards, reset_after
):
    drawn = draw("GRU", bias_rows=1 + reset_after)
    config, arguments = {"reset_after": reset_after}, {"go_backwards": go_backwards}
    real = engine.run(drawn, given=True, mask=masks[mask], **config, **arguments)
    found = drawn.unfold(config=config, initial=drawn.initial, mask=masks[mask], **arguments)
    close(found.final["h"], real["h"])
    shown = moved(masks[mask], go_backwards)
    close(found.states["h"].swapaxes(0, 1)[shown], real["sequence"][shown])


@RESET
@pytest.mark.parametrize(("activation", "recurrent_activation"), PAIRS)
def test_other_activations_give_the_states_of_the_real_layer(
    engine, draw, close, activation, recurrent_activation, reset_after
):
    drawn = draw("GRU", bias_rows=1 + reset_after)
    config = {
        "activation": activation,
        "recurrent_activation": recurrent_activation,
        "reset_after": reset_after,
    }
    real = engine.run(drawn, **config)
    close(drawn.unfold(config=config, engine=engine.name).final["h"], real["h"])


@RESET
def test_gates_are_what_the_activations_of_the_real_cell_return(
    engine, draw, close, spy, reset_after
):
    drawn = draw("GRU", bias_rows=1 + reset_after)
    phi = spy(engine.keras.activations.tanh)
    sigma = spy(engine.keras.activations.sigmoid)
    config = {"reset_after": reset_after}
    cell = engine.cell(drawn, activation=phi, recurrent_activation=sigma, **config)
    real = engine.walk(cell, drawn)
    found = drawn.unfold(config=config, initial=drawn.initial)
    close(found.gates["z"], sigma.returned[0::2])
    close(found.gates["r"], sigma.returned[1::2])
    close(found.gates["g"], phi.returned)
    close(found.states["h"], real["h"])


@RESET
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)], ids=["x", "h", "x and h"])
def test_dropout_masks_of_the_real_cell_give_its_states(engine, draw, close, rates, reset_after):
    engine.keras.utils.set_random_seed(0)
    drawn = draw("GRU", bias_rows=1 + reset_after)
    config = {"reset_after": reset_after}
    cell = engine.cell(drawn, dropout=rates[0], recurrent_dropout=rates[1], **config)
    real = engine.walk(cell, drawn, training=True)
    dropout, recurrent = engine.dropout_masks(cell, drawn)
    masks = {"dropout": dropout, "recurrent_dropout": recurrent}
    close(
        drawn.unfold(config=config, initial=drawn.initial, **masks).states["h"],
        real["h"],
        atol=3e-6,
    )


def test_a_layer_configuration_is_enough_to_choose_the_equations(engine, draw):
    config = engine.layer(draw("GRU", bias_rows=1), reset_after=False).get_config()
    assert equations_for("GRU", config, engine=engine.name) == GRU(reset_after=False)


def test_without_a_reset_both_variants_are_one(draw, close):
    drawn = _with_bias(draw("GRU", bias_rows=1), r=1e4)
    after, before = (drawn.unfold(config={"reset_after": after}) for after in (True, False))
    close(after.states["h"], before.states["h"], atol=1e-12)


def test_a_layer_that_resets_after_adds_a_bias_of_its_own_inside_the_reset(draw):
    drawn = draw("GRU")
    shut = _with_bias(drawn, r=-1e4)
    moved = shut.weights["bias"].copy()
    moved[1].reshape(3, -1)[GRU.gates.index("g")] += 5.0
    other = shut.unfold(weights={**shut.weights, "bias": moved})
    assert np.array_equal(other.states["h"], shut.unfold().states["h"])


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_an_update_gate_at_one_holds_h(draw, batch, timesteps, seed):
    drawn = _with_bias(draw("GRU", batch=batch, timesteps=timesteps, seed=seed), z=1e4)
    found = drawn.unfold(initial=drawn.initial)
    assert np.array_equal(found.states["h"], np.stack([drawn.initial["h"]] * timesteps))


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_an_update_gate_at_zero_makes_h_the_candidate(draw, batch, timesteps, seed):
    drawn = _with_bias(draw("GRU", batch=batch, timesteps=timesteps, seed=seed), z=-1e4)
    found = drawn.unfold(initial=drawn.initial)
    assert np.array_equal(found.states["h"], found.gates["g"])


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_h_lies_between_its_old_value_and_the_candidate(draw, batch, timesteps, seed):
    drawn = draw("GRU", batch=batch, timesteps=timesteps, seed=seed)
    found = drawn.unfold(initial=drawn.initial)
    old = np.concatenate([drawn.initial["h"][None], found.states["h"][:-1]])
    low, high = np.minimum(old, found.gates["g"]), np.maximum(old, found.gates["g"])
    assert (low - 1e-12 <= found.states["h"]).all()
    assert (found.states["h"] <= high + 1e-12).all()


def _with_bias(drawn, **gates):
    """Give whole gates one input bias so large that they are open or shut whatever comes in."""
    bias = drawn.weights["bias"].copy()
    blocks = bias.reshape(-1, 3, bias.shape[-1] // 3)[0]
    for name, value in gates.items():
        blocks[GRU.gates.index(name)] = value
    return type(drawn)(drawn.family, drawn.inputs, {**drawn.weights, "bias": bias}, drawn.initial)
