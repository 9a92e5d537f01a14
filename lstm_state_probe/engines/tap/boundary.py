"""The one way in which code of the probe runs inside a call of the user's.

Whatever is put before, around or after code of Keras goes through an `Aside`: an error of the
probe ends there, and becomes the reason why a call, or a part of it, was not recorded. Keras's
own code never runs inside of it, so that Keras's own errors pass as they are, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
LOG = logging.getLogger("lstm_state_probe")

XLA = (
    "a function of your own that XLA compiles (jit_compile=True) takes no observer; what runs in"
    " it is not recorded"
)
SAVED = "what is traced to be saved runs nowhere here"


class CannotRecord(Exception):
    """A call cannot be recorded, for a reason that is no fault of anybody's."""


def reason(error: Exception) -> str:
    """Say why something was not recorded."""
    if isinstance(error, CannotRecord):
        return str(error)
    lines = str(error).splitlines() or [""]
    return f"the probe failed: {type(error).__name__}: {lines[0]}".rstrip(": ")


@dataclass(frozen=True)
class Aside:
    """Runs what is the probe's own; `tell` gets the reason where that fails.

    An interrupt is the user's, and passes. The traceback of an error goes to the log of the
    package, at the level of debugging.
    """

    tell: Callable[[str], None]

    def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T | None:
        """Return what a function of the probe returns; None if it fails."""
        try:
            return function(*args, **kwargs)
        except Exception as error:
            LOG.debug("not recorded", exc_info=error)
            self.failed(error)
            return None

    def failed(self, error: Exception) -> None:
        """Tell an error; to tell it may fail too, in a graph that takes nothing more."""
        try:
            self.tell(reason(error))
        except Exception as further:
            LOG.debug("not told", exc_info=further)

    @contextmanager
    def around(self, make: Callable[[], AbstractContextManager[T]]) -> Iterator[T | None]:
        """Hold a context of the probe around code of Keras; gives None if it cannot be entered.

        What the body raises passes unchanged, whatever becomes of the context.
        """
        context = self.run(make)
        entered = None if context is None else self.run(_entered, context)
        if context is None or entered is None:
            yield None
            return
        try:
            yield entered[0]
        except BaseException as error:
            self.run(context.__exit__, type(error), error, error.__traceback__)
            raise
        self.run(context.__exit__, None, None, None)


def _entered(context: AbstractContextManager[T]) -> tuple[T]:
    return (context.__enter__(),)
