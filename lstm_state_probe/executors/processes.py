"""Processes on this machine, one scenario at a time in each; one that dies takes no other along."""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any

from lstm_state_probe.executors.base import Done, Terms, left
from lstm_state_probe.executors.carry import pack
from lstm_state_probe.executors.preload import ENGINES
from lstm_state_probe.scenario.read import ScenarioFile

Item = tuple["Future[Any]", Callable[[], Any]]


class WorkerDied(Exception):
    """The process ended while it did a task."""


class TimedOut(Exception):
    """The task took too long, and its process was ended."""


class Processes(Executor):
    """An executor of processes, each of which can die, or be ended, alone.

    `concurrent.futures.ProcessPoolExecutor` gives up all its processes when one of them dies, so
    there is a pool of one process for each job, and a thread that serves it.
    """

    def __init__(self, jobs: int, *, timeout: float | None, engines: Sequence[str] = ()) -> None:
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._slots = [Slot(timeout, context(engines), tuple(engines)) for _ in range(jobs)]
        self._threads = [
            threading.Thread(target=slot.serve, args=(self._items,), daemon=True)
            for slot in self._slots
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._items.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: once all is done, or at once with `cancel_futures`."""
        for slot in self._slots if cancel_futures else ():
            slot.closed = True
            left(slot.end)
        for _ in self._threads:
            self._items.put(None)
        for thread in self._threads if wait else ():
            thread.join()


@dataclass
class Slot:
    """One process at a time; a new one follows one that ended."""

    timeout: float | None
    context: BaseContext
    engines: tuple[str, ...]
    closed: bool = False
    _pool: ProcessPoolExecutor | None = None
    _ended: list[ProcessPoolExecutor] = field(default_factory=list)
    _process: BaseProcess | None = None
    _lock: Any = field(default_factory=threading.Lock)

    def serve(self, items: SimpleQueue[Item | None]) -> None:
        """Do what comes, until nothing more comes."""
        while (item := items.get()) is not None:
            future, act = item
            if self.closed:
                future.cancel()
            elif future.set_running_or_notify_cancel():
                self._answer(future, act)
        pools = filter(None, (self._pool, *self._ended))
        left(*(partial(pool.shutdown, wait=True) for pool in pools))
        self._pool, self._ended = None, []

    def _answer(self, future: Future[Any], act: Callable[[], Any]) -> None:
        try:
            result = self._do(act)
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits for the future
            future.set_exception(error)
        else:
            future.set_result(result)

    def _do(self, act: Callable[[], Any]) -> Any:
        try:
            self._begin()
            assert self._pool is not None
            inner = self._pool.submit(act)
            if not wait([inner], self.timeout).done:
                self.end()
                raise TimedOut(f"it took more than {self.timeout:g} s and was ended")
            return inner.result()
        except BrokenExecutor as error:
            raise WorkerDied(self._death()) from error

    def _begin(self) -> None:
        """Start a process, with its engines imported, unless there is one."""
        if self._pool is not None:
            return
        self._pool = ProcessPoolExecutor(1, self.context, ready, (self.engines,))
        pid = self._pool.submit(os.getpid).result()
        found = (p for p in multiprocessing.active_children() if p.pid == pid)
        with self._lock:
            self._process = next(found, None)
        if self.closed:
            self.end()

    def end(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            left(process.kill)
        self._leave()

    def _leave(self) -> None:
        if self._pool is not None:
            self._ended.append(self._pool)
            self._pool = None

    def _death(self) -> str:
        process, self._process = self._process, None
        self._leave()
        if process is None:
            return "no worker could be started for it; does 'probe doctor' work?"
        process.join(1)
        return f"the worker died while it ran this scenario{_cause(process.exitcode)}"


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return "" if code is None else f" (it left with exit code {code})"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    memory = "; was the memory enough?" if -code == getattr(signal, "SIGKILL", math.nan) else ""
    return f" (killed by {name}{memory})"


def context(engines: Sequence[str]) -> BaseContext:
    """Return how processes are started.

    A fork after TensorFlow's first operation hangs. A fork server that has imported TensorFlow
    and run nothing is safe and pays the import once; where there is none, each process pays.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    os.environ[ENGINES] = ",".join(engines)
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["lstm_state_probe.executors.preload"])
    return server


def ready(engines: Sequence[str]) -> None:
    """Make a new process ready: quiet, with its engines, and gone when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to every process of a terminal
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    if sys.stderr is not None:
        with suppress(OSError):  # closed: then nothing is written to either
            os.dup2(2, 1)  # stdout is the report's
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # others need memory too
    from lstm_state_probe.executors.preload import preload

    preload(engines)


def _follow(parent: Any) -> None:
    parent.join()
    os._exit(1)


@dataclass(frozen=True)
class Beside:
    """A workplace of processes on this machine."""

    executor: Processes
    terms: Terms
    again: Sequence[type[BaseException]] = ()

    def slots(self) -> int:
        return self.terms.jobs

    def pack(self, scenario: ScenarioFile) -> Callable[[], Done | str]:
        return pack(scenario, self.terms.wishes)

    def explain(self, error: BaseException) -> str | None:
        return str(error) if isinstance(error, (WorkerDied, TimedOut)) else None

    def gone(self) -> str | None:
        return None


@contextmanager
def processes(terms: Terms) -> Iterator[Beside]:
    """Open a workplace with `terms.jobs` processes, and end them."""
    executor = Processes(terms.jobs, timeout=terms.timeout, engines=terms.engines)
    try:
        yield Beside(executor, terms)
    finally:
        left(partial(executor.shutdown, wait=True, cancel_futures=True))
        del executor
        gc.collect()  # the pools' semaphores are the system's, and go with their last reference
