"""The signs before a verdict, and what stands for them where they cannot be written."""

from __future__ import annotations

from collections.abc import Mapping

SYMBOLS: Mapping[str, str] = {
    "passed": "✓",
    "failed": "✗",
    "error": "!",
    "no expectations": "○",
    "line": "─",
    "to": "…",
    "arrow": " → ",
    "finding": "•",
}
ASCII: Mapping[str, str] = {
    "passed": "+",
    "failed": "x",
    "error": "!",
    "no expectations": "o",
    "line": "-",
    "to": "...",
    "arrow": " -> ",
    "finding": "*",
}
