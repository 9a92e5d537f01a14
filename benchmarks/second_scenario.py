"""A further scenario in a process that runs already, against the same Keras calls made bare.

    python benchmarks/second_scenario.py [--pairs 7]

Both sides build the model of `scenarios/stateful_lstm.yaml`, train a batch, reset, predict; the
probe also reads the file, records, judges and renders the tables at 80 columns. They alternate in
one process, and the median of the pairs' ratios is told.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from rich.console import Console

from lstm_state_probe.engines import load_engine
from lstm_state_probe.host.process import lean_imports
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.terminal.tables import Tables
from lstm_state_probe.runner import run_scenario
from lstm_state_probe.suite.run import select

SCENARIO = Path(__file__).parent.parent / "scenarios" / "stateful_lstm.yaml"


def bare() -> None:
    """Do by hand what the scenario says."""
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    x = rng.normal(size=(2, 10, 4)).astype("float32")
    y = rng.integers(0, 2, (2, 1)).astype("int32")
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(2, 10, 4)),
            layers.LSTM(4, stateful=True, activation="relu", name="lstm"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy")
    lstm = model.get_layer("lstm")
    shown = [state.numpy() for state in lstm.states]
    model.train_on_batch(x, y)
    shown += [state.numpy() for state in lstm.states]
    lstm.reset_states()
    shown += [state.numpy() for state in lstm.states]
    model.predict(x, verbose=0)
    shown += [state.numpy() for state in lstm.states]
    print(*shown, file=io.StringIO())


def probed() -> None:
    """Read, run, judge and render the scenario."""
    (scenario,) = select([str(SCENARIO)]).scenarios
    report = run_scenario(scenario, load_engine("keras3"))
    Tables(Console(file=io.StringIO(), width=80), ShowOptions()).scenario(report)


def seconds(act: Callable[[], None]) -> float:
    """Return the wall time of one call in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def main() -> None:
    """Alternate the two and print the median of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    with lean_imports():  # as the command does
        probed(), bare()
    taken = [(seconds(probed), seconds(bare)) for _ in range(pairs)]
    ratio = statistics.median(a / b for a, b in taken)
    ours, theirs = (statistics.median(column) for column in zip(*taken, strict=True))
    print(
        f"a further scenario / the same calls bare: ratio {ratio:.2f} (goal 0.80),"
        f" {ours:.2f} s against {theirs:.2f} s"
    )


if __name__ == "__main__":
    main()
