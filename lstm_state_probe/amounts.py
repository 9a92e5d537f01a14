"""Amounts as a person writes and reads them: bytes, counts, seconds."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "PiB": 2**50}
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
    if count >= 1024 * UNITS["PiB"]:
        return "more than 1024 PiB"
    unit = next(unit for unit in reversed(UNITS) if count >= UNITS[unit] or unit == "B")
    return f"{count / UNITS[unit]:.{0 if unit == 'B' else 1}f} {unit}"


@lru_cache(maxsize=1)
def memory_limit() -> int:
    """Return the memory in bytes that this process can have: the machine's, or its container's."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        file = Path("/sys/fs/cgroup") / name
        text = file.read_text().strip() if file.is_file() else "max"
        sizes += [int(text)] if text.isdecimal() else []
    return min(sizes)


def plural(count: int, noun: str) -> str:
    """Count things: '1 call', '2 calls'."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def seconds(value: float) -> str:
    """Write a duration."""
    return f"{value:.2f} s"
