"""Faults made on purpose: `python tests/faults/drive.py FAULT --times N` prints figures as JSON.

`kill` and `interrupt` end a process that writes, at a random moment; `full` lets no file grow past
some bytes, `descriptors` gives it few, `readonly` takes the folder's write permission away. Each
deed that writes a file must leave what was there, or the new one, whole, and nothing else. `run`
interrupts whole calls of `probe run`, at a random moment of each.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from deeds import DEEDS, Deed

from lstm_state_probe.whole import MARK

LIMITS = {"full": resource.RLIMIT_FSIZE, "descriptors": resource.RLIMIT_NOFILE}
SCENARIO = """model: {batch_shape: [2, 3, 1], layers: [{LSTM: {units: 2, name: lstm}}]}
data: {x: {normal: {shape: [2, 3, 1]}}}
operations: [{predict_on_batch: {x: x}, expect: {lstm/h: nonzero}}]
"""


def forked(work: Callable[[], None]) -> int:
    """Do something in a child; it ends with 0, 1 for an error that was told, 3 for any other."""
    child = os.fork()
    if child:
        return child
    code = 3
    try:
        work()
        code = 0
    except KeyboardInterrupt:
        code = 2
    except Exception as error:  # noqa: BLE001 - the child tells which kind it was
        code = 1 if isinstance(error, OSError) or hasattr(error, "exit_code") else 3
        if code == 3:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Return how it ended: its code, or the negative number of a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def pressed_again(child: int, number: int) -> bool:
    """Send a signal once more where Python lost the first: in a destructor it is ignored."""
    deadline = time.monotonic() + 5
    while os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            os.kill(child, number)
            return True
        time.sleep(0.001)
    return False


def strays(folder: Path) -> list[Path]:
    """List what was left beside."""
    return [path for path in folder.rglob("*") if path.name.endswith(MARK)]


def signalled(deed: Deed, folder: Path, times: int, number: int) -> Counter[str]:
    """End writers at a random moment, `times` times; what stands there is one that was written."""
    told: Counter[str] = Counter()
    deed.write(folder, 0)
    started = time.perf_counter()
    deed.write(folder, 0)
    span = time.perf_counter() - started

    def writes() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for k in range(1_000_000):
            deed.write(folder, k)

    for _ in range(times):
        child = forked(writes)
        time.sleep(0.002 + random.uniform(0, 4 * span))
        os.kill(child, number)
        told["pressed again"] += pressed_again(child, number)
        told[f"ended {ended(child)}"] += 1
        deed.check(folder)
        told["strays"] += bool(strays(folder))
    deed.write(folder, 7)
    told["strays after the next write"] = len(strays(folder))
    return told


def limited(deed: Deed, folder: Path, times: int, limit: int) -> Counter[str]:
    """Write with a limit that is somewhere in the way; the limit holds in the child alone."""
    told: Counter[str] = Counter()
    deed.write(folder, 0)
    most = 12 if limit == resource.RLIMIT_NOFILE else 4000
    for k in range(times):

        def writes(most: int = random.randrange(most), k: int = k) -> None:
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))
            deed.write(folder, k)

        told[f"ended {ended(forked(writes))}"] += 1
        deed.check(folder)
        told["strays"] += bool(strays(folder))
    return told


def readonly(deed: Deed, folder: Path, times: int) -> Counter[str]:
    """Write where nobody may, as somebody who may not: root may always."""
    told: Counter[str] = Counter()
    deed.write(folder, 0)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)

    def writes() -> None:
        if os.geteuid() == 0:
            os.setegid(65534)
            os.seteuid(65534)
        deed.write(folder, 1)

    for _ in range(times):
        told[f"ended {ended(forked(writes))}"] += 1
        deed.check(folder)
        told["strays"] += bool(strays(folder))
    return told


def runs(times: int, span: float) -> Counter[str]:
    """Interrupt whole runs; whatever report is there afterwards can be read."""
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "s.yaml").write_text(SCENARIO)
        words = [sys.executable, "-m", "lstm_state_probe", "run", "s.yaml", "--report", "r.json"]
        for _ in range(times):
            (folder / "r.json").unlink(missing_ok=True)
            one = subprocess.Popen(
                words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            time.sleep(random.uniform(0, span))
            one.send_signal(signal.SIGINT)
            _, err = one.communicate(timeout=120)
            told[f"ended {one.returncode}"] += 1
            if "Traceback" in err:
                told["tracebacks"] += 1
                print(err, file=sys.stderr)
            told["strays"] += bool(strays(folder))
            if (folder / "r.json").exists():
                told["reports"] += 1
                json.loads((folder / "r.json").read_text(encoding="utf-8"))
    return told


def main() -> None:
    """Read the words, make the faults, print what was seen of each deed."""
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("fault", choices=("kill", "interrupt", *LIMITS, "readonly", "all", "run"))
    read.add_argument("--times", type=int, default=100)
    read.add_argument("--span", type=float, default=6.0, help="seconds that a run takes")
    read.add_argument("--deed", choices=DEEDS, action="append")
    words = read.parse_args()
    if words.fault == "run":
        print(json.dumps(runs(words.times, words.span)))
        return
    made: Mapping[str, Callable[[Deed, Path], Counter[str]]] = {
        "kill": lambda deed, at: signalled(deed, at, words.times, signal.SIGKILL),
        "interrupt": lambda deed, at: signalled(deed, at, words.times, signal.SIGINT),
        "readonly": lambda deed, at: readonly(deed, at, words.times),
        **{
            name: (lambda deed, at, limit=limit: limited(deed, at, words.times, limit))
            for name, limit in LIMITS.items()
        },
    }
    chosen = list(made) if words.fault == "all" else [words.fault]
    found = {
        fault: {name: tried(made[fault], DEEDS[name]) for name in words.deed or DEEDS}
        for fault in chosen
    }
    print(json.dumps(found))


def tried(fault: Callable[[Deed, Path], Counter[str]], deed: Deed) -> Counter[str]:
    """Make a fault in a folder that anybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        return fault(deed, Path(folder))


if __name__ == "__main__":
    main()
