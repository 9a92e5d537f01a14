"""The model of a scenario as it is written, in one of four forms."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from lstm_state_probe.errors import brief
from lstm_state_probe.layers.static import name_layers
from lstm_state_probe.scenario.written.base import BatchShape, Name, Names, Written, wrong
from lstm_state_probe.scenario.written.entries import LayerField

FORMS = {
    "batch_shape": "a chain",
    "inputs": "a graph",
    "load": "a saved model",
    "factory": "a function of yours",
}
WRITTEN_FORMS = ("batch_shape", "inputs")
GOES_WITH = {
    "layers": WRITTEN_FORMS,
    "outputs": ("inputs",),
    "weights": ("load",),
    "arguments": ("factory",),
}
"""The keys that belong to some forms alone."""
FACTORY = r"^([^:\s][^:]*\.py|[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):[A-Za-z_]\w*$"


class Input(Written):
    """One input of a graph; `batch_shape` is (batch, …), the batch may be null."""

    batch_shape: BatchShape = Field(description="(batch, timesteps, features); batch may be null")
    dtype: str | None = None


def _one_form_schema(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [name]} for name in FORMS]
    either = {"anyOf": [{"required": [name]} for name in WRITTEN_FORMS]}
    schema["dependencies"] = {
        name: either if len(forms) > 1 else list(forms) for name, forms in GOES_WITH.items()
    } | {form: ["layers"] for form in WRITTEN_FORMS}


def _factory(value: str) -> str:
    if not re.fullmatch(FACTORY, value):
        raise wrong(
            f"found {brief(value)}; expected file.py:function (relative to the scenario file), or"
            " package.module:function"
        )
    return value


Factory = Annotated[str, AfterValidator(_factory), Field(json_schema_extra={"pattern": FACTORY})]
FileName = Annotated[str, Field(min_length=1)]


class Model(Written):
    """A chain, a graph, a saved model (`load`), or what a function returns (`factory`)."""

    model_config = ConfigDict(json_schema_extra=_one_form_schema)

    batch_shape: BatchShape | None = Field(
        None, description="of a chain: (batch, timesteps, features); batch may be null"
    )
    inputs: Annotated[dict[Name, Input], Field(min_length=1)] | None = Field(
        None, description="of a graph: a name for each input"
    )
    layers: Annotated[list[LayerField], Field(min_length=1)] | None = Field(
        None, description="of a chain or a graph: the layers, in order"
    )
    outputs: Names | None = Field(None, description="of a graph: the layers that are returned")
    load: FileName | None = Field(
        None,
        description="a saved model: .keras, .h5, a .json architecture, or a SavedModel folder;"
        " relative to the scenario file",
    )
    weights: FileName | None = Field(None, description="of 'load': a file of weights")
    factory: Factory | None = Field(
        None,
        description="file.py:function or package.module:function that returns a Keras model;"
        " run only with --allow-code",
    )
    arguments: dict[str, Any] | None = Field(
        None, description="of 'factory': the function's keyword arguments"
    )
    dtype_policy: str | None = Field(None, description="such as mixed_float16")
    compile: dict[str, Any] | None = Field(None, description="any argument of Model.compile")

    @model_validator(mode="after")
    def _one_form(self) -> Model:
        found = [name for name in FORMS if getattr(self, name) is not None]
        if len(found) != 1:
            forms = ", ".join(f"{name!r} ({what})" for name, what in FORMS.items())
            told = " and ".join(map(repr, found)) or "none"
            raise wrong(f"a model has exactly one of {forms}; found {told}")
        if self.is_written and self.layers is None:
            raise wrong("a model needs 'layers'")
        return self

    @property
    def form(self) -> str:
        """The key that tells the form: `batch_shape`, `inputs`, `load` or `factory`."""
        return next(name for name in FORMS if getattr(self, name) is not None)

    @property
    def is_written(self) -> bool:
        """Whether the layers are known from the file: a chain or a graph."""
        return self.batch_shape is not None or self.inputs is not None

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
