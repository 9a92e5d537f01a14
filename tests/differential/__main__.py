"""`python -m tests.differential --count 1000 --seed 1 --engine keras3`: as many as one likes."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main() -> int:
    """Run the scenarios, say what was run and found; 1 if anything was."""
    arguments = _arguments()
    from lstm_state_probe.engines import load_engine

    from .draw import draw

    engine = load_engine(arguments.engine)
    found = Counter[str]()
    kinds = Counter[str]()
    started = time.perf_counter()
    for index in range(arguments.first, arguments.first + arguments.count):
        written = draw(arguments.seed, index, engine.name)
        found += _one(written, engine)
        kinds += _kinds(written)
        if (index + 1) % 20 == 0:
            _tell(found, kinds, time.perf_counter() - started)
    _tell(found, kinds, time.perf_counter() - started)
    return int(bool(found["with a difference"] or found["raised"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--engine", choices=["keras3", "tf_keras"], default="keras3")
    return parser.parse_args()


def _one(written: Mapping[str, Any], engine: Any) -> Counter[str]:
    import yaml

    from .compare import compared, minimal

    try:
        ran = compared(written, engine)
    except Exception:  # noqa: BLE001 the boundary of one scenario: the others go on
        print(f"--- {written['name']}: the oracle failed\n{traceback.format_exc()}", flush=True)
        print(yaml.safe_dump(dict(written), sort_keys=False), flush=True)
        return Counter({"scenarios": 1, "not followed": 1})
    if ran.raised:
        print(f"--- {written['name']}: raised\n{ran.raised}", flush=True)
        print(yaml.safe_dump(dict(written), sort_keys=False), flush=True)
        return Counter({"scenarios": 1, "raised": 1})
    if ran.differences:
        print(f"--- {written['name']}: {len(ran.differences)} differences", flush=True)
        print("\n".join(ran.differences[:8]), flush=True)
        least = minimal(written, engine)
        print(f"reproducer:\n{yaml.safe_dump(dict(least), sort_keys=False)}", flush=True)
    differs = int(bool(ran.differences))
    counted = {"scenarios": 1, "calls": ran.calls, "numbers": ran.values}
    return Counter(counted | {"with a difference": differs})


def _kinds(written: Mapping[str, Any]) -> Counter[str]:
    layers = [next(iter(entry)) for entry in written["model"]["layers"]]
    operations = [o if isinstance(o, str) else next(iter(o)) for o in written["operations"]]
    return Counter([*layers, *operations])


def _tell(found: Counter[str], kinds: Counter[str], seconds: float) -> None:
    numbers = ", ".join(f"{count} {name}" for name, count in found.items() if count)
    print(f"{numbers}; {seconds:.0f} s", flush=True)
    print("  " + ", ".join(f"{name} {count}" for name, count in kinds.most_common()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
