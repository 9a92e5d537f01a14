"""Does a recorder move a bit? Every layer kind with every activation, recorded and not.

    python -m benchmarks.neutral [--share 1] [--seed 0] [--engine keras3] [--kind LSTM] …

A case is a layer kind with an activation, a recurrent activation, a dtype policy, a number of
timesteps and an operation, on an engine; every other one is stateful. Each runs twice plain, then
with its states recorded, then with its gates too; outputs, losses, weights and held states are
compared bit for bit. All of the matrix takes days; `--share 0.01` draws a hundredth of it. Cases of
one engine and operation stand side by side in one model, each a branch of its own.

What moved is printed case by case, then how many ran, did not repeat without a recorder, and moved.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.neutral_matrix import ACTIVATIONS, DTYPES, KINDS, OPERATIONS, Case, matrix
from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.layers.find import find_recurrent
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import UNASKED, Plan
from lstm_state_probe.recording.recorder import Recorder

BATCH, SIDE_BY_SIDE = 4, 12
PLANS = {
    "states": Plan(witness=UNASKED),
    "states and gates": Plan(gates=True, witness=UNASKED),
}


@dataclass(frozen=True)
class Found:
    """How many cases ran; those that do not repeat plain, and what moved with which plan."""

    ran: int
    unsteady: Sequence[Case]
    moved: Mapping[str, Sequence[Case]]
    without_gates: Sequence[Case] = ()
    refused: Sequence[Case] = ()

    def __add__(self, other: Found) -> Found:
        moved = {plan: [*self.moved.get(plan, ()), *other.moved.get(plan, ())] for plan in PLANS}
        return Found(
            self.ran + other.ran,
            [*self.unsteady, *other.unsteady],
            moved,
            [*self.without_gates, *other.without_gates],
            [*self.refused, *other.refused],
        )


def run(engine: Engine, cases: Sequence[Case], *, compiled: bool = False) -> Found:
    """Run cases of one engine and one operation side by side, plain and recorded."""
    try:
        bench = Bench(engine, cases, compiled=compiled)
        plain, again = bench.run(), bench.run()
    except Exception as error:  # noqa: BLE001 - whatever Keras raises, such as for sparsemax in float16
        if len(cases) == 1:
            print("Keras refuses", cases[0], type(error).__name__, flush=True)
            return Found(0, (), {}, refused=cases)
        half = len(cases) // 2
        parts = (cases[:half], cases[half:])
        return sum((run(engine, part, compiled=compiled) for part in parts), Found(0, (), {}))
    unsteady = [case for case, a, b in zip(cases, plain, again, strict=True) if a != b]
    moved: dict[str, list[Case]] = {}
    lacking: set[str] = set()
    for name, plan in PLANS.items():
        recorder = Recorder.attach(engine, bench.model, Origins(), plan=plan)
        recorded = bench.run()
        calls, _ = recorder.take()
        recorder.detach()
        if {call.layer for call in calls} != {part.address for part in recorder.layers}:
            raise RuntimeError("a layer was not recorded")
        moved[name] = [case for case, a, b in zip(cases, plain, recorded, strict=True) if a != b]
        if plan.gates:
            lacking = {call.layer.split("/")[0] for call in calls if not call.gates}
    without = [case for k, case in enumerate(cases) if f"branch{k}" in lacking]
    return Found(len(cases), unsteady, moved, without)


class Bench:
    """A model with a branch for each case, its data, and the weights that it begins with."""

    def __init__(self, engine: Engine, cases: Sequence[Case], *, compiled: bool) -> None:
        import tensorflow as tf

        self.engine, self.operation = engine, cases[0].operation
        keras = engine.keras
        keras.backend.clear_session()
        keras.utils.set_random_seed(3)
        inputs = {shape: keras.Input(batch_shape=(BATCH, *shape)) for shape in _shapes(cases)}
        self.layers = [case.layer(engine, f"branch{k}") for k, case in enumerate(cases)]
        outputs = [layer(inputs[c.shape]) for c, layer in zip(cases, self.layers, strict=True)]
        self.model = keras.Model(list(inputs.values()), outputs)
        self.model.compile("sgd", "mse", jit_compile=compiled)
        engine.build_optimizer(self.model)
        rng = np.random.default_rng(0)
        self.x = [rng.normal(size=(BATCH, *shape)).astype("float32") for shape in inputs]
        self.y = [rng.normal(size=tuple(each.shape)).astype("float32") for each in outputs]
        self.begin = self.model.get_weights()
        self.flat = tf.nest.flatten
        self.parts = find_recurrent(self.model)

    def run(self) -> list[list[bytes]]:
        """Do the operation from the beginning; give the bits of each branch."""
        self.model.set_weights(self.begin)
        for part in self.parts:
            held = self.engine.held(part.layer)
            if held:
                self.engine.assign(part.layer, {k: 0 * a for k, a in enumerate(held)})
        results = [self.once(), self.once()]
        bits = [[array.tobytes() for array in layer.get_weights()] for layer in self.layers]
        for result in results:
            arrays = [np.asarray(each) for each in self.flat(result)]
            for number, branch in enumerate(bits):  # the losses are those of all
                own = arrays if self.operation == "train" else [arrays[number]]
                branch += [array.tobytes() for array in own]
        for part in self.parts:
            number = int(part.address.split("/")[0].removeprefix("branch"))
            bits[number] += [array.tobytes() for array in self.engine.held(part.layer)]
        return bits

    def once(self) -> Any:
        """Do the operation."""
        if self.operation == "predict":
            return self.model.predict_on_batch(self.x)
        if self.operation == "call":
            return self.model(self.x)
        return self.model.train_on_batch(self.x, self.y)


def _shapes(cases: Sequence[Case]) -> list[tuple[int, ...]]:
    return list(dict.fromkeys(case.shape for case in cases))


def _blocks(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    """Cut the cases into those that stand side by side: of one operation."""
    for _, group in itertools.groupby(cases, key=lambda case: case.operation):
        same = list(group)
        for start in range(0, len(same), SIDE_BY_SIDE):
            yield same[start : start + SIDE_BY_SIDE]


def main() -> None:
    """Run the matrix, or a part of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--compiled", action="store_true", help="with jit_compile=True")
    parser.add_argument("--engine", choices=list(ACTIVATIONS), nargs="+", default=list(ACTIVATIONS))
    parser.add_argument("--operation", choices=OPERATIONS, nargs="+", default=OPERATIONS)
    parser.add_argument("--kind", choices=list(KINDS), nargs="+", default=list(KINDS))
    parser.add_argument("--dtype", choices=DTYPES, nargs="+", default=DTYPES)
    options = parser.parse_args()
    ends = time.monotonic() + options.seconds
    for name in options.engine:
        cases = [
            case
            for case in matrix(name)
            if case.operation in options.operation
            and case.kind in options.kind
            and case.dtype in options.dtype
        ]
        draw = random.Random(options.seed)
        chosen = draw.sample(cases, max(1, round(options.share * len(cases))))
        tell(load_engine(name), sorted(chosen, key=lambda case: case.operation), options, ends)


def tell(engine: Engine, cases: Sequence[Case], options: argparse.Namespace, ends: float) -> None:
    """Run cases and print what was found."""
    ran, unsteady, refused = 0, 0, 0
    moved = dict.fromkeys(PLANS, 0)
    blocks = list(_blocks(cases))
    random.Random(options.seed).shuffle(blocks)
    for block in blocks:
        if time.monotonic() > ends:
            break
        found = run(engine, block, compiled=options.compiled)
        ran += found.ran
        refused += len(found.refused)
        unsteady += len(found.unsteady)
        for plan, those in found.moved.items():
            moved[plan] += len(those)
            for case in those:
                print(plan, "moved", case, flush=True)
        for case in (*found.unsteady, *(c for c in found.without_gates if c.kind != "SimpleRNN")):
            print("does not repeat, or has no gates:", case, flush=True)
        print(
            f"{engine.name}: {ran} of {len(cases)} ran, {refused} refused by Keras, "
            f"{unsteady} do not repeat, moved: {moved}",
            flush=True,
        )


if __name__ == "__main__":
    main()
