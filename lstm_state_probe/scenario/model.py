"""The model of a scenario as it is written: a chain or a graph of Keras's own layers."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from lstm_state_probe.errors import brief
from lstm_state_probe.layers.static import name_layers, written_object
from lstm_state_probe.scenario.base import (
    NAMES_SCHEMA,
    BatchShape,
    Name,
    Names,
    Written,
    later,
    wrong,
)

SIBLINGS = ("input", "initial_state")


class LayerEntry(Written):
    """One layer: its Keras class, the arguments, and in a graph where its tensors come from."""

    class_name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    input: Names | None = None
    initial_state: Names | None = None

    def key(self) -> str:
        """Return the key under which the arguments stand in the file."""
        return self.class_name


def _split(value: Any) -> Any:
    """Turn `ClassName` and `{ClassName: {…}, input: …}` into the fields of a LayerEntry."""
    siblings: dict[str, Any] = {}
    if isinstance(value, dict):
        siblings = {key: value[key] for key in SIBLINGS if key in value}
        value = {key: item for key, item in value.items() if key not in SIBLINGS}
    written = written_object(value)
    if written is None:
        raise wrong(
            "a layer is ClassName, or ClassName: {arguments}, in a graph with "
            f"{' and '.join(SIBLINGS)} beside it; found {_found(value)}"
        )
    unnamed = [key for key in written[1] if not isinstance(key, str)]
    if unnamed:
        raise wrong(f"the arguments of {written[0]} have names, found {brief(unnamed[0])}")
    return {"class_name": written[0], "arguments": dict(written[1]), **siblings}


def _found(value: Any) -> str:
    if not isinstance(value, dict) or not value:
        return brief(value)
    if len(value) > 1:
        return "the keys " + ", ".join(map(brief, list(value)[:6]))
    (key, item), *_ = value.items()
    return f"{brief(key)} with {brief(item)}"


def _one_class(siblings: tuple[str, ...]) -> dict[str, Any]:
    """Describe a mapping with one class name beside exactly these siblings."""
    absent = [{"required": [name]} for name in SIBLINGS if name not in siblings]
    count = 1 + len(siblings)
    schema: dict[str, Any] = {"minProperties": count, "maxProperties": count}
    if siblings:
        schema["required"] = list(siblings)
    return {**schema, "not": {"anyOf": absent}} if absent else schema


_LAYER_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "^[A-Z]"},
        {
            "type": "object",
            "properties": {
                "input": {
                    **NAMES_SCHEMA,
                    "description": "an input or an earlier layer; the one before unless given",
                },
                "initial_state": {
                    **NAMES_SCHEMA,
                    "description": "inputs, or a layer with return_state: true",
                },
            },
            "patternProperties": {
                "^[A-Z]": {
                    "type": ["object", "null"],
                    "propertyNames": {"pattern": "^[A-Za-z_]"},
                    "description": "the arguments of the Keras class",
                }
            },
            "additionalProperties": False,
            "anyOf": [
                _one_class(
                    tuple(name for name, there in zip(SIBLINGS, chosen, strict=True) if there)
                )
                for chosen in product((False, True), repeat=len(SIBLINGS))
            ],
        },
    ],
    "description": "a layer by its Keras class name, with that class's own arguments",
}
LayerField = Annotated[LayerEntry, BeforeValidator(_split), WithJsonSchema(_LAYER_SCHEMA)]


class Input(Written):
    """One input of a graph; `batch_shape` is (batch, …), the batch may be null."""

    batch_shape: BatchShape = Field(description="(batch, timesteps, features); batch may be null")
    dtype: str | None = None


def _one_form_schema(schema: dict[str, Any]) -> None:
    for name in LATER_FORMS:
        del schema["properties"][name]
    schema["required"] = ["layers"]
    schema["oneOf"] = [{"required": ["batch_shape"]}, {"required": ["inputs"]}]
    schema["dependencies"] = {"outputs": ["inputs"]}


LATER_FORMS = ("load", "weights", "factory", "arguments")
LaterText = Annotated[str | None, BeforeValidator(later)]


class Model(Written):
    """A chain (`batch_shape`, `layers`) or a graph (`inputs`, `layers`, `outputs`)."""

    model_config = ConfigDict(json_schema_extra=_one_form_schema)

    batch_shape: BatchShape | None = Field(
        None, description="of a chain: (batch, timesteps, features); batch may be null"
    )
    inputs: Annotated[dict[Name, Input], Field(min_length=1)] | None = Field(
        None, description="of a graph: a name for each input"
    )
    layers: Annotated[list[LayerField], Field(min_length=1)] | None = Field(
        None, description="the layers, in order"
    )
    outputs: Names | None = Field(None, description="of a graph: the layers that are returned")
    dtype_policy: str | None = Field(None, description="such as mixed_float16")
    compile: dict[str, Any] | None = Field(None, description="any argument of Model.compile")
    load: LaterText = None
    weights: LaterText = None
    factory: LaterText = None
    arguments: LaterText = None

    @model_validator(mode="after")
    def _one_form(self) -> Model:
        if (self.batch_shape is None) == (self.inputs is None):
            found = "neither" if self.inputs is None else "both"
            raise wrong(
                f"a model has either 'batch_shape' (a chain) or 'inputs' (a graph), found {found}"
            )
        if self.layers is None:
            raise wrong("a model needs 'layers'")
        return self

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
        named = self.named_layers()
        return [name for name, _, arguments in named if says(arguments, "stateful")]


def says(value: Any, key: str) -> bool:
    """Tell whether a key is true anywhere in the arguments of a layer, also of one inside it."""
    if isinstance(value, dict):
        return value.get(key) is True or any(says(item, key) for item in value.values())
    return isinstance(value, list) and any(says(item, key) for item in value)
