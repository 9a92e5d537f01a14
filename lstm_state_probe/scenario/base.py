"""What every written model shares: frozen, strict, no unknown keys; and a few field types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

ENGINES = ("keras3", "tf_keras")
LATER = "belongs to a later version of lstm-state-probe and is not supported yet"


class Written(BaseModel):
    """A part of a scenario as a person wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def wrong(message: str) -> PydanticCustomError:
    """Make a complaint whose text is shown as it stands."""
    return PydanticCustomError("scenario", "{message}", {"message": message})


Dim = Annotated[int, Field(ge=0)]
Shape = list[Dim]
BatchShape = Annotated[list[Dim | None], Field(min_length=1)]
NAME = r"^[A-Za-z_][A-Za-z0-9_.\-]*$"
Name = Annotated[str, Field(pattern=NAME)]
LABEL = r"^[^:\s]([^:\n]*[^:\s])?$"
Label = Annotated[str, Field(pattern=LABEL)]


def is_number(value: object) -> bool:
    """Tell a number from everything else; a boolean is not a number here."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def list_shape(value: object) -> list[int]:
    """Return the shape of a nested list of numbers or booleans.

    Raises:
        PydanticCustomError: if it is ragged, or holds anything else.
    """
    if isinstance(value, (bool, int, float)):
        return []
    if not isinstance(value, list):
        raise wrong(f"expected numbers, found {value!r:.40}")
    shapes = [list_shape(item) for item in value]
    if any(shape != shapes[0] for shape in shapes):
        raise wrong(f"the nested list is ragged: rows of shapes {_distinct(shapes)}")
    return [len(value), *(shapes[0] if shapes else [])]


def _distinct(shapes: list[list[int]]) -> str:
    return " and ".join(dict.fromkeys(str(tuple(shape)) for shape in shapes))


def _numbers(value: Any) -> Any:
    list_shape(value)
    return value


NUMBERS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": ["number", "boolean"]},
        {"type": "array", "items": {"$ref": "#/definitions/numbers"}},
    ]
}
Numbers = Annotated[
    Any, AfterValidator(_numbers), WithJsonSchema({"$ref": "#/definitions/numbers"})
]


def names_in(reference: object) -> Iterator[str]:
    """Yield the data names in a reference: a name, a list, or a mapping from input to name."""
    if isinstance(reference, str):
        yield reference
    elif isinstance(reference, list):
        for item in reference:
            yield from names_in(item)
    elif isinstance(reference, dict):
        for item in reference.values():
            yield from names_in(item)


def _reference(value: Any) -> Any:
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    if not isinstance(value, (str, list, dict)) or not all(isinstance(p, str) for p in parts):
        raise wrong(
            f"expected the name of an array under 'data', or {{input: name}}, found {value!r:.60}"
        )
    return value


_REFERENCE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}},
    ],
    "description": "the name of an array under 'data'; a list or {input: name} for several",
}
Reference = Annotated[Any, AfterValidator(_reference), WithJsonSchema(_REFERENCE_SCHEMA)]
