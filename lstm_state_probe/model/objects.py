"""Keras objects from their one-key form `{ClassName: {arguments}}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.errors import CouldNotRun, ProbeError, nearest
from lstm_state_probe.layers.static import name_layers, written_object
from lstm_state_probe.model.code import engine_of, line_of
from lstm_state_probe.scenario.consent import PARTS, WORDS_ARE_CLASSES, Look
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path

_LAYER_LISTS = ("layers",)
_HINTS: tuple[tuple[str, str], ...] = (
    ("_initializer", "initializers"),
    ("_regularizer", "regularizers"),
    ("_constraint", "constraints"),
    ("optimizer", "optimizers"),
    ("learning_rate", "optimizers.schedules"),
    ("loss", "losses"),
    ("metrics", "metrics"),
    ("callbacks", "callbacks"),
    ("layer", "layers"),
    ("cell", "layers"),
)


@dataclass(frozen=True)
class Objects:
    """Makes objects of one engine; a complaint points into the scenario's file.

    `custom` are the user's own classes and functions, which go before Keras's. `allow_code`: a
    class may be made that acts outside the model.
    """

    engine: Engine
    scenario: ScenarioFile
    custom: Mapping[str, Any] = field(default_factory=dict)
    allow_code: bool = False

    def arguments(self, written: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Make every object inside a mapping of arguments."""
        return {key: self.value(item, str(key), (*path, key)) for key, item in written.items()}

    def value(self, written: Any, key: str, path: Path) -> Any:
        """Make what stands under an argument: an object, a list, or the value as it is."""
        if isinstance(written, list):
            named = self._named(written) if key in _LAYER_LISTS else written
            return [self.value(item, key, (*path, k)) for k, item in enumerate(named)]
        parts = written_object(written)
        if isinstance(written, str) and key not in WORDS_ARE_CLASSES:
            return self._word(written, key, path)
        if parts is None:
            if isinstance(written, dict):
                return {k: self.value(v, key, (*path, k)) for k, v in written.items()}
            return written
        return self._object(parts[0], parts[1], key=key, path=path, written=written)

    def _word(self, written: str, key: str, path: Path) -> Any:
        """Let a word stand for a function of the user's, or for a class where Keras would."""
        found = self.custom.get(written)
        if found is None or key == "name":
            return written
        if isinstance(found, type):
            return self.make(written, {}, key=key, path=path) if _hinted(key) else written
        return found

    def _object(
        self, name: str, arguments: Mapping[str, Any], *, key: str, path: Path, written: Any
    ) -> Any:
        here = (*path, name) if isinstance(written, dict) else path
        if self.find(name, key) is None and not _hinted(key) and isinstance(written, dict):
            return {name: self.value(arguments, key, here)}
        return self.make(name, arguments, key=key, path=here)

    def make(self, name: str, arguments: Mapping[str, Any], *, key: str, path: Path) -> Any:
        """Make one object of a Keras class.

        Raises:
            ScenarioError: if Keras has no such class.
            CouldNotRun: if Keras refuses the arguments.
        """
        cls = self.find(name, key)
        if cls is None:
            known = [*self.custom, *self._names(key)]
            where = _hinted(key) or "Keras"
            raise self.scenario.error(
                path, f"{self.engine.package} has no {name!r} in {where}{nearest(name, known)}"
            )
        self._consented(name, arguments, path)
        own = engine_of(cls) if name in self.custom else None
        if own not in (None, self.engine.name):
            raise self.scenario.error(
                path,
                f"{name} derives from a class of {own}, the scenario runs on {self.engine.name};"
                " the file need not import Keras: the name 'keras' is the engine's own",
            )
        made = self.arguments(arguments, path)
        return self.attempt(lambda: cls(**made), path, f"making {name}")

    def _consented(self, name: str, arguments: Mapping[str, Any], path: Path) -> None:
        look = Look(self.engine.package)
        asked = () if self.allow_code else look.object(name, arguments, path)
        for where, told in asked:
            raise self.scenario.error(where, told)

    def attempt(self, act: Any, path: Path, doing: str) -> Any:
        """Let Keras act; what it raises is told with the place in the file.

        Raises:
            CouldNotRun: chained to Keras's own error.
        """
        try:
            return act()
        except ProbeError:
            raise
        except (Exception, SystemExit) as error:  # the boundary: Keras may raise anything
            where = line_of(error, self.scenario.path.parent) if self.custom else ""
            told = ", ".join(described(error).splitlines())  # a complaint is one line
            place = self.scenario.error(path, f"{doing}: {told}{where}")
            raise CouldNotRun(place) from error

    def find(self, name: str, key: str) -> Any | None:
        """Find the user's own, then a class where the argument's name suggests it, then any."""
        if name in self.custom:
            return self.custom[name]
        for module in self._modules(key):
            found = getattr(module, name, None)
            if isinstance(found, type):
                return found
        return None

    def _modules(self, key: str) -> Iterator[Any]:
        hinted = _hinted(key)
        for path in dict.fromkeys((hinted, *PARTS)) if hinted else PARTS:
            module: Any = self.engine.keras
            for part in path.split("."):
                module = getattr(module, part)
            yield module

    def _names(self, key: str) -> Iterator[str]:
        for module in self._modules(key):
            yield from (name for name in dir(module) if name[:1].isupper())

    @staticmethod
    def _named(written: list[Any]) -> list[Any]:
        """Give layers in a list the names that Keras gives in a fresh session."""
        if not all(written_object(item) for item in written):
            return written
        return [
            {kind: {**arguments, "name": name}} for name, kind, arguments in name_layers(written)
        ]


def _hinted(key: str) -> str | None:
    return next((module for word, module in _HINTS if word in key), None)
