"""Whether a random number stands in a tensor, told from the operations that made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lstm_state_probe.engines.starts.drawing import (
    PYTHON,
    RANDOM,
    SEEDED,
    VARIABLE,
    Drawing,
    kinds_of_op,
)

Make = Callable[[Any, "Things"], Any]


class Things:
    """Variables, generators and functions that were there before."""

    def __init__(self, tf: Any) -> None:
        self.variable = tf.Variable([1, 2])
        self.generator = tf.random.Generator.from_seed(1)
        self.drawn = tf.function(lambda: tf.random.normal((2,)), autograph=False)
        self.read = tf.function(lambda: self.variable * 2, autograph=False)
        self.in_a_loop = tf.function(
            lambda: tf.map_fn(
                lambda k: tf.random.uniform(()), tf.range(2), fn_output_signature=tf.float32
            ),
            autograph=False,
        )


MADE: dict[str, tuple[Make, set[str]]] = {
    "zeros": (lambda tf, t: tf.zeros(2), set()),
    "normal": (lambda tf, t: tf.random.normal((2,)) * 2 + 1, {RANDOM}),
    "truncated": (lambda tf, t: tf.random.truncated_normal((2,)), {RANDOM}),
    "gamma": (lambda tf, t: tf.random.gamma((2,), 1.0), {RANDOM}),
    "categorical": (lambda tf, t: tf.random.categorical([[0.5, 0.5]], 2), {RANDOM}),
    "shuffled": (lambda tf, t: tf.random.shuffle(tf.range(3)), {RANDOM}),
    "dropped out": (lambda tf, t: tf.nn.dropout(tf.ones(2), 0.5), {RANDOM}),
    "by a generator": (lambda tf, t: t.generator.normal((2,)), {RANDOM}),
    "in a function": (lambda tf, t: t.drawn(), {RANDOM}),
    "in a loop": (lambda tf, t: t.in_a_loop(), {RANDOM}),
    "one seed": (lambda tf, t: tf.random.stateless_normal((2,), [1, 2]), {SEEDED}),
    "a drawn seed": (
        lambda tf, t: tf.random.stateless_normal((2,), tf.cast(tf.random.normal((2,)), tf.int32)),
        {RANDOM},
    ),
    "a variable": (lambda tf, t: t.variable + 1, {VARIABLE}),
    "a variable in a function": (lambda tf, t: t.read(), {VARIABLE}),
    "the like of a random number": (lambda tf, t: tf.zeros_like(tf.random.normal((2,))), set()),
    "drawn beside it": (lambda tf, t: (tf.random.normal((2,)), tf.ones(2))[1], set()),
}
# eagerly NumPy's code runs unseen, TensorFlow reads a variable itself that an operation is given
# as it is (seen in 2.21), and a branch that is not taken does not run
IN_GRAPHS: dict[str, tuple[Make, set[str]]] = {
    "a seed that may move": (
        lambda tf, t: tf.random.stateless_normal((2,), t.variable),
        {RANDOM, VARIABLE},
    ),
    "by NumPy": (lambda tf, t: tf.numpy_function(lambda: 1.0, [], tf.float64), {PYTHON}),
    "in a branch": (
        lambda tf, t: tf.cond(
            tf.reduce_any(t.variable > 0), lambda: tf.random.normal((2,)), lambda: tf.zeros(2)
        ),
        {RANDOM, VARIABLE},
    ),
}


@pytest.mark.parametrize("name", MADE)
def test_what_runs_eagerly_is_told(name: str) -> None:
    import tensorflow as tf

    make, expected = MADE[name]
    things = Things(tf)
    with Drawing() as drawing:
        made = make(tf, things)
    assert drawing.kinds(made) == expected


@pytest.mark.parametrize("name", [*MADE, *IN_GRAPHS])
def test_what_stands_in_a_graph_is_told(name: str) -> None:
    import tensorflow as tf

    make, expected = {**MADE, **IN_GRAPHS}[name]
    things, found = Things(tf), []

    def traced() -> Any:
        with Drawing() as drawing:
            made = make(tf, things)
        found.append(drawing.kinds(made))
        return made

    tf.function(traced, autograph=False).get_concrete_function()
    assert set(found[-1]) == expected


@pytest.mark.parametrize("graph", [False, True], ids=["eager", "graph"])
def test_what_was_made_before_is_a_cause_and_not_looked_into(graph: bool) -> None:
    import tensorflow as tf

    found = []

    def given() -> Any:
        noise = tf.random.normal((2,))
        with Drawing() as drawing:
            made = noise * 2
        found.append(drawing.kinds(made))
        return made

    (tf.function(given, autograph=False) if graph else given)()
    assert not found[-1]


def test_keras_3_moves_the_seed_of_a_generator_and_not_one_that_is_given(
    engine_named: Callable[[str], Any],
) -> None:
    random = engine_named("keras3").keras.random
    with Drawing() as drawing:
        moved, fixed = random.normal((2,)), random.normal((2,), seed=3)
    assert RANDOM in drawing.kinds(moved)
    assert drawing.kinds(fixed) == {SEEDED}


def test_an_error_inside_leaves_nothing_behind() -> None:
    from tensorflow.python.framework import op_callbacks

    with pytest.raises(ZeroDivisionError), Drawing():
        _ = 1 / 0
    assert not op_callbacks.should_invoke_op_callbacks()


def test_a_key_made_of_a_seed_draws_nothing_yet() -> None:
    assert kinds_of_op("StatelessRandomGetKeyCounter", frozenset()) == set()
