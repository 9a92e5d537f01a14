"""Chains and graphs of Keras layers, built and compiled."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.model.code import Code
from lstm_state_probe.model.factory import from_factory
from lstm_state_probe.model.from_file import from_file
from lstm_state_probe.model.objects import Objects
from lstm_state_probe.model.weigh import weighed
from lstm_state_probe.scenario.consent import refuse
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path


@dataclass(frozen=True)
class BuiltModel:
    """A Keras model; `custom` are the user's own classes and functions by name.

    `allow_code`: whether what is made later for it may act outside the model.
    """

    keras: Any
    custom: Mapping[str, Any] = field(default_factory=dict)
    allow_code: bool = False


def build_model(scenario: ScenarioFile, engine: Engine, *, allow_code: bool = False) -> BuiltModel:
    """Build, load or have made, and compile, the model of a scenario.

    Raises:
        ScenarioError: if Keras has no class of a name, a size would not fit, or code would run
            that is not allowed to.
        CouldNotRun: if Keras refuses to build or to compile, or the user's code raises.
    """
    code = Code(scenario, engine, allow_code)
    code.read()
    if not allow_code:
        refuse(scenario)
    objects = Objects(engine, scenario, code.names, allow_code)
    spec = scenario.spec.model
    custom_scope = engine.keras.saving.custom_object_scope
    place: Path = ("model", "layers" if spec.is_written else spec.form)
    weigh = weighed(engine, lambda figure: scenario.error(place, figure))
    policy = _policy(objects, spec.dtype_policy)
    with custom_scope(code.names), policy, weigh, engine.noting_builds():
        model = _FORMS[spec.form](objects, code)
    if spec.compile is not None:
        path: Path = ("model", "compile")
        arguments = objects.arguments(spec.compile, path)
        objects.attempt(lambda: model.compile(**arguments), path, "compiling the model")
    if model.built:  # a model of the user's own may be built by its first call
        objects.attempt(lambda: engine.build_optimizer(model), ("model",), "building the optimizer")
    return BuiltModel(model, code.names, allow_code)


@contextmanager
def _policy(objects: Objects, name: str | None) -> Iterator[None]:
    path: Path = ("model", "dtype_policy")
    manager = objects.engine.policy(name)
    objects.attempt(manager.__enter__, path, f"the dtype policy {name!r}")
    try:
        yield
    finally:
        manager.__exit__(None, None, None)


def _layers(objects: Objects) -> Iterator[tuple[int, str, Any, Path]]:
    spec = objects.scenario.spec.model
    for index, (name, kind, arguments) in enumerate(spec.named_layers()):
        path: Path = ("model", "layers", index, kind)
        layer = objects.make(kind, {**arguments, "name": name}, key="layer", path=path)
        yield index, name, layer, path


def _chain(objects: Objects, code: Code) -> Any:
    spec, keras = objects.scenario.spec.model, objects.engine.keras
    shape = tuple(spec.batch_shape or ())
    model = keras.Sequential([keras.Input(batch_shape=shape)])
    for _, _, layer, path in _layers(objects):
        objects.attempt(lambda layer=layer: model.add(layer), path, f"building {layer.name!r}")
    return model


def _graph(objects: Objects, code: Code) -> Any:
    spec, keras = objects.scenario.spec.model, objects.engine.keras
    inputs = {
        name: objects.attempt(
            lambda name=name, entry=entry: keras.Input(
                batch_shape=tuple(entry.batch_shape), dtype=entry.dtype, name=name
            ),
            ("model", "inputs", name),
            f"the input {name!r}",
        )
        for name, entry in (spec.inputs or {}).items()
    }
    made: dict[str, Any] = dict(inputs)
    previous = next(iter(inputs))
    for index, name, layer, path in _layers(objects):
        entry = (spec.layers or [])[index]
        source = _sources(made, entry.input or previous)
        states = _states(made, entry.initial_state)
        made[name] = objects.attempt(
            lambda: _apply(layer, source, states),  # noqa: B023 - called at once
            path,
            f"building {name!r}",
        )
        previous = name
    outputs = _sources(made, spec.outputs or previous)
    return objects.attempt(
        lambda: keras.Model(inputs=inputs, outputs=outputs), ("model",), "building the model"
    )


def _first(made: Any) -> Any:
    """Return the output of a layer, without the states that it returns beside it."""
    return made[0] if isinstance(made, (list, tuple)) else made


def _sources(made: dict[str, Any], names: str | list[str]) -> Any:
    if isinstance(names, str):
        return _first(made[names])
    return [_first(made[name]) for name in names]


def _states(made: dict[str, Any], names: str | list[str] | None) -> list[Any] | None:
    """Return the states that a layer is given: inputs by name, or what a layer returned."""
    if names is None:
        return None
    if isinstance(names, list):
        return [_first(made[name]) for name in names]
    value = made[names]
    return list(value[1:]) if isinstance(value, (list, tuple)) else [value]


def _apply(layer: Any, source: Any, states: list[Any] | None) -> Any:
    kwargs = {} if states is None else {"initial_state": states}
    if isinstance(source, list) and _takes_several(layer):
        return layer(*source, **kwargs)
    return layer(source, **kwargs)


def _takes_several(layer: Any) -> bool:
    """Tell a layer that takes its tensors as several arguments (MultiHeadAttention) from a list."""
    empty, positional = inspect.Parameter.empty, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(layer.call).parameters.values()
    required = [p for p in parameters if p.default is empty and p.kind is positional]
    return len(required) > 1


_FORMS: dict[str, Callable[[Objects, Code], Any]] = {
    "batch_shape": _chain,
    "inputs": _graph,
    "load": from_file,
    "factory": from_factory,
}
