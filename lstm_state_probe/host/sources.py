"""Keras's own source of what moves and resets states."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import UsageError, nearest
from lstm_state_probe.scenario.read import read_scenarios

_CLASS_MODULES = ("layers", "models", "optimizers", "callbacks", "initializers")


@dataclass(frozen=True)
class SourcePart:
    """One function or class as it stands in the installed Keras."""

    title: str
    file: str
    line: int
    text: str


def find_source(target: str, *, scenario: str | None, engine: str | None) -> list[SourcePart]:
    """Find the source of `Class.method`, `Class`, or the same by the name of a scenario's layer.

    A method that only hands on to another of its class is followed by that other one.

    Raises:
        UsageError: if there is no such class, layer or method; the message names the nearest.
        EngineMissing: if the engine is not installed.
    """
    from lstm_state_probe.engines import load_engine

    owner_name, _, method = target.partition(".")
    layers, engine = _layers(scenario, engine)
    keras = load_engine(engine)
    owner = _find_class(keras.keras, layers.get(owner_name, owner_name), layers)
    release = f"{keras.package} {keras.version()}"
    if not method:
        return [_part(owner, owner.__name__, release)]
    return list(_methods(owner, method, release))


def _layers(scenario: str | None, engine: str | None) -> tuple[dict[str, str], str]:
    if scenario is None:
        return {}, engine or "keras3"
    if not Path(scenario).is_file():
        raise UsageError(f"no such scenario: {scenario!r}")
    first = read_scenarios(Path(scenario), engine=engine)[0]
    return {name: kind for name, kind, _ in first.spec.model.named_layers()}, first.engine


def _find_class(keras: Any, name: str, layers: dict[str, str]) -> Any:
    known = [*layers]
    for module in (keras, *(getattr(keras, part) for part in _CLASS_MODULES)):
        found = getattr(module, name, None)
        if isinstance(found, type):
            return found
        known += [entry for entry in dir(module) if entry[:1].isupper()]
    hint = "" if layers else "; the name of a layer needs --scenario"
    raise UsageError(f"no class or layer {name!r}{nearest(name, known) or hint}")


def _methods(owner: type, name: str, release: str) -> Iterator[SourcePart]:
    defining = next((cls for cls in owner.__mro__ if name in vars(cls)), None)
    if defining is None:
        names = [entry for entry in dir(owner) if not entry.startswith("__")]
        raise UsageError(f"{owner.__name__} of {release} has no {name!r}{nearest(name, names)}")
    inherited = f", which {owner.__name__} inherits" if defining is not owner else ""
    part = _part(vars(defining)[name], f"{defining.__name__}.{name}{inherited}", release)
    yield part
    handed = re.search(r"\n\s+(?:return )?self\.(\w+)\(\)\s*$", part.text.rstrip() + "\n")
    if handed and len(_code(part.text)) <= 2 and handed[1] != name:
        yield from _methods(owner, handed[1], release)


def _code(text: str) -> list[str]:
    """Return the lines that do something: no docstring, no comment, no blank."""
    bare = re.sub(r'"""[\s\S]*?"""', "", text)
    return [line for line in bare.splitlines() if line.strip() and not line.strip().startswith("#")]


def _part(thing: Any, title: str, release: str) -> SourcePart:
    thing = thing.fget if isinstance(thing, property) else thing
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    try:
        lines, line = inspect.getsourcelines(thing)
    except (OSError, TypeError) as error:
        raise UsageError(f"the source of {title} cannot be read: {error}") from error
    file = inspect.getsourcefile(thing) or "?"
    return SourcePart(f"{title} ({release})", file, max(line, 1), "".join(lines))
