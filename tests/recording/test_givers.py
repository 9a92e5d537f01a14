"""Who gives a layer its initial states: per use of the layer, and per state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lstm_state_probe import record

X = np.random.default_rng(3).normal(size=(2, 4, 2)).astype("float32")


def fill(value: float, units: int = 3) -> Any:
    return np.full((2, units), value, "float32")


def inputs(engine: Any, *names: str) -> list[Any]:
    shapes = {name: (4, 2) if name == "x" else (3,) for name in names}
    return [engine.keras.Input(shape, batch_size=2, name=n) for n, shape in shapes.items()]


def started(recording: Any, address: str) -> list[tuple[Any, str]]:
    """List where each use started, and what is told of it."""
    layer, _, state = address.rpartition("/")
    states = [call.states[state] for call in recording.calls if call.layer == layer]
    return [(float(np.mean(s.initial)), s.origin.words) for s in states]


def test_each_use_and_each_state_is_told_with_its_own_giver(engine: Any) -> None:
    keras = engine.keras
    x, a, b = inputs(engine, "x", "a", "b")
    layer = keras.layers.LSTM(3, name="shared")
    outputs = [layer(x, initial_state=[a, a]), layer(x, initial_state=[b, a]), layer(x)]
    model = keras.Model([x, a, b], outputs)
    with record(model) as recording:
        model.predict_on_batch([X, fill(1), fill(2)])
        model([X, fill(1), fill(2)])
    zeros = (0.0, "zeros: stateless, made for this call")
    uses = started(recording, "shared/h")
    for made in (uses[:3], uses[3:]):  # in whatever order Keras runs them
        assert sorted(made) == [zeros, (1.0, "given: a"), (2.0, "given: b")]
    both = zip(uses, started(recording, "shared/c"), strict=True)
    assert {h[1]: c[1] for h, c in both} == {
        "given: a": "given: a",
        "given: b": "given: a",
        zeros[1]: zeros[1],
    }


def test_the_halves_of_a_bidirectional_layer_are_given_apart(engine: Any) -> None:
    keras = engine.keras
    x, a, b, c = inputs(engine, "x", "a", "b", "c")
    given = keras.layers.Dense(3, name="made")(c)
    layer = keras.layers.Bidirectional(keras.layers.LSTM(3), name="both")
    model = keras.Model([x, a, b, c], layer(x, initial_state=[a, b, b, given]))
    with record(model) as recording:
        model.predict_on_batch([X, fill(1), fill(2), fill(3)])
    told = {
        f"{call.layer}/{name}": state.origin.words
        for call in recording.calls
        for name, state in call.states.items()
    }
    assert told == {
        "both/forward/h": "given: a",
        "both/forward/c": "given: b",
        "both/backward/h": "given: b",
        "both/backward/c": "given: made",
    }


def test_constants_and_arrays_of_the_model_are_told_as_such(engine: Any) -> None:
    """tf_keras takes no mix of the two."""
    keras = engine.keras
    x, a = inputs(engine, "x", "a")
    fixed = engine.keras.backend.constant(fill(0.5)) if engine.name == "tf_keras" else fill(0.5)
    h = fixed if engine.name == "tf_keras" else a
    out = keras.layers.LSTM(3, name="lstm")(x, initial_state=[h, fixed])
    model = keras.Model([x, a], [out, a])
    with record(model) as recording:
        model.predict_on_batch([X, fill(1)])
    given_h = "a" if engine.name == "keras3" else "a constant of the model"
    assert started(recording, "lstm/h")[0][1] == f"given: {given_h}"
    assert started(recording, "lstm/c") == [(0.5, "given: a constant of the model")]


def test_a_nested_model_passes_on_what_its_caller_gives_it(engine: Any) -> None:
    keras = engine.keras
    x, h = inputs(engine, "x", "h_in")
    inner = keras.Model([x, h], keras.layers.GRU(3, name="gru")(x, initial_state=h), name="inner")
    x, a = inputs(engine, "x", "a")
    _, state = keras.layers.GRU(3, return_state=True, name="encoder")(x)
    model = keras.Model([x, a], [inner([x, a]), inner([x, state])])
    with record(model) as recording:
        model.predict_on_batch([X, fill(1)])
        inner.predict_on_batch([X, fill(2)])
    told = started(recording, "inner/gru/h")
    assert sorted(words for _, words in told[:2]) == ["given: a", "given: encoder"]
    assert told[2] == (2.0, "given: h_in")
    assert (1.0, "given: a") in told


def test_stacked_cells_are_given_a_state_each(engine: Any) -> None:
    keras = engine.keras
    x, a, b = inputs(engine, "x", "a", "b")
    cells = [keras.layers.LSTMCell(3), keras.layers.GRUCell(3)]
    layer = keras.layers.RNN(cells, name="rnn")
    last = [b] if engine.name == "keras3" else b
    model = keras.Model([x, a, b], layer(x, initial_state=[[a, b], last]))
    with record(model) as recording:
        model.predict_on_batch([X, fill(1), fill(2)])
    names = ("cell0/h", "cell0/c", "cell1/h")
    (call,) = recording.calls
    assert [call.states[n].origin.words for n in names] == ["given: a", "given: b", "given: b"]


def test_constants_of_a_cell_give_no_state(engine_named: Any) -> None:
    """Only tf_keras takes `constants`; it puts them into the list of the inputs, as states are."""
    import tensorflow as tf

    engine = engine_named("tf_keras")
    keras = engine.keras

    class Cell(keras.layers.SimpleRNNCell):  # type: ignore[misc,name-defined]
        def call(
            self, inputs: Any, states: Any, constants: Any = None, training: Any = None
        ) -> Any:
            output, new = super().call(inputs, states, training=training)
            return output + tf.reduce_sum(constants[0]), new

    x, a, b = inputs(engine, "x", "a", "b")
    layer = keras.layers.RNN(Cell(3), name="rnn", stateful=True)
    other = keras.layers.RNN(Cell(3), name="other")
    model = keras.Model(
        [x, a, b], [layer(x, constants=[a]), other(x, initial_state=[b], constants=[a])]
    )
    with record(model) as recording:
        for _ in range(2):
            model.predict_on_batch([X, fill(1), fill(2)])
    words = [words for _, words in started(recording, "rnn/h")]
    assert words == [
        "zeros: so held when the recording began",
        "carried from operation 1, batch 1",
    ]
    assert started(recording, "other/h") == [(2.0, "given: b")] * 2


GIVEN_HELD = """
    model:
      inputs: {x: {batch_shape: [2, 3, 1]}, h0: {batch_shape: [2, 2]}}
      layers:
        - SimpleRNN: {name: rnn, units: 2, stateful: true}
          input: x
          initial_state: [h0]
    data: {x: {normal: {shape: [2, 3, 1]}}, h0: {constant: {value: 0.5, shape: [2, 2]}}}
    operations:
      - set_states: {rnn/h: 0.5}
      - predict_on_batch: {x: {x: x, h0: h0}}
      - set_states: {rnn/h: 0.0}
      - predict_on_batch: {x: {x: x, h0: h0}}
