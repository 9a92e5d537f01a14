"""What every written model shares: frozen, strict, no unknown keys; and a few field types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from lstm_state_probe.errors import brief

ENGINES = ("keras3", "tf_keras")
AT_VALUE, AT_KEY = "scenario", "scenario_key"


class Written(BaseModel):
    """A part of a scenario as a person wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    null_allowed: ClassVar[bool] = False

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a key with nothing after it: it would be a silent nothing."""
        if value is None and not cls.null_allowed:
            raise wrong(f"{info.field_name!r} has nothing after it; leave it out, or fill it in")
        return value


def wrong(message: str, *, at_key: bool = False) -> PydanticCustomError:
    """Make a complaint whose text is shown as it stands."""
    kind = AT_KEY if at_key else AT_VALUE
    return PydanticCustomError(kind, "{message}", {"message": message})


@dataclass(frozen=True, eq=False)
class AlsoWritten:
    """Adds the short forms of a field to its JSON Schema; a validator expands them."""

    forms: tuple[Any, ...]

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Allow each of the forms beside the full one."""
        return {"anyOf": [*self.forms, handler(core_schema)]}


Dim = Annotated[int, Field(ge=0, le=2**63 - 1)]
MAX_RANK = 32
Shape = Annotated[list[Dim], Field(max_length=MAX_RANK)]
BatchShape = Annotated[list[Dim | None], Field(min_length=1, max_length=MAX_RANK)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
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
        raise wrong(f"expected numbers, found {brief(value)}")
    shapes = [list_shape(item) for item in value]
    distinct = dict.fromkeys(str(tuple(shape)) for shape in shapes)
    if len(distinct) > 1:
        first, second, *_ = distinct
        raise wrong(f"the nested list is ragged: rows of shapes {first} and {second}")
    return [len(value), *(shapes[0] if shapes else [])]


def _numbers(value: Any) -> Any:
    if len(list_shape(value)) > MAX_RANK:
        raise wrong(f"a nested list has at most {MAX_RANK} axes")
    return value


NUMBERS_SCHEMA: dict[str, Any] = {
    "description": "a number, or a nested list of numbers that is not ragged",
    "anyOf": [
        {"type": ["number", "boolean"]},
        {"type": "array", "items": {"$ref": "#/definitions/numbers"}},
    ],
}
NUMBERS_REF: dict[str, Any] = {"$ref": "#/definitions/numbers"}
Numbers = Annotated[Any, AfterValidator(_numbers), WithJsonSchema(NUMBERS_REF)]


def names_in(reference: object, below: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, str]]:
    """Yield (path, name) for the data names in a reference: a name, a list, or a mapping."""
    if isinstance(reference, str):
        yield below, reference
    elif isinstance(reference, list):
        for k, item in enumerate(reference):
            yield from names_in(item, (*below, k))
    elif isinstance(reference, dict):
        for key, item in reference.items():
            yield from names_in(item, (*below, key))


def _reference(value: Any) -> Any:
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    if not isinstance(value, (str, list, dict)) or not all(isinstance(p, str) for p in parts):
        raise wrong(
            "expected the name of an array under 'data', or {input: name}, found "
            + (brief(value) if not parts else "something else in " + brief(value))
        )
    if not value:
        raise wrong(f"expected the name of an array under 'data', found {brief(value)}")
    return value


_REFERENCE_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
    ],
    "description": "the name of an array under 'data'; a list or {input: name} for several",
}
Reference = Annotated[Any, AfterValidator(_reference), WithJsonSchema(_REFERENCE_SCHEMA)]


def _names(value: Any) -> Any:
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise wrong(f"expected a name, or a list of names, found {brief(value)}")
    return value


NAMES_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
Names = Annotated[Any, AfterValidator(_names), WithJsonSchema(NAMES_SCHEMA)]
