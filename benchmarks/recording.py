"""What recording costs: an operation with the recorder against the same operation plain.

    python benchmarks/recording.py [--rounds 15] [--size 32 200 32 128]

At (batch, timesteps, features, units), `train_on_batch` and `predict_on_batch` of one layer and a
Dense layer, on each engine that is installed. In each round the plain operation and the recorded
ones run one after the other in one process; the median of the rounds' ratios is told. Recorded
means delivered: the arrays of every timestep are in NumPy when the clock stops.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.errors import EngineMissing
from lstm_state_probe.host.process import lean_imports
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import ENDS, Plan
from lstm_state_probe.recording.recorder import Recorder

PLANS = {"final": ENDS, "states": Plan(), "states and gates": Plan(gates=True)}
KINDS = ("LSTM", "GRU", "SimpleRNN")


def build(engine: Engine, kind: str, size: list[int]) -> Any:
    """Build and compile one recurrent layer and a Dense layer."""
    batch, timesteps, features, units = size
    keras = engine.keras
    keras.utils.set_random_seed(0)
    layers = [getattr(keras.layers, kind)(units), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(batch, timesteps, features)), *layers])
    model.compile("adam", "mse")
    engine.build_optimizer(model)
    return model


def operations(
    engine: Engine, kind: str, size: list[int], name: str
) -> dict[str, Callable[[], Any]]:
    """Make the plain operation and the recorded ones, each with a model of its own."""
    batch, timesteps, features, _ = size
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, timesteps, features)).astype("float32")
    y = rng.normal(size=(batch, 1)).astype("float32")

    def acting(model: Any) -> Callable[[], Any]:
        if name == "train":
            return lambda: model.train_on_batch(x, y)
        return lambda: model.predict_on_batch(x)

    def recording(plan: Plan) -> Callable[[], Any]:
        model = build(engine, kind, size)
        recorder = Recorder.attach(engine, model, Origins(), plan=plan)
        act = acting(model)

        def run() -> Any:
            act()
            return recorder.take()

        return run

    return {"plain": acting(build(engine, kind, size))} | {
        k: recording(p) for k, p in PLANS.items()
    }


def seconds(act: Callable[[], Any]) -> float:
    """Return the wall time of one call in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def measure(engine: Engine, kind: str, size: list[int], name: str, rounds: int) -> None:
    """Print the ratios of one layer and operation."""
    acts = operations(engine, kind, size, name)
    first = {key: seconds(act) for key, act in acts.items()}
    taken = [{key: seconds(act) for key, act in acts.items()} for _ in range(rounds)]
    plain = statistics.median(row["plain"] for row in taken)
    ratios = "  ".join(
        f"{key} {statistics.median(row[key] / row['plain'] for row in taken):.2f}" for key in PLANS
    )
    traced = first["states and gates"] / first["plain"]
    print(
        f"{engine.name:9}{kind:10}{name:8}plain {plain * 1e3:6.1f} ms  {ratios}"
        f"  first call with gates {traced:.2f}",
        flush=True,
    )


def main() -> None:
    """Measure every layer and operation on every engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, nargs=4, default=[32, 200, 32, 128])
    parser.add_argument("--kinds", nargs="+", default=KINDS)
    options = parser.parse_args()
    for name in ("keras3", "tf_keras"):
        try:
            with lean_imports():
                engine = load_engine(name)
        except EngineMissing as missing:
            print(missing)
            continue
        for kind in options.kinds:
            for operation in ("train", "predict"):
                measure(engine, kind, options.size, operation, options.rounds)


if __name__ == "__main__":
    main()
