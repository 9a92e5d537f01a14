"""What the functions of the API are given: a model or a layer, of either Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.errors import NoSuchState, NotAModel, listed, nearest
from lstm_state_probe.layers.find import Recurrent, find_recurrent
from lstm_state_probe.recording.recorder import Recorder, recorder_of

PACKAGES = {"keras": "keras3", "tf_keras": "tf_keras"}
"""The package in which a `Layer` is defined, and its engine."""


def engine_of(model: Any) -> Engine:
    """Return the engine of a model or a layer, told by the package of its base class.

    Raises:
        NotAModel: for anything else; a TypeError.
        EngineMissing: if Keras 3 runs on another backend than TensorFlow.
    """
    for cls in type(model).__mro__:
        package = cls.__module__.partition(".")[0]
        if cls.__name__ == "Layer" and package in PACKAGES:
            return load_engine(PACKAGES[package])
    hint = "; give an object, not its class" if isinstance(model, type) else ""
    kind = type(model)
    raise NotAModel(
        "expected a model or a layer of Keras 3 or tf_keras, found"
        f" {kind.__module__}.{kind.__qualname__}{hint}"
    )


@dataclass(frozen=True)
class Subject:
    """A model or a layer, its engine, and its recurrent layers."""

    engine: Engine
    model: Any
    parts: Sequence[Recurrent]

    @classmethod
    def of(cls, model: Any) -> Subject:
        """Look into a model.

        Raises:
            NotAModel: if it is none.
        """
        return cls(engine_of(model), model, tuple(find_recurrent(model)))

    def held(self) -> dict[str, Array]:
        """Copy what the stateful layers hold, by address; a layer that is not built has nothing."""
        return {
            address: value
            for part in self.parts
            for address, value in zip(part.addresses, self.engine.held(part.layer), strict=False)
        }

    def chosen(self, layers: str | Iterable[str]) -> list[Recurrent]:
        """Return the recurrent layers that addresses or globs name.

        Raises:
            NoSuchState: if one names none; a KeyError.
        """
        patterns = [layers] if isinstance(layers, str) else list(layers)
        known = [part.address for part in self.parts]
        for pattern in patterns:
            if pattern != "*" and not any(_names(pattern, address) for address in known):
                have = f"known: {listed(known)}{nearest(pattern, known)}"
                raise NoSuchState(f"no recurrent layer is named {pattern!r}; {have}")
        return [p for p in self.parts if any(_names(pattern, p.address) for pattern in patterns)]

    def zeros(self, parts: Iterable[Recurrent]) -> dict[str, Array]:
        """Return zeros for what layers hold."""
        addresses = {address for part in parts for address in part.addresses}
        return {a: np.zeros_like(value) for a, value in self.held().items() if a in addresses}

    def put(self, values: Mapping[str, Array], *, doing: str) -> None:
        """Assign states in place; a recorder that is attached is told.

        `doing` is `reset` or what else was done, which then is the origin of the states.
        """
        with ExitStack() as stack:
            recorders = list(self.recorders())
            for recorder in recorders:
                stack.enter_context(recorder.around(doing))
                recorder.collect()  # what waits was recorded before
            self.assign(values)
            for recorder in recorders:
                self._tell(recorder, values, reset=doing == "reset")

    def assign(self, values: Mapping[str, Array]) -> None:
        """Assign states in place, told to nobody."""
        for part in self.parts:
            found = {k: values[a] for k, a in enumerate(part.addresses) if a in values}
            if found:
                self.engine.assign(part.layer, found)

    def recorders(self) -> Iterator[Recorder]:
        """Yield the recorders that are attached to any of the layers, each once."""
        found = {id(r): r for part in self.parts if (r := recorder_of(part.layer)) is not None}
        yield from found.values()

    def _tell(self, recorder: Recorder, values: Mapping[str, Array], *, reset: bool) -> None:
        """Tell a recorder which states were put, by the addresses that it has for the layers."""
        theirs = {id(part.layer): part.addresses for part in recorder.layers}
        touched = [
            theirs[id(part.layer)][k]
            for part in self.parts
            for k, address in enumerate(part.addresses)
            if address in values and id(part.layer) in theirs
        ]
        if reset:
            recorder.origins.reset(touched)
        else:
            recorder.origins.assigned(recorder.held(), touched)


def _names(pattern: str, address: str) -> bool:
    """Tell whether a pattern is a layer's address, its outer layer's, or a glob of it."""
    return fnmatchcase(address, pattern) or address.startswith(f"{pattern}/")
