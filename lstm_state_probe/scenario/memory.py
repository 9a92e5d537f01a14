"""Amounts of memory as a person writes them."""

from __future__ import annotations

import re

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
FORMS = "a number of bytes, or one with a unit such as 64MiB or 1.5 GiB"
_WRITTEN = re.compile(rf"(\d+(?:\.\d+)?)\s*({'|'.join(UNITS)})?", re.ASCII)


def read_bytes(written: object) -> int | None:
    """Read a number of bytes, or a text with a unit; None for anything else."""
    if isinstance(written, int) and not isinstance(written, bool):
        return written if written >= 0 else None
    found = _WRITTEN.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None or len(found[1]) > 20:
        return None
    amount = float(found[1]) * UNITS[found[2] or "B"]
    return int(amount) if amount.is_integer() or found[2] else None


def say_bytes(count: int) -> str:
    """Say an amount in the largest unit of which there is one: 12.3 MiB."""
    for unit, size in reversed(UNITS.items()):
        if count >= size:
            return f"{count / size:.4g} {unit}"
    return "0 B"
