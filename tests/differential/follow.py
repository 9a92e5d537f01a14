"""Follows the operations of a scenario with the oracle: which batches, what happens between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.engines import Engine
from lstm_state_probe.layers.find import find_recurrent
from lstm_state_probe.model import build_model
from lstm_state_probe.model.arrays import draw_arrays
from lstm_state_probe.scenario.read import ScenarioFile

from .loop import Loop
from .oracle import Oracle, Told

Batch = Mapping[str, Any]


@dataclass(frozen=True)
class Followed:
    """One operation: the calls that it must have made, and its result, None if not compared."""

    told: tuple[Told, ...]
    result: Any = None
    comparable: bool = True


class Follower:
    """Knows the scenario as it is written, its arrays, and the oracle."""

    def __init__(self, scenario: ScenarioFile, written: Mapping[str, Any], engine: Engine) -> None:
        self.written, self.engine = written, engine
        self.arrays = draw_arrays(scenario)
        engine.seed(written["seed"])
        model = build_model(scenario, engine).keras
        model.compile(engine.keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        self.oracle = Oracle(model, engine.name)
        self.parts = {part.address: part for part in find_recurrent(model)}

    def follow(self) -> Iterator[Followed]:
        for operation in self.written["operations"]:
            is_bare = isinstance(operation, str)
            name, given = (operation, {}) if is_bare else next(iter(operation.items()))
            self.oracle.told, before = [], self.oracle.comparable
            result = _OPERATIONS[name](self, given)
            trained = name in ("fit", "train_on_batch")
            known = before if trained else self.oracle.comparable  # a loss precedes the update
            drops = trained and not self.oracle.comparable
            yield Followed(tuple(self.oracle.told), result, known and not drops)

    def inputs(self, x: Any) -> dict[str, Any]:
        names = x if isinstance(x, dict) else {"x": x}
        return {name: self.arrays[array] for name, array in names.items()}

    def batches(self, given: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any], Any]]:
        inputs, y = self.inputs(given["x"]), self.arrays.get(given.get("y", ""))
        samples = len(next(iter(inputs.values())))
        size = given.get("batch_size", samples)
        for k, at in enumerate(range(0, samples, size)):
            rows = slice(at, at + size)
            batch = {name: array[rows] for name, array in inputs.items()}
            yield k, batch, None if y is None else y[rows]

    def forward(self, inputs: Batch, *place: Any, training: bool = False) -> Any:
        self.oracle.place, self.oracle.training = place, training  # type: ignore[assignment]
        return self.oracle.forward(self.written["model"]["layers"], inputs)

    def infer(self, given: Mapping[str, Any], phase: str = "predict") -> Any:
        found = [self.forward(x, phase, -1, k) for k, x, _ in self.batches(given)]
        return np.concatenate(found) if phase == "predict" else None

    def call(self, given: Mapping[str, Any]) -> Any:
        training = bool(given.get("training"))
        return self.forward(self.inputs(given["x"]), "predict", -1, 0, training=training)

    def train(self, given: Mapping[str, Any]) -> Any:
        ((_, x, y),) = self.batches(given)
        return self.update(x, y, -1, 0)

    def update(self, x: Batch, y: Any, epoch: int, batch: int) -> Any:
        """Note the calls of a training step, and have Keras do it from the same states."""
        held = {loop.address: loop.held for loop in self.oracle.loops.values()}
        self.forward(x, "train", epoch, batch, training=True)
        for address, part in self.parts.items():
            if part.stateful:
                values = held.get(address) or [
                    np.zeros_like(v) for v in self.engine.held(part.layer)
                ]
                self.engine.assign(part.layer, dict(enumerate(values)))
        chain = "inputs" not in self.written["model"]
        return self.oracle.model.train_on_batch(next(iter(x.values())) if chain else dict(x), y)

    def fit(self, given: Mapping[str, Any]) -> None:
        validation = given.get("validation_data")
        for epoch in range(given["epochs"]):
            for k, x, y in self.batches(given):
                self.update(x, y, epoch, k)
            for k, x, _ in self.batches(given | {"x": validation[0]}) if validation else ():
                self.forward(x, "test", epoch, k)

    def reset(self, given: Mapping[str, Any]) -> None:
        """Keras's own: a model of tf_keras does not reach into TimeDistributed (seen in 2.21)."""
        for address, loop in self.oracle.loops.items():
            inside = type(self.parts[address].top).__name__ == "TimeDistributed"
            if loop.layer.stateful and not (inside and self.engine.name == "tf_keras"):
                self.hold(
                    address, dict.fromkeys(loop.names, "reset"), dict.fromkeys(loop.names, 0.0)
                )

    def hold(self, address: str, origins: Mapping[str, str], values: Mapping[str, float]) -> None:
        loop = self.oracle.loops[address]
        assert loop.held is not None
        for k, name in enumerate(loop.names):
            if name in values:
                loop.held[k] = np.full_like(loop.held[k], values[name])
                loop.origins[k] = origins[name]

    def set(self, given: Mapping[str, Any]) -> None:
        for selector, value in given.items():
            address = max((a for a in self.parts if selector.startswith(f"{a}/")), key=len)
            name = selector[len(address) + 1 :]
            self.hold(address, {name: "set"}, {name: 0.0 if value == "zeros" else value})

    def reload(self, given: Mapping[str, Any]) -> None:
        """A loaded model has new layers, which hold zeros."""
        for address, loop in self.oracle.loops.items():
            if loop.held is not None:
                self.hold(
                    address, dict.fromkeys(loop.names, "zeros"), dict.fromkeys(loop.names, 0.0)
                )

    def begin(self) -> None:
        """Let every stateful layer hold zeros as it was built with, before the first call."""
        for address, part in self.parts.items():
            loop = Loop(part.layer, address, self.engine.name)
            self.oracle.loops[address] = loop
            if part.stateful:
                loop.held = [np.zeros(v.shape) for v in self.engine.held(part.layer)]
                loop.origins = ["zeros"] * len(loop.held)


_OPERATIONS: dict[str, Callable[[Follower, Mapping[str, Any]], Any]] = {
    "call": Follower.call,
    "predict": Follower.infer,
    "predict_on_batch": Follower.infer,
    "evaluate": lambda follower, given: follower.infer(given, "test"),
    "test_on_batch": lambda follower, given: follower.infer(given, "test"),
    "train_on_batch": Follower.train,
    "fit": Follower.fit,
    "reset_states": Follower.reset,
    "set_states": Follower.set,
    "reload": Follower.reload,
}
