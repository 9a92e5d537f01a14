"""JSON of a saved model, which somebody else wrote, read within bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lstm_state_probe.amounts import say_bytes
from lstm_state_probe.errors import ModelError

MOST_BYTES = 1 << 26
MOST_LEVELS = 200
MOST_PARTS = 1_000_000
SUSPECT_SIZE = 1 << 26
SUSPECT_RATIO = 100
"""What is larger than that size, and unpacks to more than that many times its size, is a bomb."""
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_TEXT = re.compile(rb'"[^"]*"?')
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def architecture_alone(model: Path, weights: object | None) -> bool:
    """Tell whether Keras draws the weights of a saved model, of which there is no more than that.

    Every other format of a model holds its weights.
    """
    return model.suffix.lower() == ".json" and weights is None


def read_json(text: bytes, name: str) -> dict[str, Any]:
    """Parse a mapping; `name` is what a complaint calls it.

    Raises:
        ModelError: if it is too large, too deep, or no mapping in JSON.
    """
    if len(text) > MOST_BYTES:
        raise ModelError(f"{name} has {say_bytes(len(text))}, more than {say_bytes(MOST_BYTES)}")
    brackets = _brackets(text)
    if brackets.count(b"[") + brackets.count(b"{") > MOST_PARTS:
        raise ModelError(f"{name} has more than {MOST_PARTS:,} lists and mappings")
    if _depth(brackets) > MOST_LEVELS:
        raise ModelError(f"{name} is nested more than {MOST_LEVELS} levels deep")
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{name} holds a {type(found).__name__}, expected a mapping")
    return found


def _brackets(text: bytes) -> bytes:
    """Leave the brackets outside texts; each pass is linear, whatever the text is."""
    return _TEXT.sub(b"", _ESCAPED.sub(b"", text)).translate(None, _NO_BRACKETS)


def _depth(brackets: bytes) -> int:
    """Return the deepest nesting, or a little more than is allowed."""
    depth = most = 0
    for char in brackets:
        depth += 1 if char in b"[{" else -1
        most = max(most, depth)
        if most > MOST_LEVELS:
            break
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
