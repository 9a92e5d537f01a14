"""The one boundary of the witness: what it stumbles over is told, and ends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def asked(deed: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """Return what `deed` does; where it raises, what `otherwise` makes of the reason.

    The witness looks on. A layer that it does not understand must run as without it.
    """
    try:
        return deed()
    except Exception as error:  # noqa: BLE001 - the boundary: a witness ends nothing
        said = f": {error}" if str(error) else ""
        return otherwise(f"not verified, because {type(error).__name__}{said}")
