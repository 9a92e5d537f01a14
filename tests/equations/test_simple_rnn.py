"""The SimpleRNN equations against the real layers, and the loop that is the same for every cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.equations import EQUATIONS, NoEquations, equations_for
from lstm_state_probe.equations.activations import ACTIVATIONS

SIZES = {"batch": st.integers(1, 4), "timesteps": st.integers(1, 6), "seed": st.integers(0, 999)}
MASKS = ("leading", "gaps", "trailing", "fully masked row")
NAMES = [(engine, name) for engine, known in ACTIVATIONS.items() for name in known]


@pytest.mark.parametrize("use_bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("initial", [False, True], ids=["from zeros", "from given states"])
def test_states_are_those_of_the_real_layer(engine, draw, close, use_bias, go_backwards, initial):
    drawn = draw("SimpleRNN", use_bias=use_bias)
    real = engine.run(drawn, given=initial, use_bias=use_bias, go_backwards=go_backwards)
    start = drawn.initial if initial else None
    found = drawn.unfold(initial=start, go_backwards=go_backwards)
    close(found.final["h"], real["h"])
    close(found.states["h"].swapaxes(0, 1), real["sequence"])


@pytest.mark.parametrize("go_backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("mask", MASKS)
def test_masked_timesteps_hold_the_state_as_the_real_layer_does(
    engine, draw, close, masks, moved, mask, go_backwards
):
    drawn = draw("SimpleRNN")
    real = engine.run(drawn, given=True, mask=masks[mask], go_backwards=go_backwards)
    found = drawn.unfold(initial=drawn.initial, mask=masks[mask], go_backwards=go_backwards)
    close(found.final["h"], real["h"])
    shown = moved(masks[mask], go_backwards)
    close(found.states["h"].swapaxes(0, 1)[shown], real["sequence"][shown])


@pytest.mark.parametrize(("engine", "name"), NAMES, indirect=["engine"])
def test_every_activation_gives_the_states_of_the_real_layer(engine, draw, close, name):
    drawn = draw("SimpleRNN", timesteps=3)
    real = engine.run(drawn, activation=engine.activation(name))
    found = drawn.unfold(config={"activation": name}, engine=engine.name)
    close(found.final["h"], real["h"], rtol=2e-6)


@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.4, 0.3)], ids=["x", "h", "x and h"])
def test_dropout_masks_of_the_real_cell_give_its_states(engine, draw, close, rates):
    engine.keras.utils.set_random_seed(0)
    drawn = draw("SimpleRNN")
    cell = engine.cell(drawn, dropout=rates[0], recurrent_dropout=rates[1])
    real = engine.walk(cell, drawn, training=True)
    dropout, recurrent = engine.dropout_masks(cell, drawn)
    found = drawn.unfold(initial=drawn.initial, dropout=dropout, recurrent_dropout=recurrent)
    close(found.states["h"], real["h"], atol=3e-6)


def test_a_layer_configuration_is_enough_to_choose_the_equations(engine, draw):
    config = engine.layer(draw("SimpleRNN"), activation="relu").get_config()
    assert equations_for("SimpleRNN", config, engine=engine.name).activation(-1.0) == 0.0


@pytest.mark.parametrize("family", [name for name in EQUATIONS if name != "ConvLSTM"])
def test_the_defaults_of_the_equations_are_those_of_the_real_layer(engine, draw, family):
    config = engine.layer(draw(family)).get_config()
    assert equations_for(family, config, engine=engine.name) == EQUATIONS[family]()


def test_an_unknown_family_is_named_in_the_error():
    with pytest.raises(NoEquations, match="'ConvLSTM2D'"):
        equations_for("ConvLSTM2D", {})


@pytest.mark.parametrize("family", EQUATIONS)
def test_a_trajectory_cannot_be_written_to(draw, family):
    found = draw(family).unfold()
    for arrays in (found.states, found.gates, found.final):
        assert not any(array.flags.writeable for array in arrays.values())
        with pytest.raises(TypeError):
            arrays["h"] = 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("inputs", np.zeros((3, 5))),
        ("inputs", np.zeros((3, 5, 7))),
        ("mask", np.ones((5, 3), bool)),
        ("initial", {"h": np.zeros((1, 4))}),
        ("initial", {"c": np.zeros((3, 4))}),
        ("dropout", np.ones((1, 2))),
        ("dropout", (np.ones((3, 2)), np.ones((3, 2)))),
        ("recurrent_dropout", np.ones((3, 1, 4))),
    ],
)
def test_nothing_is_broadcast(draw, name, value):
    with pytest.raises(ValueError, match=name.split("_")[-1]):
        draw("SimpleRNN").unfold(**{name: value})


def test_weights_of_another_shape_are_refused(draw):
    drawn = draw("SimpleRNN")
    for name in drawn.weights:
        weights = {**drawn.weights, name: np.zeros((2, 3))}
        with pytest.raises(ValueError, match="kernel" if "kernel" in name else "bias"):
            drawn.unfold(weights=weights)


def test_no_timesteps_leave_the_initial_state(draw):
    drawn = draw("SimpleRNN", timesteps=0)
    found = drawn.unfold(initial=drawn.initial)
    assert found.states["h"].shape == (0, 3, 4)
    assert np.array_equal(found.final["h"], drawn.initial["h"])


def test_dropout_masks_may_change_over_time(draw):
    drawn = draw("SimpleRNN")
    masks = np.random.default_rng(1).integers(0, 2, drawn.inputs.shape) * 2.0
    found = drawn.unfold(dropout=masks)
    expected = drawn.unfold(inputs=drawn.inputs * masks)
    np.testing.assert_allclose(found.states["h"], expected.states["h"], atol=1e-12)


def test_what_comes_in_at_a_masked_timestep_does_not_matter_even_if_it_is_nan(draw, masks):
    drawn = draw("SimpleRNN")
    spoiled = np.where(masks["gaps"][..., None], drawn.inputs, np.nan)
    found = drawn.unfold(inputs=spoiled, mask=masks["gaps"])
    expected = drawn.unfold(mask=masks["gaps"])
    np.testing.assert_allclose(found.states["h"], expected.states["h"], atol=1e-12)


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_without_recurrent_weights_h_is_the_activation_of_the_input(draw, batch, timesteps, seed):
    drawn = draw("SimpleRNN", batch=batch, timesteps=timesteps, seed=seed)
    weights = {**drawn.weights, "recurrent_kernel": np.zeros((4, 4))}
    found = drawn.unfold(weights=weights, initial=drawn.initial).states["h"].swapaxes(0, 1)
    expected = np.tanh(drawn.inputs.astype(float) @ weights["kernel"] + weights["bias"])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_going_backwards_is_going_forwards_over_the_reversed_sequence(draw, batch, timesteps, seed):
    drawn = draw("SimpleRNN", batch=batch, timesteps=timesteps, seed=seed)
    mask = np.random.default_rng(seed).integers(0, 2, (batch, timesteps)) > 0
    backwards = drawn.unfold(initial=drawn.initial, mask=mask, go_backwards=True)
    reversed_inputs = {"inputs": drawn.inputs[:, ::-1], "mask": mask[:, ::-1]}
    forwards = drawn.unfold(initial=drawn.initial, **reversed_inputs)
    np.testing.assert_allclose(backwards.states["h"], forwards.states["h"], atol=1e-12)


@pytest.mark.parametrize("family", EQUATIONS)
@given(cut=st.integers(1, 5), **SIZES)
@settings(deadline=None, max_examples=25)
def test_a_sequence_in_two_parts_is_the_whole_sequence(draw, family, cut, batch, timesteps, seed):
    drawn = draw(family, batch=batch, timesteps=timesteps, seed=seed)
    first = drawn.unfold(inputs=drawn.inputs[:, :cut], initial=drawn.initial)
    second = drawn.unfold(inputs=drawn.inputs[:, cut:], initial=first.final)
    whole = drawn.unfold(initial=drawn.initial)
    for name in whole.states:
        parts = np.concatenate([first.states[name], second.states[name]])
        np.testing.assert_allclose(parts, whole.states[name], atol=1e-12)
        np.testing.assert_allclose(second.final[name], whole.final[name], atol=1e-12)


@pytest.mark.parametrize("family", EQUATIONS)
@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_masking_every_timestep_holds_the_initial_states(draw, family, batch, timesteps, seed):
    drawn = draw(family, batch=batch, timesteps=timesteps, seed=seed)
    found = drawn.unfold(initial=drawn.initial, mask=np.zeros((batch, timesteps), bool))
    for name, state in drawn.initial.items():
        assert np.array_equal(found.states[name], np.stack([state] * timesteps))
        assert np.array_equal(found.final[name], state)


@pytest.mark.parametrize("family", EQUATIONS)
@given(**SIZES)
@settings(deadline=None, max_examples=25)
def test_batch_rows_know_nothing_of_each_other(draw, family, batch, timesteps, seed):
    drawn = draw(family, batch=batch, timesteps=timesteps, seed=seed)
    whole = drawn.unfold(initial=drawn.initial).states
    for row in range(batch):
        one = slice(row, row + 1)
        initial = {name: state[one] for name, state in drawn.initial.items()}
        alone = drawn.unfold(inputs=drawn.inputs[one], initial=initial).states
        for name in whole:
            np.testing.assert_allclose(alone[name], whole[name][:, one], atol=1e-12)


@pytest.mark.parametrize("family", ["LSTM", "GRU"])
def test_at_a_masked_timestep_the_gates_are_computed_from_the_held_state(draw, masks, family):
    drawn = draw(family)
    found = drawn.unfold(initial=drawn.initial, mask=masks["leading"])
    start = drawn.unfold(inputs=drawn.inputs[:, 1:2], initial=drawn.initial)
    for name in found.gates:
        np.testing.assert_allclose(found.gates[name][1, 0], start.gates[name][0, 0], atol=1e-12)
