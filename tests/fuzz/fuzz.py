"""Gives a reader many inputs and notes what must not be: tracebacks, hangs, a GiB of memory."""

from __future__ import annotations

import gc
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from lstm_state_probe.errors import ProbeError
from lstm_state_probe.foreign.hdf5 import KEPT, Looker
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS

HANGS = 10
FEWEST = 20
MOST_KIB = 1 << 20
_KIB = 1 if sys.platform != "darwin" else 1024
Fault = tuple[str, str]


class Hang(BaseException):
    """An input took longer than it may; no reader catches this."""


@dataclass
class Result:
    """What became of the inputs; each kind of fault with the first input that showed it."""

    target: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mib: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    examples: dict[Fault, bytes] = field(default_factory=dict)
    told: dict[Fault, str] = field(default_factory=dict)

    def note(self, kind: str, where: str, data: bytes, told: str = "") -> None:
        """Count a fault."""
        self.faults[kind, where] += 1
        self.examples.setdefault((kind, where), data)
        self.told.setdefault((kind, where), told)

    def __str__(self) -> str:
        kinds = Counter(kind for kind, _ in self.faults.elements())
        counts = ", ".join(f"{kinds[kind]} {kind}s" for kind in ("traceback", "hang", "memory"))
        return (
            f"{self.target}: {self.inputs:,} inputs, {self.refused:,} refused; {counts};"
            f" {self.seconds:.0f} s, slowest {self.slowest:.2f} s, peak {self.peak_mib} MiB"
        )


def fuzz(target: str, *, inputs: int, seed: int = 1, seconds: float = 1e9) -> Result:
    """Give a reader its seeds, then changed ones, until there are enough or the time is over."""
    chosen, result, random_ = TARGETS[target], Result(target), random.Random(f"{target} {seed}")
    good = chosen.seeds()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, _kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        for count in range(inputs):
            data = good[count] if count < len(good) else _next(good, random_)
            _one(target, data, folder, result)
            if count >= FEWEST and time.monotonic() - started > seconds:
                break
    result.seconds = time.monotonic() - started
    gc.collect()
    return result


def _next(good: list[bytes], random_: random.Random) -> bytes:
    return mutated(random_.choice(good), good, random_)


@contextmanager
def _kept() -> Iterator[None]:
    with Looker() as looker:
        token = KEPT.set(looker)
        try:
            yield
        finally:
            KEPT.reset(token)


def _one(target: str, data: bytes, folder: Path, result: Result) -> None:
    before, began = _peak(), time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(HANGS)
    try:
        TARGETS[target].read(data, folder)
    except ProbeError:
        result.refused += 1
    except Hang:
        result.note("hang", "", data)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        own = [f for f in traceback.extract_tb(error.__traceback__) if "lstm_state" in f.filename]
        place = f"{type(error).__name__} at {Path((own or [frame])[-1].filename).name}"
        where = f"{place}:{(own or [frame])[-1].lineno}"
        result.note("traceback", where, data, "".join(traceback.format_exception(error)))
    finally:
        signal.alarm(0)
    result.inputs += 1
    result.slowest = max(result.slowest, time.monotonic() - began)
    result.peak_mib = _peak() // 1024
    if before < MOST_KIB <= _peak():
        result.note("memory", "", data)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _KIB


def _too_long(number: int, frame: FrameType | None) -> None:
    raise Hang
