"""A part of the scenarios, so that several machines share the work."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from statistics import median

from lstm_state_probe.errors import UsageError

Key = tuple[str, str]
_MOST = 10_000


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`; both count from 1."""

    index: int
    count: int

    def __str__(self) -> str:
        """Write it as the command line does."""
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Read '2/5'.

    Raises:
        UsageError: for anything else.
    """
    match = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*", text)
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.index <= shard.count <= _MOST:
        raise UsageError(f"--shard: expected a part such as 2/5, the first is 1/5, found {text!r}")
    return shard


def split(keys: Sequence[Key], count: int, *, seconds: Mapping[Key, float]) -> list[frozenset[Key]]:
    """Split keys into `count` parts that take about the same time, whatever their order.

    The longest first, each to the part that has the least so far. What has no duration yet is
    taken for the median of the others.
    """
    known = [seconds[key] for key in keys if key in seconds]
    unknown = median(known) if known else 1.0
    length = {key: seconds.get(key, unknown) for key in keys}
    parts: list[set[Key]] = [set() for _ in range(count)]
    loads = [(0.0, 0, index) for index in range(count)]
    heapify(loads)
    for key in sorted(length, key=lambda key: (-length[key], key)):
        load, held, index = loads[0]
        parts[index].add(key)
        heapreplace(loads, (load + length[key], held + 1, index))
    return [frozenset(part) for part in parts]
