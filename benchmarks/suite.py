"""Many scenarios: in one process, in two, over time, and read alone.

    python benchmarks/suite.py [bare] [jobs] [memory] [validate]

bare      50 small scenarios against the same Keras calls made bare, alternating in one process
jobs      `probe run --jobs 2` against `--jobs 1` for the 50, whole processes, in pairs
memory    the memory of one process, every 50 of 300 scenarios
validate  `probe validate` for 2,500, 5,000 and 10,000 files
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCENARIO = """name: scenario {number}
seed: {number}
model:
  batch_shape: [2, 10, 4]
  layers:
    - LSTM: {{name: lstm, units: {units}, stateful: true}}
    - Dense: {{units: 1}}
  compile: {{optimizer: adam, loss: mse}}
data: {{x: {{normal: {{shape: [2, 10, 4]}}}}, y: {{zeros: {{shape: [2, 1]}}}}}}
operations:
  - train_on_batch: {{x: x, y: y}}
    expect: {{lstm/h: changed, lstm/h@initial: zeros}}
  - reset_states
  - predict: {{x: x}}
    expect: {{lstm/h@initial: {{origin: reset}}, lstm/c: nonzero}}
"""
ROOT = Path(__file__).parent.parent


def write(folder: Path, count: int) -> Path:
    """Write so many scenarios, of five sizes."""
    for number in range(count):
        text = SCENARIO.format(number=number, units=units(number))
        (folder / f"s{number:05}.yaml").write_text(text)
    return folder


def units(number: int) -> int:
    """Return the size of a scenario's layer."""
    return 4 + number % 5


def seconds(act: Callable[[], Any]) -> float:
    """Return the wall time of a call in seconds."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def probe(*words: str) -> float:
    """Run the command line; return its wall time."""
    command = [sys.executable, "-m", "lstm_state_probe", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return seconds(
        lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    )


def bare_scenario(number: int) -> None:
    """Do by hand what a scenario says."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(number)
    x = np.random.default_rng(number).normal(size=(2, 10, 4)).astype("float32")
    y = np.zeros((2, 1), "float32")
    lstm = keras.layers.LSTM(units(number), stateful=True)
    layers = [keras.Input(batch_shape=(2, 10, 4)), lstm, keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="adam", loss="mse")
    shown = [state.numpy() for state in lstm.states]
    model.train_on_batch(x, y)
    shown += [state.numpy() for state in lstm.states]
    lstm.reset_states()
    model.predict(x, verbose=0)
    shown += [state.numpy() for state in lstm.states]
    print(*shown, file=io.StringIO())


def against_bare(folder: Path) -> None:
    """Alternate the 50 scenarios with the bare calls and print the ratio."""
    from rich.console import Console

    from lstm_state_probe.executors import Terms, workplace
    from lstm_state_probe.host.process import lean_imports
    from lstm_state_probe.report.base import ShowOptions
    from lstm_state_probe.report.terminal.tables import Tables
    from lstm_state_probe.suite.run import run_suite, select

    write(folder, 50)
    with lean_imports():  # as the command does
        context = workplace(Terms(engines=("keras3",)))
        place = context.__enter__()
        bare_scenario(0)
    ours, theirs = [], []
    view = Tables(Console(file=io.StringIO(), width=80), ShowOptions())
    for number, file in enumerate(sorted(folder.glob("*.yaml"))):
        ours.append(
            seconds(
                lambda file=file: run_suite(
                    select([str(file)]).scenarios, place, on_end=view.scenario
                )
            )
        )
        theirs.append(seconds(lambda number=number: bare_scenario(number)))
    context.__exit__(None, None, None)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"50 scenarios / the same calls bare: {sum(ours):.1f} s / {sum(theirs):.1f} s ="
        f" {sum(ours) / sum(theirs):.2f} (goal 0.80), median of the pairs {ratio:.2f}",
        flush=True,
    )


def two_jobs(folder: Path, pairs: int = 3) -> None:
    """Compare whole commands with one process and with two."""
    write(folder, 50)
    ratios = []
    for _ in range(pairs):
        one, two = (probe("run", str(folder), "-q", "--jobs", jobs) for jobs in "12")
        ratios.append(two / one)
        print(f"  --jobs 1 {one:.1f} s, --jobs 2 {two:.1f} s: {two / one:.2f}", flush=True)
    print(f"--jobs 2 / --jobs 1, 50 scenarios: {statistics.median(ratios):.2f} (goal 0.65)")


def memory(folder: Path) -> None:
    """Print the memory of this process every 50 of 300 scenarios."""
    from lstm_state_probe.executors import Terms, workplace
    from lstm_state_probe.host.process import lean_imports
    from lstm_state_probe.suite.run import run_suite, select

    selection, done = select([str(write(folder, 300))]), []

    def told(report: object) -> None:
        done.append(report)
        if len(done) % 50 == 0 or len(done) == 10:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            mebibytes = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
            print(f"  after {len(done)} scenarios: {mebibytes:.0f} MiB", flush=True)

    with lean_imports():
        context = workplace(Terms(engines=("keras3",)))
        place = context.__enter__()
    run_suite(selection.scenarios, place, on_end=told)
    context.__exit__(None, None, None)


def validate(folder: Path) -> None:
    """Print the time of reading, for ever more files."""
    for count in (2_500, 5_000, 10_000):
        write(folder, count)
        taken = min(probe("validate", str(folder)) for _ in range(2))
        print(f"  {count} files: {taken:.1f} s, {1000 * taken / count:.2f} ms each", flush=True)


PARTS = {"bare": against_bare, "jobs": two_jobs, "memory": memory, "validate": validate}


def main() -> None:
    """Measure what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    for part in parser.parse_args().parts or PARTS:
        print(f"{part}:", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            PARTS[part](Path(folder))


if __name__ == "__main__":
    main()
