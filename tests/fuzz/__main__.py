"""`python -m tests.fuzz [TARGET ...] --inputs 200000 --seed 1`: as many inputs as one likes.

Each fault is shown with its traceback; the input that showed it first is written into --keep.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from tests.fuzz.fuzz import Result, fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Fuzz the targets that are named, or all of them, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop a target after that long")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that showed a fault")
    asked = parser.parse_args()
    faulty = False
    for name in asked.targets or TARGETS:
        result = fuzz(name, inputs=asked.inputs, seed=asked.seed, seconds=asked.seconds)
        print(result, flush=True)
        _show(result, asked.keep)
        faulty = faulty or bool(result.faults)
    return int(faulty)


def _show(result: Result, keep: Path | None) -> None:
    for (kind, where), count in result.faults.most_common():
        example = result.examples[kind, where]
        print(f"  {kind} {where}, {count} times; first with {example[:60]!r}")
        print("".join(f"    {line}\n" for line in result.told[kind, where].splitlines()[-12:]))
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            mark = hashlib.sha256(example).hexdigest()[:8]
            (keep / f"{result.target}-{mark}").write_bytes(example)


if __name__ == "__main__":
    sys.exit(main())
