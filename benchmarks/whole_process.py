"""The whole process: `probe run` against the bare script, alternating, as a ratio.

    python benchmarks/whole_process.py [--pairs 7]

Machines are shared and noisy, so that only ratios of runs side by side mean anything: the two
alternate, and the median of the pairs' ratios is told with the medians of the times.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
SCENARIO = HERE.parent / "scenarios" / "stateful_lstm.yaml"
PROBE = [sys.executable, "-m", "lstm_state_probe"]


def seconds(words: list[str]) -> float:
    """Run a command to its end and return the wall time in seconds."""
    started = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def compare(name: str, ours: list[str], theirs: list[str], pairs: int, goal: float) -> None:
    """Alternate two commands and print the median of the ratios."""
    seconds(ours), seconds(theirs)  # both warm: the disk cache holds TensorFlow
    taken = [(seconds(ours), seconds(theirs)) for _ in range(pairs)]
    ratio = statistics.median(a / b for a, b in taken)
    mine, other = (statistics.median(column) for column in zip(*taken, strict=True))
    low, high = min(a / b for a, b in taken), max(a / b for a, b in taken)
    print(
        f"{name}: ratio {ratio:.2f} (goal {goal:.2f}; pairs from {low:.2f} to {high:.2f}),"
        f" {mine:.2f} s against {other:.2f} s"
    )


def main() -> None:
    """Compare the main job and the validation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    compare(
        "probe run / bare script",
        [*PROBE, "run", str(SCENARIO)],
        [sys.executable, str(HERE / "bare_question.py")],
        pairs,
        0.70,
    )
    compare(
        "probe validate scenarios / import tensorflow",
        [*PROBE, "validate", str(SCENARIO.parent)],
        [sys.executable, "-c", "import tensorflow"],
        pairs,
        0.15,
    )


if __name__ == "__main__":
    main()
