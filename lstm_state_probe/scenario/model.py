"""The model of a scenario as it is written: a chain or a graph of Keras's own layers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from lstm_state_probe.layers.static import name_layers, written_object
from lstm_state_probe.scenario.base import LATER, BatchShape, Name, Written, wrong

_SIBLINGS = ("input", "initial_state")


class LayerEntry(Written):
    """One layer: its Keras class, the arguments, and in a graph where its tensors come from."""

    class_name: str
    arguments: dict[str, Any] = {}
    input: str | list[str] | None = None
    initial_state: str | list[str] | None = None

    def key(self) -> str:
        """Return the key under which the arguments stand in the file."""
        return self.class_name


def _split(value: Any) -> Any:
    """Turn `ClassName` and `{ClassName: {…}, input: …}` into the fields of a LayerEntry."""
    siblings: dict[str, Any] = {}
    if isinstance(value, dict):
        siblings = {key: value[key] for key in _SIBLINGS if key in value}
        value = {key: item for key, item in value.items() if key not in _SIBLINGS}
    written = written_object(value)
    if written is None:
        raise wrong(
            "a layer is ClassName, or ClassName: {arguments}, in a graph with "
            f"{' and '.join(_SIBLINGS)} beside it; found {_brief(value)}"
        )
    return {"class_name": written[0], "arguments": dict(written[1]), **siblings}


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return "the keys " + ", ".join(map(repr, value)) if value else "an empty mapping"
    return f"{value!r:.60}"


_LAYER_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "^[A-Z]"},
        {
            "type": "object",
            "properties": {
                "input": {"type": ["string", "array"], "items": {"type": "string"}},
                "initial_state": {"type": ["string", "array"], "items": {"type": "string"}},
            },
            "patternProperties": {"^[A-Z]": {"type": ["object", "null"]}},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 3,
        },
    ],
    "description": "a layer by its Keras class name, with that class's own arguments",
}
LayerField = Annotated[LayerEntry, BeforeValidator(_split), WithJsonSchema(_LAYER_SCHEMA)]


class Input(Written):
    """One input of a graph; `batch_shape` is (batch, …), the batch may be null."""

    batch_shape: BatchShape
    dtype: str | None = None


class Model(Written):
    """A chain (`batch_shape`, `layers`) or a graph (`inputs`, `layers`, `outputs`)."""

    batch_shape: BatchShape | None = None
    inputs: Annotated[dict[Name, Input], Field(min_length=1)] | None = None
    layers: Annotated[list[LayerField], Field(min_length=1)] | None = None
    outputs: str | list[str] | None = None
    dtype_policy: str | None = None
    compile: dict[str, Any] | None = None
    load: str | None = None
    weights: str | None = None
    factory: str | None = None
    arguments: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Model:
        for name in ("load", "weights", "factory", "arguments"):
            if getattr(self, name) is not None:
                raise wrong(f"'{name}' {LATER}; allowed: 'batch_shape' or 'inputs' with 'layers'")
        if (self.batch_shape is None) == (self.inputs is None):
            raise wrong("a model has either 'batch_shape' (a chain) or 'inputs' (a graph)")
        if self.layers is None:
            raise wrong("a model needs 'layers'")
        if self.batch_shape is not None:
            self._refuse_graph_words()
        return self

    def _refuse_graph_words(self) -> None:
        if self.outputs is not None:
            raise wrong("'outputs' belongs to a graph (with 'inputs')")
        for entry in self.layers or ():
            for word in _SIBLINGS:
                if getattr(entry, word) is not None:
                    raise wrong(
                        f"'{word}' beside {entry.class_name} belongs to a graph (with 'inputs')"
                    )

    def named_layers(self) -> list[tuple[str, str, dict[str, Any]]]:
        """List (name, class name, arguments); a missing name is the one that Keras would give."""
        entries = [{entry.class_name: entry.arguments} for entry in self.layers or ()]
        return [(name, kind, dict(arguments)) for name, kind, arguments in name_layers(entries)]

    def input_shapes(self) -> dict[str | None, list[int | None]]:
        """Map each input's name (None for a chain) to its batch shape."""
        if self.inputs is not None:
            return {name: list(entry.batch_shape) for name, entry in self.inputs.items()}
        return {None: list(self.batch_shape or [])}

    def stateful_layers(self) -> list[str]:
        """Name the layers that are stateful, or hold one that is."""
        return [name for name, _, arguments in self.named_layers() if _says_stateful(arguments)]


def _says_stateful(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("stateful") is True or any(map(_says_stateful, value.values()))
    return isinstance(value, list) and any(map(_says_stateful, value))
