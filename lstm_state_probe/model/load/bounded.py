"""JSON that somebody else wrote, read within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lstm_state_probe.errors import ModelError
from lstm_state_probe.scenario.sizes import human

MOST_BYTES = 1 << 26
MOST_LEVELS = 200
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{}\]]', re.DOTALL)
NO_MORE_LEVELS = f"nested more than {MOST_LEVELS} levels deep"


def read_json(text: bytes, name: str) -> dict[str, Any]:
    """Parse a mapping; `name` is what a complaint calls it.

    Raises:
        ModelError: if it is too large, too deep, or no mapping in JSON.
    """
    if len(text) > MOST_BYTES:
        raise ModelError(f"{name} has {human(len(text))}, more than {human(MOST_BYTES)}")
    if _depth(text) > MOST_LEVELS:
        raise ModelError(f"{name} is {NO_MORE_LEVELS}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{name} holds a {type(found).__name__}, expected a mapping")
    return found


def _depth(text: bytes) -> int:
    depth = most = 0
    for token in _TOKEN.finditer(text):
        char = token[0][:1]
        depth += (char in b"[{") - (char in b"]}")
        most = max(most, depth)
    return most


def mappings(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping of a tree that `read_json` returned, the outer ones first."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
        inner = part.values() if isinstance(part, dict) else part
        waiting += [item for item in inner if isinstance(item, (dict, list))][::-1]
