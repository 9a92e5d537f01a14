"""A task on a cluster that is begun once, whatever the scheduler repeats.

Dask repeats what was on a worker that died, so that a scenario that ends its worker would end four
of them, one after the other. Marks on the scheduler outlive the worker: who finds a task begun
knows what became of it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any

from lstm_state_probe.executors.base import Done

_ALONE = threading.Lock()
"""TensorFlow's seed, its session and stdout are the process's: one scenario at a time in each."""


def carry_out_once(
    mark: str, timeout: float | None, packed: Callable[..., Done | str]
) -> Done | str:
    """Carry out a packed scenario on a worker, unless it was begun on one that died."""
    event: Any = import_module("distributed").Event

    with _ALONE:
        began, overdue = event(f"{mark}-began"), event(f"{mark}-overdue")
        if began.is_set():
            late = overdue.is_set()
            for found in (began, overdue):
                found.clear()
            if late:
                return f"it took more than {timeout:g} s and was ended"
            return "the worker died while it ran this scenario"
        return packed(guard=partial(_marked, began, overdue, timeout))


@contextmanager
def _marked(began: Any, overdue: Any, timeout: float | None) -> Iterator[None]:
    """Mark the task as begun while the body runs; end the worker if that takes too long."""
    began.set()
    timer = threading.Timer(timeout or 0, _end_worker, (overdue,))
    timer.daemon = True
    if timeout is not None:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()
        began.clear()


def _end_worker(overdue: Any) -> None:
    overdue.set()
    os._exit(1)
