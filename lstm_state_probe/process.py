"""How this process spends its time: the garbage collector stays off while much is imported."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lean_imports() -> Iterator[None]:
    """Import without collecting, then move what was imported out of the collector's sight.

    Importing TensorFlow makes millions of objects that live as long as the process; looking
    through them again and again costs a quarter of a small run (see docs/performance.md).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
