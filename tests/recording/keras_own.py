"""Runs Keras's own recurrent tests twice, as they are and under the recorder.

All of them: `python tests/recording/keras_own.py`, which takes some minutes. Every eager call
of a recurrent layer and everything that a model returns is noted in both runs, to be compared bit
by bit.
"""

from __future__ import annotations

import functools
import os
import sys
import unittest
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from lstm_state_probe.api.methods import PHASES
from lstm_state_probe.api.record import record
from lstm_state_probe.layers.find import find_recurrent
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder, recorder_of

FOLDER = "src.layers.rnn"
PLAN = Plan(timesteps="all", gates=True)


def shipped_by(engine: Any) -> list[unittest.TestCase]:
    """List the recurrent tests that the installed package ships; a wheel may have none."""
    folder = Path(engine.keras.__file__).parent.joinpath(*FOLDER.split("."))
    modules = [f"{engine.package}.{FOLDER}.{f.stem}" for f in sorted(folder.glob("*_test.py"))]
    load = unittest.defaultTestLoader.loadTestsFromModule
    return [test for name in modules for suite in load(import_module(name)) for test in suite]


@dataclass
class Notes:
    """What one run of a test came to: how it ended, what was returned, what was recorded."""

    ended: list[str] = field(default_factory=list)
    returned: list[Any] = field(default_factory=list)
    recorded: int = 0
    disagreeing: list[str] = field(default_factory=list)


class Watching:
    """Puts a recorder on every recurrent layer as it is called, and `record` around methods."""

    def __init__(self, engine: Any, notes: Notes, *, attach: bool) -> None:
        self.engine, self.notes, self.attach = engine, notes, attach
        self.recorders: list[Recorder] = []

    def watch(self, layer: Any) -> None:
        bare = [part for part in find_recurrent(layer) if recorder_of(part.layer) is None]
        if self.attach and bare:
            recorder = Recorder.attach(self.engine, layer, Origins(), plan=PLAN, fresh=False)
            recorder.origins.found(recorder.held())
            self.recorders.append(recorder)

    def called(self, original: Any) -> Any:
        @functools.wraps(original)
        def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
            self.watch(layer)
            value = original(layer, *args, **kwargs)
            self.note(value)
            return value

        return call

    def method(self, original: Any) -> Any:
        @functools.wraps(original)
        def method(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.attach and find_recurrent(model) and "call" not in vars(model):
                self.release()
                with record(model, gates=True, verify=True) as recording:
                    value = getattr(model, original.__name__)(*args, **kwargs)
                self.take(call for done in recording.operations for call in done.calls)
                return value  # noted by this very method, which `record` has called
            value = original(model, *args, **kwargs)
            self.note(getattr(value, "history", value))
            self.note([variable.value for variable in model.variables])
            return value

        return method

    def note(self, value: Any) -> None:
        for each in self.engine.keras.tree.flatten(value):
            value = each.numpy() if hasattr(each, "numpy") else each
            symbolic = hasattr(value, "shape") and not hasattr(value, "tobytes")
            spec = (tuple(value.shape), str(value.dtype)) if symbolic else np.array(value)
            self.notes.returned.append(spec)

    def release(self) -> None:
        while self.recorders:
            recorder = self.recorders.pop()
            self.take(recorder.take()[0])
            recorder.detach()

    def take(self, calls: Any) -> None:
        for call in calls:
            self.notes.recorded += 1
            if call.verified is not None and call.verified.agrees is False:
                self.notes.disagreeing.append(f"{call.layer}: {call.verified.why}")


@contextmanager
def watching(engine: Any, notes: Notes, *, attach: bool) -> Iterator[None]:
    """Wrap the classes of Keras for as long as one test runs."""
    layers, watch = engine.keras.layers, Watching(engine, notes, attach=attach)
    owners = (layers.RNN, layers.Bidirectional, layers.TimeDistributed)
    wrapped = [(owner, "__call__", watch.called(owner.__call__)) for owner in owners]
    model = engine.keras.Model
    wrapped += [(model, name, watch.method(getattr(model, name))) for name in PHASES]
    before = [(owner, name, vars(owner).get(name)) for owner, name, _ in wrapped]
    for owner, name, function in wrapped:
        setattr(owner, name, function)
    try:
        yield
    finally:
        watch.release()
        for owner, name, function in before:
            setattr(owner, name, function) if function else delattr(owner, name)


def run(test: unittest.TestCase, engine: Any, *, attach: bool) -> Notes:
    notes, result = Notes(), unittest.TestResult()
    engine.seed(3)
    with watching(engine, notes, attach=attach):
        type(test)(test._testMethodName).run(result)
    ended = [*result.failures, *result.errors, *result.skipped]
    notes.ended = [why.strip().splitlines()[-1] for _, why in ended]
    return notes


@dataclass
class Sum:
    """What came of several tests."""

    tests: int = 0
    skipped: int = 0
    returned: int = 0
    recorded: int = 0
    faults: list[str] = field(default_factory=list)


def run_all(tests: Sequence[unittest.TestCase], engine: Any) -> Sum:
    """Run each test plain and recorded, and compare."""
    total = Sum()
    for test in tests:
        plain = run(test, engine, attach=False)
        if plain.ended:  # it fails or is skipped without a recorder
            total.skipped += 1
            continue
        observed = run(test, engine, attach=True)
        total.tests += 1
        total.returned += len(plain.returned)
        total.recorded += observed.recorded
        total.faults += [f"{test.id()}: {fault}" for fault in _faults(plain, observed)]
    return total


def _faults(plain: Notes, observed: Notes) -> Iterator[str]:
    yield from observed.ended
    yield from observed.disagreeing
    if len(plain.returned) != len(observed.returned):
        yield f"{len(observed.returned)} results, not {len(plain.returned)}"
    for k, (left, right) in enumerate(zip(plain.returned, observed.returned, strict=False)):
        if not _same(left, right):
            yield f"result {k} is not the same bits"


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, tuple) or isinstance(right, tuple):
        return type(left) is type(right) and bool(left == right)
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and left.tobytes() == right.tobytes()
    )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from lstm_state_probe.engines import load_engine

    keras = load_engine("keras3")
    done = run_all(shipped_by(keras), keras)
    print(f"{done.tests} tests, {done.skipped} skipped by Keras, {done.returned} results compared,")
    print(f"{done.recorded} calls recorded; {len(done.faults)} faults", *done.faults, sep="\n")
    sys.exit(bool(done.faults))
