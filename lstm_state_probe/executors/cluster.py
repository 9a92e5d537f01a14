"""A running Dask scheduler, by its own `concurrent.futures.Executor`."""

from __future__ import annotations

import logging
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import count
from typing import Any

from lstm_state_probe.errors import UsageError, caught
from lstm_state_probe.executors.base import Done, Terms, left
from lstm_state_probe.executors.carry import pack
from lstm_state_probe.executors.once import carry_out_once
from lstm_state_probe.executors.parcel import parcel
from lstm_state_probe.scenario.read import ScenarioFile

ANSWER = 10.0
"""Seconds that a scheduler has to answer, and a first worker to be there."""
PATIENCE = 60.0
"""Seconds without any worker after which none is expected to come back; a nanny needs a few."""
AHEAD = 2
"""Tasks for each worker, so that the next is there when one ends."""
_MISSING = "--cluster needs Dask; install it with: pip install 'lstm-state-probe[cluster]'"


@dataclass
class Cluster:
    """A workplace behind a scheduler."""

    executor: Executor
    client: Any
    terms: Terms
    again: Sequence[type[BaseException]] = ()
    run: str = field(default_factory=lambda: uuid.uuid4().hex)
    numbers: Iterator[int] = field(default_factory=count)
    marks: dict[str, str] = field(default_factory=dict)
    seen: float = field(default_factory=time.monotonic)

    def slots(self) -> int:
        return AHEAD * max(1, self._workers())

    def pack(self, scenario: ScenarioFile) -> Callable[[], Done | str]:
        """Pack a scenario with its files; handed out again, it is the same task to the workers."""
        key = f"{scenario.id} {scenario.engine}"
        mark = self.marks.setdefault(key, f"probe-{self.run}-{next(self.numbers)}")
        packed = pack(scenario, self.terms.wishes, parcel(scenario, self.terms.sent))
        return partial(carry_out_once, mark, self.terms.timeout, packed)

    def explain(self, error: BaseException) -> str | None:
        if isinstance(error, tuple(self.again)):
            return "worker after worker died before this scenario was begun"
        if isinstance(error, (ImportError, AttributeError)):
            return (
                f"the worker cannot carry out scenarios of this lstm-state-probe: {error}; is the"
                " same version installed there?"
            )
        return str(error) if type(error).__module__.startswith("distributed") else None

    def gone(self) -> str | None:
        if self.client.status not in ("running", "connecting"):
            return f"the scheduler at {self.terms.cluster} went away"
        if self._workers():
            self.seen = time.monotonic()
        if time.monotonic() - self.seen > PATIENCE:
            return f"the scheduler at {self.terms.cluster} has had no worker for {PATIENCE:g} s"
        return None

    def _workers(self) -> int:
        if self.client.status != "running":
            return 0
        found = caught(lambda: len(self.client.nthreads()))
        return found if isinstance(found, int) else 0  # it is being lost; `gone` tells when it is


@contextmanager
def cluster(terms: Terms) -> Iterator[Cluster]:
    """Connect to the scheduler at `terms.cluster`; what is not done at the end is given up.

    Raises:
        UsageError: if Dask is not installed, nothing answers there, or no worker is there.
    """
    with _quiet(), _connected(str(terms.cluster)) as client:
        from distributed.scheduler import KilledWorker

        executor = client.get_executor(pure=False)
        try:
            yield Cluster(executor, client, terms, (KilledWorker,))
        finally:
            left(lambda: executor.shutdown(wait=False))


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(_MISSING) from error
    try:
        client: Any = Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UsageError(f"no Dask scheduler answers at {address!r}: {reason}") from error
    try:
        _wait_for_a_worker(client, address)
        yield client
    finally:
        left(lambda: client.close(timeout=1))


def _wait_for_a_worker(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except OSError as error:  # a TimeoutError is one
        raise UsageError(f"the scheduler at {address!r} has no worker") from error
    except Exception as error:
        if not type(error).__module__.startswith("distributed"):
            raise
        raise UsageError(f"the scheduler at {address!r} went away: {error}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from stderr: what matters of it is told by the scenarios."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"(distributed|dask|contextlib)\b")
        warnings.filterwarnings("ignore", message="Sending large graph")
        with suppress(ImportError):
            import_module("distributed")  # which sets the levels of its loggers
        loggers = [logging.getLogger(n) for n in logging.root.manager.loggerDict if _dasks(n)]
        before = [logger.level for logger in loggers]
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def _dasks(name: str) -> bool:
    """Tell Dask's own; and that of futures, whose cancelling a closed client refuses (2024.1)."""
    return name.partition(".")[0] in ("distributed", "dask", "tornado", "concurrent")
