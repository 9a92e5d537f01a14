"""Names of Keras classes and of their arguments, compared with what the installed Keras has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.layers.static import written_object
from lstm_state_probe.scenario.fits.custom import KERAS_ALONE, LAYER_KEYS, CustomNames
from lstm_state_probe.scenario.fits.keras_source import Signature, exported, is_function, signature
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.spec import Scenario

PACKAGES = {"keras3": "keras", "tf_keras": "tf_keras"}
COMPILE = {
    "keras3": "keras.src.trainers.trainer:Trainer",
    "tf_keras": "tf_keras.src.engine.training:Model",
}
SEQUENTIAL = Signature(frozenset({"layers", "name", "trainable"}))
_MODULES = (
    ("_initializer", "initializers"),
    ("_regularizer", "regularizers"),
    ("_constraint", "constraints"),
    ("learning_rate", "optimizers.schedules"),
    ("optimizer", "optimizers"),
)
_EVERYWHERE = (
    *("layers", "initializers", "regularizers", "constraints", "losses", "metrics", "callbacks"),
    *("optimizers", "optimizers.schedules"),
)
_YAML_1_1 = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false"})
_OF_EVERY_LAYER = frozenset(
    {"name", "dtype", "trainable", "autocast", "dynamic", "weights", "batch_size"}
    | {"input_shape", "input_dim", "input_length", "batch_input_shape", "activity_regularizer"}
)
Found = tuple[Path, str, bool]


def check(scenario: Scenario, engine: str, custom: CustomNames = KERAS_ALONE) -> Iterator[Found]:
    """Yield classes that the installed engine does not have, and arguments it does not take.

    A class of the user's own is not known before its file runs, and so is left alone.
    """
    keras = Keras(PACKAGES[engine], custom)
    if not keras.layers:
        return
    for index, entry in enumerate(scenario.model.layers or ()):
        path: Path = ("model", "layers", index, entry.class_name)
        yield from keras.layer(entry.class_name, entry.arguments, path)
    compile_ = scenario.model.compile
    if compile_ is not None:
        path = ("model", "compile")
        takes = signature(COMPILE[engine], "compile")
        yield from keras.arguments("compile", compile_, path, takes=takes)


@dataclass(frozen=True)
class Keras:
    """An installed Keras as its source describes it; `package` is its import name."""

    package: str
    custom: CustomNames = KERAS_ALONE

    @property
    def layers(self) -> Mapping[str, str]:
        """Its layers by name; empty if it is not installed or cannot be read."""
        return exported(self.package, "layers")

    def layer(self, kind: str, arguments: Mapping[str, Any], path: Path) -> Iterator[Found]:
        """Yield what is wrong with a layer, and with what is inside it."""
        place = self.layers.get(kind)
        if self.custom.may_be(kind, known=place is not None or kind == "Sequential"):
            return
        if kind == "Sequential":
            yield from self.arguments(kind, arguments, path, takes=SEQUENTIAL)
        elif place is None:
            hint = nearest(kind, self.layers) or "; `probe doctor` tells the installed versions"
            yield path, f"the installed {self.package} has no layer {brief(kind)}{hint}", True
        elif is_function(place):
            message = (
                f"{kind} is not a layer; the inputs of a model are its batch_shape or 'inputs'"
            )
            yield path, message, True
        else:
            yield from self.arguments(kind, arguments, path, takes=signature(place))

    def arguments(
        self, kind: str, arguments: Mapping[str, Any], path: Path, *, takes: Signature | None
    ) -> Iterator[Found]:
        """Yield unknown, missing and misunderstood arguments; look into those that are known."""
        for name, value in arguments.items():
            if takes is not None and name not in takes.names:
                own = sorted(takes.names - _OF_EVERY_LAYER)
                allowed = f"allowed: {listed(own)}{nearest(name, takes.names)}"
                yield (*path, name), f"{kind} takes no argument {brief(name)}; {allowed}", True
            elif takes is not None and name in takes.flags and _is_yaml_1_1(value):
                message = f"{kind} {name} takes true or false; {value!r} is a text in YAML 1.2"
                yield (*path, name), message, False
            else:
                yield from self.value(str(name), value, (*path, name))
        for name in sorted(takes.required - set(arguments)) if takes is not None else ():
            yield path, f"{kind} needs {name!r}", True

    def value(self, name: str, value: Any, path: Path) -> Iterator[Found]:
        """Yield what is wrong with the objects that stand under an argument."""
        for k, item in enumerate(value if isinstance(value, list) else [value]):
            written = written_object(item)
            if written is None or (isinstance(item, str) and name not in LAYER_KEYS):
                continue
            here = (*path, k) if isinstance(value, list) else path
            below = (*here, written[0]) if isinstance(item, dict) else here
            if name in LAYER_KEYS:
                yield from self.layer(*written, below)
            else:
                yield from self.other(name, *written, path=below)

    def other(
        self, name: str, kind: str, arguments: Mapping[str, Any], *, path: Path
    ) -> Iterator[Found]:
        """Yield what is wrong with an object that is no layer, such as an optimizer."""
        module = next((module for word, module in _MODULES if word in name), None)
        modules = (module, *_EVERYWHERE) if module else _EVERYWHERE
        places = (exported(self.package, part).get(kind) for part in modules)
        place = next((place for place in places if place), None)
        if self.custom.may_be(kind, known=place is not None):
            return
        if place is not None:
            takes = None if is_function(place) else signature(place)
            yield from self.arguments(kind, arguments, path, takes=takes)
        elif module is not None and exported(self.package, module):
            message = f"the installed {self.package}.{module} has no {brief(kind)}"
            yield path, message + nearest(kind, exported(self.package, module)), True


def _is_yaml_1_1(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in _YAML_1_1
