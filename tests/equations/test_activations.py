"""The activations against those of both engines, and what their definitions promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstm_state_probe.equations import NoEquations, activation
from lstm_state_probe.equations.activations import ACTIVATIONS, WITHOUT

NAMES = [(engine, name) for engine, known in ACTIVATIONS.items() for name in known]
CORNERS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5, 3.0, -3.0, 6.0, -6.0]
VERBS = {"get", "serialize", "deserialize"}


@pytest.fixture(scope="module")
def grid():
    """Values (batch, units), float32: the corners of the piecewise ones and many between."""
    between = np.linspace(-9.0, 9.0, 108, dtype=np.float32)
    return np.concatenate([np.array(CORNERS, np.float32), between]).reshape(12, 10)


@pytest.mark.parametrize(("engine", "name"), NAMES, indirect=["engine"])
def test_an_activation_is_that_of_the_engine(engine, grid, close, name):
    import tensorflow as tf

    real = engine.activation(name)
    found = activation(name, engine=engine.name)(grid.astype(np.float64))
    close(found, real(tf.constant(grid)), rtol=2e-6)


@pytest.mark.parametrize(("engine", "name"), NAMES, indirect=["engine"])
def test_the_name_that_the_engine_writes_down_leads_to_the_same_activation(engine, grid, name):
    written = engine.keras.activations.serialize(engine.activation(name))
    by_name, by_written = (activation(n, engine=engine.name)(grid) for n in (name, written))
    assert np.array_equal(by_name, by_written)


def test_every_activation_that_the_engine_exports_has_equations_or_a_reason_to_have_none(engine):
    offered = {name for name in dir(engine.keras.activations) if name[0] != "_"} - VERBS
    assert offered - WITHOUT.keys() <= set(ACTIVATIONS[engine.name])


def test_the_engines_differ_in_hard_sigmoid_alone(grid):
    both = ACTIVATIONS["keras3"].keys() & ACTIVATIONS["tf_keras"].keys()
    differing = {
        name
        for name in both
        if not np.array_equal(*(known[name](grid) for known in ACTIVATIONS.values()))
    }
    assert differing == {"hard_sigmoid"}


def test_hard_sigmoid_reaches_its_ends_at_3_in_keras_3_and_at_2_point_5_in_tf_keras():
    ends = np.array([2.5, 3.0])
    assert activation("hard_sigmoid", engine="keras3")(ends).tolist() == [2.5 / 6 + 0.5, 1.0]
    assert activation("hard_sigmoid", engine="tf_keras")(ends).tolist() == [1.0, 1.0]


def test_no_activation_is_linear():
    x = np.array([-2.0, 3.0])
    assert np.array_equal(activation(None)(x), x)


@pytest.mark.parametrize("name", ["tanhh", *WITHOUT, {"class_name": "ReLU"}, len])
def test_an_activation_without_equations_is_named_in_the_error(name):
    with pytest.raises(NoEquations) as error:
        activation(name)
    assert f"activation {name!r} of keras3: {WITHOUT.get(str(name), 'known: ')}" in str(error.value)
    assert isinstance(error.value, KeyError)


def test_the_new_activations_of_keras_3_have_no_equations_in_tf_keras():
    with pytest.raises(NoEquations, match="'celu' of tf_keras"):
        activation("celu", engine="tf_keras")


@pytest.mark.parametrize(("engine_name", "name"), NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_and_dtype_are_kept(grid, engine_name, name, dtype):
    found = activation(name, engine=engine_name)(grid.astype(dtype))
    assert (found.shape, found.dtype) == (grid.shape, np.dtype(dtype))


@pytest.mark.parametrize(("engine_name", "name"), [n for n in NAMES if n[1] != "exponential"])
@pytest.mark.filterwarnings("error")
def test_nothing_overflows_but_the_exponential(engine_name, name):
    assert np.isfinite(activation(name, engine=engine_name)(np.array([[-1e4, 0.0, 1e4]]))).all()


@given(rows=st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=4))
def test_softmax_is_a_distribution_over_the_units_of_a_row(rows):
    found = activation("softmax")(np.array(rows))
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=-1), 1.0)


@given(x=st.floats(-30, 30))
def test_sigmoid_is_one_over_one_plus_e_to_the_minus_x(x):
    assert activation("sigmoid")(np.array([x]))[0] == pytest.approx(1 / (1 + np.exp(-x)), abs=1e-15)
