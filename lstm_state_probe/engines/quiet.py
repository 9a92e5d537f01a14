"""Imports TensorFlow without the lines that its C++ writes to the descriptor of stderr."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from lstm_state_probe.errors import EngineMissing


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Catch what is written to descriptor 2; show it only if the body fails."""
    if sys.stderr is None:  # started without one: there is nothing to silence
        yield
        return
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # closed since
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(saved)
            caught.seek(0)
            sys.stderr.write(caught.read().decode("utf-8", "replace"))
            raise
        else:
            _restore(saved)


def _restore(saved: int) -> None:
    sys.stderr.flush()
    os.dup2(saved, 2)
    os.close(saved)


@contextmanager
def importing(package: str, install: str) -> Iterator[None]:
    """Import an engine's package quietly; tell how to install it where it is missing.

    Raises:
        EngineMissing: with the command that installs it, or with what its installation lacks.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of retracing, our business
    try:
        if find_spec(package) is None:  # known before TensorFlow is paid for
            raise ModuleNotFoundError(name=package)
        with quiet_stderr():
            yield
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and missing in (package, "tensorflow", "keras"):
            told = f"{missing} is not installed; install it with: {install}"
            raise EngineMissing(told) from None
        raise EngineMissing(f"{package} is installed, but not whole: {error}") from error
