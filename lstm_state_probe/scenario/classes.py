"""Names of layers and of their arguments, read from the text of the installed Keras.

Importing Keras would take seconds; its exports and signatures can be read from its source with
`ast` in milliseconds. Whatever cannot be read so is left to Keras itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path as FilePath
from typing import Any

from lstm_state_probe.errors import nearest
from lstm_state_probe.layers.static import written_object
from lstm_state_probe.scenario.document import Path
from lstm_state_probe.scenario.spec import Scenario

PACKAGES = {"keras3": "keras", "tf_keras": "tf_keras"}
_IMPORT = re.compile(r"^from (\S+) import (\w+)(?: as (\w+))?", re.MULTILINE)
_POPPED = re.compile(r"""kwargs\.(?:pop|get)\(\s*["'](\w+)["']|["'](\w+)["'] in kwargs""")
_OF_EVERY_LAYER = frozenset(
    "name dtype trainable weights input_shape batch_input_shape batch_size input_dim autocast"
    " activity_regularizer dynamic implementation batch_shape".split()
)
_LAYER_KEYS = ("layer", "backward_layer", "cell", "cells", "layers")
Found = tuple[Path, str, bool]


def check(scenario: Scenario, engine: str) -> Iterator[Found]:
    """Yield class names that the installed engine does not have, and arguments it does not take."""
    exports = exported(PACKAGES[engine], "layers")
    if not exports:
        return
    for index, entry in enumerate(scenario.model.layers or ()):
        path: Path = ("model", "layers", index, entry.class_name)
        yield from _layer(entry.class_name, entry.arguments, path, exports=exports, engine=engine)


def _layer(
    kind: str, arguments: Mapping[str, Any], path: Path, *, exports: dict[str, str], engine: str
) -> Iterator[Found]:
    models = ("Sequential",)
    if kind not in exports and kind not in models:
        hint = nearest(kind, exports)
        version = PACKAGES[engine]
        yield path, f"the installed {version} has no layer {kind!r}{hint or '; see `probe doctor`'}", True
        return
    allowed = accepted(exports.get(kind, ""), kind) if kind in exports else None
    for name in arguments:
        if allowed is not None and name not in allowed:
            yield (*path, name), _unknown(kind, str(name), allowed), True
    for key in _LAYER_KEYS:
        if key in arguments:
            yield from _inner(arguments[key], (*path, key), exports=exports, engine=engine)


def _inner(value: Any, path: Path, *, exports: dict[str, str], engine: str) -> Iterator[Found]:
    for k, item in enumerate(value if isinstance(value, list) else [value]):
        here = (*path, k) if isinstance(value, list) else path
        written = written_object(item)
        if written:
            below = (*here, written[0]) if isinstance(item, dict) else here
            yield from _layer(*written, below, exports=exports, engine=engine)


def _unknown(kind: str, name: str, allowed: frozenset[str]) -> str:
    own = ", ".join(sorted(allowed - _OF_EVERY_LAYER))
    return f"{kind} takes no argument {name!r}; allowed: {own}{nearest(name, allowed)}"


@lru_cache(maxsize=8)
def exported(package: str, module: str) -> dict[str, str]:
    """Map the public names of `package.module` to the modules that define them; {} if unreadable."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return {}
    path = FilePath(spec.submodule_search_locations[0]) / module / "__init__.py"
    if not path.is_file():
        return {}
    found = _IMPORT.findall(path.read_text(encoding="utf-8"))
    return {alias or name: source for source, name, alias in found if name[:1].isupper()}


@lru_cache(maxsize=256)
def accepted(module: str, class_name: str) -> frozenset[str] | None:
    """Return the keyword arguments that a class takes; None if its source does not tell."""
    source = _class_source(module, class_name)
    if source is None:
        return None
    names = set(source.arguments)
    if not source.passes_on:
        return frozenset(names)
    for base_module, base in source.bases:
        if base in ("Layer", "BaseRandomLayer", "BaseWrapper", "Wrapper"):
            names |= _OF_EVERY_LAYER | ({"layer"} if "Wrapper" in base else set())
            continue
        if base.endswith("Mixin") or base == "DropoutRNNCell":
            continue
        inherited = accepted(base_module, base)
        if inherited is None:
            return None
        names |= inherited - ({"cell"} if base == "RNN" else set())
    return frozenset(names | _OF_EVERY_LAYER)


@dataclass(frozen=True)
class _Source:
    arguments: frozenset[str]
    passes_on: bool
    bases: tuple[tuple[str, str], ...]


def _class_source(module: str, class_name: str) -> _Source | None:
    text = _module_text(module)
    if text is None:
        return None
    imports = {alias or name: source for source, name, alias in _IMPORT.findall(text)}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            init = next((n for n in node.body if getattr(n, "name", "") == "__init__"), None)
            bases = tuple(_base(base, imports, module) for base in node.bases)
            if not isinstance(init, ast.FunctionDef):
                return _Source(frozenset(), True, bases)
            spec = init.args
            named = {a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)} - {"self"}
            body = ast.get_source_segment(text, init) or ""
            popped = {a or b for a, b in _POPPED.findall(body)}
            return _Source(frozenset(named | popped), spec.kwarg is not None, bases)
    return None


def _base(node: ast.expr, imports: dict[str, str], module: str) -> tuple[str, str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        package = imports.get(node.value.id, "")
        return f"{package}.{node.value.id}", node.attr
    name = node.id if isinstance(node, ast.Name) else ""
    return imports.get(name, module), name


def _module_text(module: str) -> str | None:
    package, _, rest = module.partition(".")
    spec = find_spec(package) if package else None
    if spec is None or not spec.submodule_search_locations:
        return None
    path = FilePath(spec.submodule_search_locations[0]).joinpath(*rest.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    return file.read_text(encoding="utf-8") if file.is_file() else None