"""


def test_a_given_state_that_is_held_already_is_told_by_the_rule_of_the_engine(
    engine: Any, run: Any
) -> None:
    report = run(GIVEN_HELD, engine=engine)
    assert report.error is None
    calls = [call for operation in report.operations for call in operation.outcome.calls]
    first = {"keras3": "given: h0", "tf_keras": "set: operation 1"}[engine.name]
    assert [call.states["h"].origin.words for call in calls] == [first, "given: h0"]


@pytest.mark.parametrize("jit", [False, True], ids=["graph", "jit_compile"])
def test_what_tf_keras_stored_wins_also_where_nobody_told_of_it(
    engine_named: Any, jit: bool
) -> None:
    """The rule looks at what is stored as the call runs, so must whoever tells of it."""
    import tensorflow as tf

    engine = engine_named("tf_keras")
    x, a = inputs(engine, "x", "a")
    layer = engine.keras.layers.GRU(3, stateful=True, name="gru")
    model = engine.keras.Model([x, a], layer(x, initial_state=[a]))
    model.compile(jit_compile=jit)
    assign = tf.function(lambda: layer.states[0].assign(tf.fill((2, 3), 0.25)))
    with record(model) as recording:
        model.predict_on_batch([X, fill(1)])
        assign()
        model.predict_on_batch([X, fill(1)])
    told = started(recording, "gru/h")
    assert told[0] == (1.0, "given: a")
    assert told[1][0] == 0.25
    assert told[1][1].startswith("custom: changed since operation 1")
