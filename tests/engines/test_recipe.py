"""A gate is made after the run from what a step gave, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.neutral_matrix import ACTIVATIONS
from lstm_state_probe.engines.tap.leaves import Finder
from lstm_state_probe.engines.tap.recipe import Leaf, Recipe

TIMESTEPS, BATCH, UNITS = 3, 2, 5
UNIT = {"float32": 2**-23, "float64": 2**-52, "float16": 2**-10, "bfloat16": 2**-7}
Activation = Callable[[Any], Any]
PRODUCT = np.random.default_rng(2).normal(size=(TIMESTEPS, BATCH, 2 * UNITS))


def found(activation: Activation, dtype: str, *, side: int = 0) -> tuple[Recipe, list[Any], Any]:
    """Run a step in a graph: a product with its bias, cut in two halves, the activation of one.

    Gives the recipe, its leaves over time, and what the graph itself made, over time.
    """
    recipes: list[Recipe] = []

    @tf.function
    def step(inputs: Any) -> Any:
        graph = tf.compat.v1.get_default_graph()
        before = len(graph.get_operations())
        product = tf.nn.bias_add(
            tf.matmul(inputs, tf.eye(2 * UNITS, dtype=dtype)), tf.ones(2 * UNITS, dtype)
        )
        made = activation(tf.split(product, 2, axis=1)[side])
        finder = Finder(0, before, graph)
        recipes.append(finder.recipe(made))
        return made, [finder.found()[leaf] for leaf in recipes[-1].leaves]

    rows = [step(tf.cast(row, dtype)) for row in PRODUCT]
    leaves = [
        np.stack([leaf.numpy() for leaf in each])
        for each in zip(*(row[1] for row in rows), strict=True)
    ]
    return recipes[-1], leaves, np.stack([row[0].numpy() for row in rows])


def wide(array: Any) -> Any:
    return np.asarray(array).astype("float64")


def known(engine: Any) -> dict[str, Any]:
    """Ask this Keras for each activation: 3.8 does not know `sparse_sigmoid` by its name."""
    functions = {}
    for name in ACTIVATIONS[engine.name]:
        with suppress(ValueError):
            functions[name] = engine.keras.activations.get(name)
    assert len(functions) > 12
    return functions


@pytest.mark.parametrize("dtype", UNIT)
def test_every_activation_of_keras_is_made_within_rounding(engine: Any, dtype: str) -> None:
    unit = UNIT[dtype]
    for name, function in known(engine).items():
        if name == "sparsemax" and dtype in ("float16", "bfloat16"):
            continue  # no kernel for its range of numbers: float16 in 2.21, bfloat16 in 2.16 too
        recipe, leaves, made = found(function, dtype)
        gate = recipe.over_time(leaves)
        assert gate.dtype == made.dtype, name
        assert gate.shape == made.shape, name
        np.testing.assert_allclose(
            wide(gate), wide(made), rtol=4 * unit, atol=4 * unit, err_msg=name
        )


def test_the_leaf_is_the_one_tensor_that_is_split_for_both_halves() -> None:
    for side in (0, 1):
        recipe, leaves, made = found(tf.tanh, "float32", side=side)
        assert recipe.leaves == (Leaf(0, 0),)
        assert recipe.by_rows
        assert leaves[0].shape == (TIMESTEPS, BATCH, 2 * UNITS)
        np.testing.assert_allclose(recipe.over_time(leaves), made, rtol=1e-6)


def test_an_activation_that_mixes_the_rows_is_carried_out_timestep_by_timestep() -> None:
    recipe, leaves, made = found(lambda x: x - tf.reduce_mean(x, axis=0), "float32")
    assert not recipe.by_rows
    np.testing.assert_allclose(recipe.over_time(leaves), made, rtol=1e-6, atol=1e-7)


def test_a_random_number_is_not_drawn_again() -> None:
    recipe, leaves, made = found(lambda x: x * tf.random.uniform(tf.shape(x)), "float32")
    np.testing.assert_array_equal(recipe.over_time(leaves), made)
    np.testing.assert_array_equal(recipe.over_time(leaves), made)


def test_a_variable_counts_with_what_it_held_in_the_run() -> None:
    slope = tf.Variable(tf.fill([UNITS], 0.25))
    recipe, leaves, made = found(lambda x: tf.maximum(x, slope * x), "float32")
    slope.assign(tf.fill([UNITS], 9.0))
    np.testing.assert_array_equal(recipe.over_time(leaves), made)


def test_what_python_does_in_an_activation_is_done_once() -> None:
    traced: list[float] = []

    def activation(x: Any) -> Any:
        traced.append(len(traced) + 1.0)
        return x * traced[-1]

    recipe, leaves, made = found(activation, "float32")
    np.testing.assert_array_equal(recipe.over_time(leaves), made)
    assert traced == [1.0]


def test_an_operation_that_is_not_known_is_a_leaf_itself() -> None:
    recipe, leaves, made = found(
        lambda x: tf.py_function(lambda a: a + 1, [x], tf.float32), "float32"
    )
    assert not recipe.steps
    np.testing.assert_array_equal(recipe.over_time(leaves), made)


def test_recipes_with_other_constants_are_not_alike() -> None:
    one, other = (found(lambda x, by=by: x * by, "float32")[0] for by in (2.0, 3.0))
    assert one.alike(one)
    assert not one.alike(other)
