"""The names that a scenario's Python files define, as far as their text tells; nothing runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from lstm_state_probe.layers.static import written_object

LAYER_KEYS = ("layer", "backward_layer", "cell", "cells", "layers")


@dataclass(frozen=True)
class CustomNames:
    """Which class names may be the user's own.

    `bound` are those at the top of the files; None if a file does not tell. `some`: whether there
    are files at all, whose code may define further names.
    """

    some: bool = False
    bound: frozenset[str] | None = frozenset()

    def may_be(self, name: str, *, known: bool) -> bool:
        """Tell whether a name, which Keras has or has not, may be one of the user's."""
        return self.some and (not known or self.bound is None or name in self.bound)


KERAS_ALONE = CustomNames()


def custom_names(files: Iterable[str], folder: FilePath) -> CustomNames:
    """Read which names the files of a scenario bind at their top."""
    bound: set[str] | None = set()
    for name in files:
        names = _bound(folder / name)
        bound = None if bound is None or names is None else bound | names
    return CustomNames(True, None if bound is None else frozenset(bound))


def _bound(file: FilePath) -> set[str] | None:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # the run says what is wrong with it
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            if any(alias.name == "*" for alias in node.names):
                return None
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def layer_names(layers: Iterable[tuple[str, str, Any]]) -> Iterator[str]:
    """Yield the class names of layers and cells, also of those inside others."""
    for _, kind, arguments in layers:
        yield kind
        yield from _inner(arguments)


def _inner(arguments: Any) -> Iterator[str]:
    for key, value in arguments.items() if isinstance(arguments, dict) else ():
        for item in (value if isinstance(value, list) else [value]) if key in LAYER_KEYS else ():
            written = written_object(item)
            if written is not None:
                yield written[0]
                yield from _inner(dict(written[1]))
