"""What is recorded of a call is what an eager pass over the same batches holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from plain_keras import BATCH, FEATURES, TIMESTEPS, UNITS, Case, held

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.progress import batch_marker
from lstm_state_probe.recording.recorder import Recorder

ON = {"stateful": True}
SAMPLES = 3 * BATCH

STATEFUL = Case(
    "two stateful layers",
    lambda K: [
        K.GRU(UNITS, return_sequences=True, **ON),
        K.SimpleRNN(UNITS, **ON),
        K.Dense(1),
    ],
)
SMALL = Case("a stateful layer", lambda K: [K.SimpleRNN(UNITS, **ON), K.Dense(1)])
COMPILED = Case(SMALL.name, SMALL.layers, compile={"jit_compile": True})
SEVERAL = Case(SMALL.name, SMALL.layers, compile={"steps_per_execution": 2})
SEVERAL_COMPILED = Case(
    SMALL.name, SMALL.layers, compile={"steps_per_execution": 3, "jit_compile": True}
)
SEVERAL_EAGER = Case(
    SMALL.name, SMALL.layers, compile={"steps_per_execution": 2, "run_eagerly": True}
)

Step = tuple[tuple[str, int, int], list[Any], list[Any]]


class Observed:
    """A model with a recorder, and the same model without one."""

    def __init__(self, engine: Any, case: Case) -> None:
        alone = {k: v for k, v in case.compile.items() if k != "steps_per_execution"}
        self.plain = replace(case, compile=alone).build(engine.keras)
        self.model = case.build(engine.keras)
        self.recorder = Recorder.attach(engine, self.model, Origins())
        self.engine = engine

    def marker(self, *, fitting: bool = False) -> list[Any]:
        return [batch_marker(self.engine, self.recorder, fitting=fitting)]

    def calls(self) -> list[list[Call]]:
        """Take the calls, grouped so that each group is one call of every layer."""
        calls, lost = self.recorder.take()
        assert lost == 0
        layers = [part.address for part in self.recorder.layers]
        by_layer = [[call for call in calls if call.layer == name] for name in layers]
        return [list(group) for group in zip(*by_layer, strict=True)]

    def step(self, place: tuple[str, int, int], act: Callable[[], Any]) -> Step:
        """Do something with the plain model; tell what it held before and after."""
        before = held(self.plain)
        act()
        return place, before, held(self.plain)


@pytest.fixture
def observed(engine: Any) -> Any:
    made: list[Observed] = []

    def make(case: Case) -> Observed:
        made.append(Observed(engine, case))
        return made[-1]

    yield make
    for each in made:
        each.recorder.detach()
    engine.clear()


def states(group: Sequence[Call], which: str) -> list[Any]:
    return [getattr(state, which) for call in group for state in call.states.values()]


def assert_told(groups: list[list[Call]], steps: list[Step], *, atol: float = 0.0) -> None:
    """Compare what was recorded with what an unobserved model held, batch by batch."""
    assert [(call.phase, call.epoch, call.batch) for call, *_ in groups] == [s[0] for s in steps]
    for group, (place, before, after) in zip(groups, steps, strict=True):
        for name, expected in (("initial", before), ("final", after)):
            for found, value in zip(states(group, name), expected, strict=True):
                said = f"{place} {name}"
                np.testing.assert_allclose(found, value, rtol=0, atol=atol, err_msg=said)


def slices(count: int = SAMPLES) -> list[slice]:
    return [slice(k, k + BATCH) for k in range(0, count, BATCH)]


def test_fit_runs_train_then_validation_then_train_through_one_state(observed: Any) -> None:
    pair = observed(STATEFUL)
    x, y = STATEFUL.data(SAMPLES)
    steps = []
    for epoch in range(2):
        for k, part in enumerate(slices()):
            train = lambda part=part: pair.plain.train_on_batch(x[part], y[part])  # noqa: E731
            steps.append(pair.step(("train", epoch, k), train))
        for k, part in enumerate(slices(2 * BATCH)):
            test = lambda part=part: pair.plain.test_on_batch(x[part], y[part])  # noqa: E731
            steps.append(pair.step(("test", epoch, k), test))

    pair.model.fit(
        x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0,
        validation_data=(x[: 2 * BATCH], y[: 2 * BATCH]), validation_batch_size=BATCH,
        callbacks=pair.marker(fitting=True),
    )  # fmt: skip
    assert_told(pair.calls(), steps)


@pytest.mark.parametrize("case", [STATEFUL, SEVERAL], ids=["one batch", "two batches an execution"])
def test_predict_and_evaluate_carry_from_batch_to_batch(observed: Any, case: Case) -> None:
    pair = observed(case)
    x, y = case.data(2 * SAMPLES)
    parts = slices(2 * SAMPLES)
    eager = [
        pair.step((phase, -1, k), lambda part=part: pair.plain(x[part]))
        for phase in ("predict", "test")
        for k, part in enumerate(parts)
    ]
    pair.model.predict(x, batch_size=BATCH, verbose=0, callbacks=pair.marker())
    pair.model.evaluate(x, y, batch_size=BATCH, verbose=0, callbacks=pair.marker())
    assert_told(pair.calls(), eager)


def test_several_batches_an_execution_are_told_apart_in_fit(observed: Any) -> None:
    pair = observed(SEVERAL)
    x, y = SEVERAL.data(SAMPLES)
    train = pair.plain.train_on_batch
    steps = [
        pair.step(("train", epoch, k), lambda part=part: train(x[part], y[part]))
        for epoch in range(2)
        for k, part in enumerate(slices())
    ]
    pair.model.fit(
        x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0,
        callbacks=pair.marker(fitting=True),
    )  # fmt: skip
    assert_told(pair.calls(), steps)


def test_under_xla_every_batch_is_recorded(observed: Any) -> None:
    pair = observed(COMPILED)
    x, y = COMPILED.data(SAMPLES)
    steps = [
        pair.step(("train", 0, k), lambda part=part: pair.plain.train_on_batch(x[part], y[part]))
        for k, part in enumerate(slices())
    ]
    steps += [
        pair.step(("predict", -1, k), lambda part=part: pair.plain.predict_on_batch(x[part]))
        for k, part in enumerate(slices())
    ]
    pair.model.fit(
        x, y, batch_size=BATCH, shuffle=False, verbose=0, callbacks=pair.marker(fitting=True)
    )
    pair.model.predict(x, batch_size=BATCH, verbose=0, callbacks=pair.marker())
    assert_told(pair.calls(), steps, atol=1e-6)


def test_under_xla_with_several_batches_an_execution_the_rest_is_counted(observed: Any) -> None:
    pair = observed(SEVERAL_COMPILED)
    x, _ = SEVERAL_COMPILED.data(2 * SAMPLES)
    eager = [
        pair.step(("predict", -1, k), lambda part=part: pair.plain(x[part]))
        for k, part in enumerate(slices(2 * SAMPLES))
    ]
    pair.model.predict(x, batch_size=BATCH, verbose=0, callbacks=pair.marker())
    calls, lost = pair.recorder.take()

    assert lost > 0
    assert len(calls) + lost == len(eager), "a call is recorded or counted, never forgotten"
    by_place = {step[0]: step for step in eager}
    for call in calls:
        assert_told([[call]], [by_place[call.phase, call.epoch, call.batch]], atol=1e-6)
    recorded = {call.batch for call in calls}
    for call in calls:
        words = call.states["h"].origin.words
        unseen = call.batch > 0 and call.batch - 1 not in recorded
        assert (words == "carried from a call that was not recorded") == unseen, call


def test_several_batches_an_execution_are_told_apart_in_eager_mode(observed: Any) -> None:
    pair = observed(SEVERAL_EAGER)
    x, _ = SEVERAL_EAGER.data(2 * SAMPLES)
    eager = [
        pair.step(("predict", -1, k), lambda part=part: pair.plain(x[part]))
        for k, part in enumerate(slices(2 * SAMPLES))
    ]
    pair.model.predict(x, batch_size=BATCH, verbose=0, callbacks=pair.marker())
    assert_told(pair.calls(), eager)


def test_on_batch_methods_and_call_are_recorded_where_they_ran(observed: Any) -> None:
    pair = observed(SMALL)
    x, y = SMALL.data(BATCH)
    eager = []
    for phase, method in (("train", "train_on_batch"), ("test", "test_on_batch")):
        act = getattr(pair.plain, method)
        eager.append(pair.step((phase, -1, 0), lambda act=act: act(x, y)))
        pair.recorder.batch(phase, -1, 0)
        getattr(pair.model, method)(x, y)
    for act, other in (
        (pair.plain.predict_on_batch, pair.model.predict_on_batch),
        (pair.plain, pair.model),
    ):
        eager.append(pair.step(("predict", -1, 0), lambda act=act: act(x)))
        pair.recorder.batch("predict", -1, 0)
        other(x)
    assert_told(pair.calls(), eager)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_stateless_layer_ends_with_what_return_state_returns(
    engine: Any, kind: str, backwards: bool
) -> None:
    keras = engine.keras
    engine.seed(4)
    x = np.random.default_rng(2).normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")
    layer = getattr(keras.layers, kind)(UNITS, go_backwards=backwards)
    model = keras.Sequential([keras.Input(batch_shape=(None, *x.shape[1:])), layer])
    copy = getattr(keras.layers, kind)(UNITS, go_backwards=backwards, return_state=True)
    copy.build(x.shape)
    copy.set_weights(layer.get_weights())
    _, *expected = copy(x)

    recorder = Recorder.attach(engine, model, Origins())
    model(x)
    model.predict_on_batch(x)
    calls, _ = recorder.take()
    recorder.detach()

    assert len(calls) == 2
    for call in calls:
        assert call.timesteps == TIMESTEPS
        assert call.mask is None
        assert not any(np.any(state.initial) for state in call.states.values())
        for state, value in zip(call.states.values(), expected, strict=True):
            np.testing.assert_array_equal(state.final, value)


def test_a_mask_is_recorded_as_the_layer_was_given_it(engine: Any) -> None:
    keras = engine.keras
    case = Case("masked", lambda K: [K.Masking(), K.LSTM(UNITS, **ON)], masked=True)
    model = keras.Sequential(
        [keras.Input(batch_shape=(2 * BATCH, *case.shape)), *case.layers(keras.layers)]
    )
    x, _ = case.data()
    recorder = Recorder.attach(engine, model, Origins())
    model.predict_on_batch(x)
    model(x)
    calls, _ = recorder.take()
    recorder.detach()
    for call in calls:
        np.testing.assert_array_equal(call.mask, np.any(x != 0, axis=-1))
        for state in call.states.values():
            np.testing.assert_array_equal(state.final[2], state.initial[2], "all of it is masked")


def test_the_uses_of_a_shared_layer_are_told_apart_and_follow_each_other(engine: Any) -> None:
    keras = engine.keras
    engine.seed(1)
    shared = keras.layers.SimpleRNN(UNITS, **ON)
    inputs = [keras.Input(batch_shape=(BATCH, TIMESTEPS, FEATURES)) for _ in range(3)]
    model = keras.Model(inputs, [shared(each) for each in inputs])
    data = [
        np.random.default_rng(k).normal(size=(BATCH, TIMESTEPS, FEATURES)).astype("float32")
        for k in range(3)
    ]
    recorder = Recorder.attach(engine, model, Origins())
    outputs = model.predict_on_batch(data)
    calls, _ = recorder.take()
    recorder.detach()

    assert [call.use for call in calls] == [0, 1, 2]
    assert not np.any(calls[0].states["h"].initial)
    for earlier, later in pairwise(calls):
        np.testing.assert_array_equal(later.states["h"].initial, earlier.states["h"].final)
    np.testing.assert_array_equal(calls[-1].states["h"].final, held(model)[0])
    finals = sorted(call.states["h"].final.tolist() for call in calls)
    assert finals == sorted(np.asarray(output).tolist() for output in outputs)


def test_time_distributed_calls_the_layer_once_for_each_outer_timestep(engine: Any) -> None:
    import tensorflow as tf

    keras = engine.keras
    engine.seed(1)
    inner = keras.layers.SimpleRNN(UNITS, **ON)
    shape = (BATCH, 4, TIMESTEPS, FEATURES)
    model = keras.Sequential([keras.Input(batch_shape=shape), keras.layers.TimeDistributed(inner)])
    x = np.random.default_rng(3).normal(size=shape).astype("float32")
    copy = keras.layers.SimpleRNN(UNITS)
    copy.build(x[:, 0].shape)
    copy.set_weights(inner.get_weights())
    recorder = Recorder.attach(engine, model, Origins())
    model.predict_on_batch(x)
    calls, _ = recorder.take()
    after = held(model)[0]
    recorder.detach()

    # tf_keras really calls the layer on slice 0 twice (2.16 to 2.21)
    order = [0, 1, 2, 3] if engine.name == "keras3" else [0, 0, 1, 2, 3]
    state, expected = np.zeros((BATCH, UNITS), "float32"), []
    for k in order:
        following = np.asarray(copy(x[:, k], initial_state=[tf.constant(state)]))
        expected.append((state, following))
        state = following
    found = [(call.states["h"].initial, call.states["h"].final) for call in calls]
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(after, state, rtol=0, atol=1e-6)


def test_recorded_arrays_cannot_be_written_to(observed: Any) -> None:
    pair = observed(SMALL)
    pair.model(SMALL.data(BATCH)[0])
    calls, _ = pair.recorder.take()
    recorded = [*states(calls, "initial"), *states(calls, "final")]
    for array in (*recorded, *pair.recorder.held().values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_a_partial_batch_is_recorded_with_its_own_size(engine: Any) -> None:
    case = Case("stateless", lambda K: [K.SimpleRNN(UNITS)])
    keras = engine.keras
    model = keras.Sequential(
        [keras.Input(batch_shape=(None, *case.shape)), *case.layers(keras.layers)]
    )
    recorder = Recorder.attach(engine, model, Origins())
    marker = batch_marker(engine, recorder, fitting=False)
    model.predict(case.data(5)[0], batch_size=2, verbose=0, callbacks=[marker])
    calls, _ = recorder.take()
    recorder.detach()
    assert [call.states["h"].final.shape for call in calls] == [(2, UNITS), (2, UNITS), (1, UNITS)]
    assert [call.where for call in calls] == ["batch 1", "batch 2", "batch 3"]
