"""What a scenario names that acts outside the model, which needs the user's consent.

Without Keras, so that `validate` says it too; the same is asked again where an object is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.errors import ScenarioError, brief
from lstm_state_probe.layers.static import written_object
from lstm_state_probe.scenario.fits.classes import PACKAGES
from lstm_state_probe.scenario.fits.custom import LAYER_KEYS
from lstm_state_probe.scenario.fits.harmless import HARMLESS, NEEDS_CONSENT, READS_A_FILE
from lstm_state_probe.scenario.fits.keras_source import exported
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Operation

FLAG = "only with --allow-code, if you trust this scenario"
PARTS = (
    *("layers", "models", "initializers", "regularizers", "constraints", "optimizers"),
    *("optimizers.schedules", "losses", "metrics", "callbacks"),
)
"""Where a class of a scenario is looked up; `model/objects.py` looks there and nowhere else."""
WORDS_ARE_CLASSES = (*LAYER_KEYS, "callbacks")
"""The arguments under which a mere word, `callbacks: [TensorBoard]`, stands for a class."""
Asked = tuple[Path, str]


def refuse(scenario: ScenarioFile) -> None:
    """Refuse a scenario that needs consent, before anything of it is made.

    Raises:
        ScenarioError: with each place.
    """
    found = [scenario.document.complaint(path, told, at_key=True) for path, told in asked(scenario)]
    if found:
        raise ScenarioError(found)


def asked(scenario: ScenarioFile) -> Iterator[Asked]:
    """Yield each place of a scenario that needs consent, and why."""
    look = Look(PACKAGES[scenario.engine])
    spec = scenario.spec
    for index, entry in enumerate(spec.model.layers or ()):
        path: Path = ("model", "layers", index, entry.class_name)
        yield from look.object(entry.class_name, entry.arguments, path)
    yield from look.value("compile", spec.model.compile or {}, ("model", "compile"))
    yield from _in_operations(look, spec.operations, ("operations",))


def _in_operations(look: Look, operations: list[Operation], path: Path) -> Iterator[Asked]:
    for index, operation in enumerate(operations):
        here: Path = (*path, index, operation.name)
        callbacks = getattr(operation.arguments, "callbacks", None)
        yield from look.value("callbacks", callbacks, (*here, "callbacks"))
        if operation.repeat is not None:
            yield from _in_operations(look, operation.repeat.operations, (*here, "operations"))


@dataclass(frozen=True)
class Look:
    """Looks through what is written for a Keras; `package` is its import name."""

    package: str

    def object(self, name: str, arguments: Mapping[str, Any], path: Path) -> Iterator[Asked]:
        """Yield why an object, or one inside its arguments, needs consent."""
        does = self.why(name)
        if does is not None:
            yield path, f"{name} {does}: {FLAG}"
        yield from self._mapping(arguments, path)

    def value(self, key: str, value: Any, path: Path) -> Iterator[Asked]:
        """Yield why what stands under an argument needs consent."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.value(key, item, (*path, index))
            return
        written = written_object(value)
        if written is not None and (isinstance(value, dict) or key in WORDS_ARE_CLASSES):
            here = (*path, written[0]) if isinstance(value, dict) else path
            yield from self.object(*written, here)
        elif isinstance(value, dict):
            yield from self._mapping(value, path)

    def why(self, name: str) -> str | None:
        """Say what a class does outside the model; None if nothing, or Keras has no such class."""
        if name in NEEDS_CONSENT:
            return NEEDS_CONSENT[name]
        new = name not in HARMLESS and any(name in exported(self.package, part) for part in PARTS)
        return "is not known to be harmless" if new else None

    def _mapping(self, written: Mapping[Any, Any], path: Path) -> Iterator[Asked]:
        yield from self._saved(written, path)
        for key, value in written.items():
            if key in READS_A_FILE and isinstance(value, str):
                yield (*path, key), f"{key!r} is a file to read, {brief(value)}: {FLAG}"
            yield from self.value(str(key), value, (*path, key))

    def _saved(self, value: Mapping[Any, Any], path: Path) -> Iterator[Asked]:
        """Yield why an object in the form of a saved model needs consent: Keras imports its class.

        tf_keras 2.21 takes the class from `module`, any module, by `class_name` or, if there is
        none, by `registered_name`.
        """
        if "class_name" not in value and "registered_name" not in value:
            return
        names = [value[k] for k in ("class_name", "registered_name") if value.get(k) is not None]
        module = value.get("module") or "keras"
        top = module.split(".")[:2] if isinstance(module, str) else []
        own = top[:1] in (["keras"], ["tf_keras"]) and top[1:] != ["src"]
        if not own or any(name not in HARMLESS for name in map(str, names)):
            yield (
                path,
                f"{brief(names[0] if names else None)} of {module!r:.60} can be code: {FLAG}",
            )
