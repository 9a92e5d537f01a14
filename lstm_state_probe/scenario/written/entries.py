"""One layer as it is written: its class, the arguments, and where its tensors come from."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from lstm_state_probe.errors import brief
from lstm_state_probe.layers.static import written_object
from lstm_state_probe.scenario.written.base import NAMES_SCHEMA, Names, Written, wrong

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
