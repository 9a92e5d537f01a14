"""How this process spends its time, and how it ends: imports, libraries, collections, Ctrl-C.

Measured in docs/performance.md.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from lstm_state_probe.errors import INTERRUPTED

_COMPILED = (
    *("pydantic_core", "yaml", "contextvars", "zoneinfo", "hashlib", "random"),
    *("csv", "zipfile", "select", "array", "numpy", "numpy.random"),
)
"""What reading a scenario imports that is compiled: the linker has one lock for all libraries,
so that such an import beside the loading thread would wait for its end."""
ALLOCATIONS = 50_000
"""Container objects between two collections; tracing a graph makes them by the million."""


@contextmanager
def lean_imports() -> Iterator[None]:
    """Import without collecting, then move what was imported out of the collector's sight.

    Importing TensorFlow makes millions of objects that live as long as the process; looking
    through them again and again costs a quarter of a small run.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])
        if was_on:
            gc.enable()


@contextmanager
def tensorflow_loading() -> Iterator[None]:
    """Have the dynamic linker load TensorFlow's libraries while the body runs.

    It takes a quarter of a second and needs no Python, so that the second core can do it while
    the scenarios are read; `import tensorflow` finds the libraries loaded. What their
    initialisers write to descriptor 2 is dropped, as it is during the import itself.
    """
    libraries = _libraries()
    if not libraries:
        yield
        return
    for name in _COMPILED:
        import_module(name)
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if sys.stderr is not None:
        sys.stderr.flush()
    os.dup2(nowhere, 2)
    worker = threading.Thread(target=_load, args=(libraries,), daemon=True)
    worker.start()
    try:
        yield
    finally:
        try:
            worker.join()
        finally:  # Ctrl-C comes while it waits: what is said of it must be seen
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)


def _libraries() -> list[Path]:
    """Find TensorFlow's libraries; none where it is loaded already or is built another way."""
    spec = find_spec("tensorflow") if "tensorflow" not in sys.modules else None
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0])
    names = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")
    return [folder / name for name in names if (folder / name).is_file()]


def _load(libraries: list[Path]) -> None:
    """Call the linker through a foreign function, which lets other threads run meanwhile."""
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for library in libraries:
        dlopen(os.fsencode(library), os.RTLD_NOW)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C end the body by a KeyboardInterrupt, and a second one end the process at once.

    Gives a function that tells whether it was pressed, for what is raised may be swallowed by a
    scenario's own code. The second is seen by a thread, so that it also ends a
    process that is inside TensorFlow, where Python runs no handler.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed: list[int] = []

    def handler(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    descriptor = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_at_the_second, args=(ours,), daemon=True).start()
    try:
        yield lambda: bool(pressed)
    finally:
        signal.set_wakeup_fd(descriptor)
        signal.signal(signal.SIGINT, before)
        theirs.close()


def _end_at_the_second(wakeups: socket.socket) -> None:
    """Read the numbers of the signals that arrive, until nobody sends them any more."""
    seen = 0
    while numbers := wakeups.recv(64):
        seen += numbers.count(signal.SIGINT)
        if seen > 1:
            os._exit(INTERRUPTED)
    wakeups.close()
