"""Every timestep and gate, recorded in the operation itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder

EVERYTHING = Plan(gates=True, witness=math.inf)
BATCH, TIMESTEPS, FEATURES, UNITS = 2, 4, 3, 3
Layer = Callable[[Any], Any]


def x(batch: int = BATCH) -> Any:
    return np.random.default_rng(3).normal(size=(batch, TIMESTEPS, FEATURES)).astype("float32")


def masked() -> Any:
    array = x()
    array[0, 0] = array[0, 2] = array[1, 3] = 0.0
    return array


def model_of(engine: Any, *layers: Any, shape: Any = None, **compiled: Any) -> Any:
    keras = engine.keras
    keras.utils.set_random_seed(5)
    shape = shape or (BATCH, TIMESTEPS, FEATURES)
    model = keras.Sequential([keras.Input(batch_shape=shape), *layers])
    model.compile("adam", "mse", **compiled)
    return model


def record(
    engine: Any, model: Any, act: Callable[[Any], Any], plan: Plan = EVERYTHING
) -> list[Call]:
    recorder = Recorder.attach(engine, model, Origins(), plan=plan)
    try:
        act(model)
        return list(recorder.take()[0])
    finally:
        recorder.detach()


def predict(data: Any) -> Callable[[Any], Any]:
    return lambda model: model.predict(data, batch_size=BATCH, verbose=0)


def train(data: Any) -> Callable[[Any], Any]:
    return lambda model: model.train_on_batch(data, np.ones((len(data), UNITS), "float32"))


KINDS: dict[str, Layer] = {
    "LSTM": lambda L: L.LSTM(UNITS, name="layer"),
    "GRU": lambda L: L.GRU(UNITS, name="layer"),
    "GRU without reset_after": lambda L: L.GRU(UNITS, reset_after=False, name="layer"),
    "SimpleRNN": lambda L: L.SimpleRNN(UNITS, name="layer"),
    "LSTM with relu": lambda L: L.LSTM(UNITS, activation="relu", name="layer"),
    "LSTM, unrolled": lambda L: L.LSTM(UNITS, unroll=True, name="layer"),
    "LSTM, backwards": lambda L: L.LSTM(UNITS, go_backwards=True, name="layer"),
    "RNN over a cell": lambda L: L.RNN(L.GRUCell(UNITS), name="layer"),
    "RNN over cells": lambda L: L.RNN([L.LSTMCell(2), L.GRUCell(UNITS)], name="layer"),
    "stateful LSTM": lambda L: L.LSTM(UNITS, stateful=True, name="layer"),
}


@pytest.mark.rows(14)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("act", [predict, train], ids=["predict", "train_on_batch"])
def test_states_and_gates_of_every_timestep_agree_with_the_equations(
    engine: Any, kind: str, act: Any
) -> None:
    model = model_of(engine, engine.keras.layers.Masking(), KINDS[kind](engine.keras.layers))
    (call,) = record(engine, model, act(masked()))
    assert list(call.kept) == list(range(TIMESTEPS))
    assert call.verified is not None
    assert call.verified.agrees is True, call.verified
    assert call.verified.deviation is not None
    assert call.verified.deviation < 1e-6
    for state in call.states.values():
        assert state.timesteps is not None
        np.testing.assert_array_equal(state.timesteps[-1], state.final)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN", "LSTM, backwards"])
def test_h_at_every_timestep_is_the_layers_own_sequence_bit_for_bit(engine: Any, kind: str) -> None:
    layer = KINDS[kind](engine.keras.layers)
    layer.return_sequences = True
    found: list[Any] = []
    model = model_of(engine, layer)
    (call,) = record(engine, model, lambda m: found.append(m.predict(x(), verbose=0)))
    np.testing.assert_array_equal(call.states["h"].timesteps, found[0].swapaxes(0, 1))


def test_a_masked_timestep_holds_the_state_of_the_one_before(engine: Any) -> None:
    layers = engine.keras.layers
    model = model_of(engine, layers.Masking(), layers.LSTM(UNITS, name="layer"))
    (call,) = record(engine, model, predict(masked()))
    for state in call.states.values():
        steps = np.concatenate([state.initial[None], state.timesteps])
        np.testing.assert_array_equal(steps[1, 0], steps[0, 0])
        np.testing.assert_array_equal(steps[3, 0], steps[2, 0])
        np.testing.assert_array_equal(steps[4, 1], steps[3, 1])
        assert not np.array_equal(steps[2, 0], steps[1, 0])


@pytest.mark.rows(3)
@pytest.mark.parametrize("mode", ["run_eagerly", "jit_compile"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_every_mode_records_the_same_within_rounding(engine: Any, mode: str, kind: str) -> None:
    options = {mode: True}
    build = KINDS[kind]
    engine.seed(5)  # before the layers: their initializers take a seed as they are made
    plain = record(engine, model_of(engine, build(engine.keras.layers)), train(x()))
    engine.seed(5)
    other = record(engine, model_of(engine, build(engine.keras.layers), **options), train(x()))
    assert list(other[0].kept) == list(range(TIMESTEPS))
    for name, state in plain[0].states.items():
        np.testing.assert_allclose(other[0].states[name].timesteps, state.timesteps, atol=1e-6)
    for name, gate in plain[0].gates.items():
        np.testing.assert_allclose(other[0].gates[name], gate, atol=1e-6)


def test_a_call_outside_the_compiled_functions_is_recorded_too(engine: Any) -> None:
    model = model_of(engine, KINDS["LSTM"](engine.keras.layers), jit_compile=True)
    (call,) = record(engine, model, lambda m: m(x()))
    assert list(call.kept) == list(range(TIMESTEPS))
    assert call.verified is not None
    assert call.verified.agrees is True


def test_every_batch_of_a_loop_is_recorded_with_its_own_timesteps(engine: Any) -> None:
    model = model_of(engine, KINDS["stateful LSTM"](engine.keras.layers))
    calls = record(engine, model, predict(x(3 * BATCH)))
    assert len(calls) == 3
    for before, after in itertools.pairwise(calls):
        for name, state in after.states.items():
            np.testing.assert_array_equal(state.initial, before.states[name].timesteps[-1])


CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "ConvLSTM1D": {"strides": 2},
    "ConvLSTM2D": {"padding": "same", "dropout": 0.3, "recurrent_dropout": 0.3},
    "ConvLSTM3D": {"go_backwards": True},
}


@pytest.mark.rows(4)
@pytest.mark.parametrize("kind", CONVOLUTIONS)
@pytest.mark.parametrize("timesteps", ["all", "final"])
def test_a_convolutional_layer_keeps_its_spatial_axes_and_agrees_with_the_equations(
    engine: Any, kind: str, timesteps: str
) -> None:
    layers = engine.keras.layers
    shape = (BATCH, TIMESTEPS, *(4, 3, 3)[: int(kind[-2])], 1)
    layer = getattr(layers, kind)(2, 2, name="layer", **CONVOLUTIONS[kind])
    model = model_of(engine, layer, layers.Flatten(), layers.Dense(UNITS), shape=shape)
    data = np.random.default_rng(0).normal(size=shape).astype("float32")
    plan = Plan(timesteps=timesteps, gates=True, witness=math.inf)
    (call,) = record(engine, model, train(data), plan)
    if timesteps == "all":
        final = call.states["h"].final
        assert call.states["h"].timesteps.shape == (TIMESTEPS, *final.shape)
        assert final.ndim == len(shape) - 1
        assert set(call.gates) == {"i", "f", "g", "o"}
    assert call.verified is not None
    assert call.verified.agrees is True, call.verified
    assert call.verified.deviation is not None
    assert call.verified.deviation < 1e-6


def test_a_custom_cell_gives_its_states_and_no_gates(engine: Any) -> None:
    keras = engine.keras

    class Sum(keras.layers.Layer):
        state_size = UNITS
        output_size = UNITS

        def call(self, inputs: Any, states: Any) -> Any:
            total = states[0] + inputs
            return total, [total]

        def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None):
            import tensorflow as tf

            return [tf.zeros((BATCH, UNITS))]

    model = model_of(engine, keras.layers.RNN(Sum(), name="layer"))
    (call,) = record(engine, model, predict(x()))
    np.testing.assert_allclose(
        call.states["s0"].timesteps, np.cumsum(x(), axis=1).swapaxes(0, 1), atol=1e-6
    )
    assert call.gates == {}
    assert call.verified is not None
    assert "no equations for Sum" in call.verified.why


def _own_way(engine: Any, **arguments: Any) -> Any:
    """Make an LSTM that goes over time with a loop of Python's, past Keras's."""
    import tensorflow as tf

    class OwnWay3(engine.keras.layers.LSTM):
        def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any = False):
            states = initial_state
            for t in range(TIMESTEPS):
                output, states = self.cell(sequences[:, t], states)
            return output, tf.stack([output], axis=1), states

    class OwnWay2(engine.keras.layers.LSTM):
        def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state=None):
            inputs, states, _ = self._process_inputs(inputs, initial_state, None)
            for t in range(TIMESTEPS):
                output, states = self.cell(inputs[:, t], states)
            return [output, *states] if self.return_state else output

    kind = OwnWay3 if engine.name == "keras3" else OwnWay2
    return kind(UNITS, name="layer", **arguments)


def test_a_layer_that_goes_past_keras_s_loop_says_so_and_its_ends_are_verified(engine: Any) -> None:
    (call,) = record(engine, _own_way(engine, return_state=True), lambda layer: layer(x()))
    assert list(call.kept) == []
    assert call.note.startswith("no timesteps: OwnWay")
    assert call.verified is not None
    assert call.verified.agrees is True


def test_a_cell_that_inherits_a_step_of_its_own_is_not_compared(engine: Any) -> None:
    cell = engine.keras.layers.SimpleRNNCell

    class Twice(cell):  # type: ignore[misc, valid-type]
        def call(self, inputs: Any, states: Any, training: Any = None) -> Any:
            return super().call(2 * inputs, states)

    class Heir(Twice):
        pass

    class Plain(cell):  # type: ignore[misc, valid-type]
        pass

    for kind, agrees in ((Twice, None), (Heir, None), (Plain, True)):
        layer = engine.keras.layers.RNN(kind(UNITS), name="layer")
        (call,) = record(engine, model_of(engine, layer), predict(x()))
        assert call.verified is not None
        assert call.verified.agrees is agrees, (kind, call.verified)


def test_a_lie_about_the_weights_is_found_out(engine: Any) -> None:
    from dataclasses import replace

    from lstm_state_probe.recording.witness.evidence import Evidence
    from lstm_state_probe.recording.witness.verify import verify

    model = model_of(engine, KINDS["LSTM"](engine.keras.layers))
    recorder = Recorder.attach(engine, model, Origins(), plan=EVERYTHING)
    model.predict(x(), verbose=0)
    (call,) = recorder.take()[0]
    (part,) = recorder.layers
    cell = part.layer.cell
    weights = {n: getattr(cell, n).numpy() for n in ("kernel", "recurrent_kernel", "bias")}
    honest = verify(part, call, Evidence(x(), [weights], {}), engine=engine.name)
    lie = dict(weights, kernel=weights["kernel"] + 1e-3)
    caught = verify(part, call, Evidence(x(), [lie], {}), engine=engine.name)
    gates = dict(call.gates, f=call.gates["f"] + np.float32(1e-3))
    doctored = verify(
        part, replace(call, gates=gates), Evidence(x(), [weights], {}), engine=engine.name
    )
    recorder.detach()
    assert honest.agrees is True
    assert caught.agrees is False
    assert doctored.agrees is False
    assert doctored.why.startswith("f is off")


def test_a_plan_keeps_what_it_says_and_nothing_more(engine: Any) -> None:
    build = KINDS["LSTM"]
    engine.seed(5)  # a layer draws its seed when it is made, before `model_of` seeds
    whole = record(engine, model_of(engine, build(engine.keras.layers)), predict(x(2 * BATCH)))
    plan = Plan(timesteps=(0, -1), calls="last")
    some = record(engine, model_of(engine, build(engine.keras.layers)), predict(x(2 * BATCH)), plan)
    assert [list(call.kept) for call in some] == [[], [0, TIMESTEPS - 1]]
    assert some[1].gates == {}
    for name, state in some[1].states.items():
        expected = whole[1].states[name].timesteps[[0, -1]]
        np.testing.assert_array_equal(state.timesteps, expected)


def test_past_the_budget_timesteps_are_on_disk_and_the_same(engine: Any) -> None:
    build = KINDS["LSTM"]
    engine.seed(5)  # a layer draws its seed when it is made, before `model_of` seeds
    whole = record(engine, model_of(engine, build(engine.keras.layers)), predict(x()))
    spilled = record(
        engine,
        model_of(engine, build(engine.keras.layers)),
        predict(x()),
        Plan(gates=True, budget=0),
    )
    for name, state in spilled[0].states.items():
        base = state.timesteps
        while base is not None and not isinstance(base, np.memmap):
            base = base.base
        assert base is not None, "it was kept in memory"
        np.testing.assert_array_equal(state.timesteps, whole[0].states[name].timesteps)


def test_recorded_arrays_cannot_be_written_to(engine: Any) -> None:
    (call,) = record(engine, model_of(engine, KINDS["LSTM"](engine.keras.layers)), predict(x()))
    for array in (*call.gates.values(), call.states["h"].timesteps, call.states["h"].initial):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
