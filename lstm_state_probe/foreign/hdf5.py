"""An HDF5 file, gone through in a process that can be ended, before this process opens it.

On a broken file HDF5's C code can loop for ever, deaf to Ctrl-C, ask for any amount of memory, or
crash (seen with HDF5 1.14). What another process has read whole, this one can read.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any

from lstm_state_probe.errors import ModelError

SECONDS = 2
"""Of computing, for a small file; a large one has a second more for each `_A_SECOND`."""
_A_SECOND = 20 << 20
_WAIT = 15
"""Further seconds, for a process that waits for the disk, or for other processes."""
_SCRIPT = Path(__file__).with_name("hdf5_child.py")
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""NumPy makes a pool of threads otherwise, whose stacks count as memory."""


def look(path: Path, name: str, entry: str | None = None, entry_bytes: int = 0) -> None:
    """Refuse an HDF5 file that cannot be read; `entry` is one inside a zip archive.

    A file that was looked at before, and is still the same, is believed.

    Raises:
        ModelError: with the reason; `name` is what it calls the file.
    """
    if not sys.executable:  # Python is embedded in another program: there is nothing to run
        return
    try:
        found = path.stat()
        same = str(path.resolve()), found.st_size, found.st_mtime_ns, found.st_ino
        broken = _looked(same, entry, entry_bytes)
    except OSError as error:
        raise ModelError(f"{name} cannot be read: {error.strerror or error}") from error
    if broken is not None:
        raise ModelError(f"{name} {broken}")


@lru_cache(maxsize=256)
def _looked(same: tuple[str, int, int, int], entry: str | None, entry_bytes: int) -> str | None:
    path, size, _, _ = same
    seconds = SECONDS + (size + entry_bytes) // _A_SECOND
    kept = KEPT.get()
    if kept is not None:
        return kept.look(path, entry, entry_bytes, seconds)
    with Looker() as looker:
        return looker.look(path, entry, entry_bytes, seconds)


class Looker:
    """A process that goes through one file after the other; after one that ended it, a new one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._end(self._process)

    def look(self, path: str, entry: str | None, entry_bytes: int, seconds: int) -> str | None:
        """Say why a file cannot be read, in words that follow its name; None if it can.

        Raises:
            OSError: if no process can be started.
        """
        process = self._process or self._start()
        request = {"path": path, "entry": entry, "entry_bytes": entry_bytes, "seconds": seconds}
        timer = Timer(seconds + _WAIT, process.kill)
        timer.start()
        try:
            answer = _ask(process, request)
        except BaseException:  # Ctrl-C, which the other process does not heed
            self._end(process)
            raise
        finally:
            timer.cancel()
        if answer is None:
            return _ended(self._end(process), seconds)
        broken = answer["broken"]
        if broken is not None and broken.startswith("MemoryError"):
            return "asks for more memory than a file of weights needs"
        return None if broken is None else f"is not an HDF5 file, or is cut off ({broken})"

    def _start(self) -> subprocess.Popen[bytes]:
        # -I and -S: neither the working folder, nor the environment, nor site is looked into
        command = [sys.executable, "-I", "-S", str(_SCRIPT), json.dumps([*map(str, sys.path)])]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ONE_THREAD},
        )
        return self._process

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        self._process = None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # its reader has gone
                    pipe.close()
        if process.poll() is None:
            process.kill()
        return process.wait()


KEPT: ContextVar[Looker | None] = ContextVar("KEPT", default=None)
"""A process that is kept for many files; without it each file has one of its own."""


def _ask(process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any] | None:
    """Return the answer; None if the process ended without one."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        return None
    return json.loads(line) if line.endswith(b"\n") else None


def _ended(code: int, seconds: int) -> str:
    """Say how the process ended, in words that follow the name of a file."""
    if code in (-signal.SIGKILL, -getattr(signal, "SIGXCPU", 0)):
        return f"is broken: HDF5 comes to no end with it (stopped after {seconds} s)"
    return f"is broken: HDF5 crashes on it (the process that read it ended with {code})"
