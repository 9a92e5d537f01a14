"""Expectations as they are written: a selector, and a word or a mapping that must hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema

from lstm_state_probe.errors import brief, nearest
from lstm_state_probe.scenario.written.base import (
    ENGINES,
    NUMBERS_REF,
    AlsoWritten,
    Finite,
    Numbers,
    Shape,
    Written,
    is_number,
    wrong,
)

WORDS = (
    *("zeros", "nonzero", "finite", "changed", "unchanged"),
    *("bounded", "alive", "unsaturated"),
)
ORIGINS = ("zeros", "carried", "reset", "given", "learned", "random", "set", "custom")
TOLERANCE = 1e-5
DTYPES = (
    *("float16", "bfloat16", "float32", "float64", "bool", "string"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)
_COMPARING = ("equals", "same_as", "differs_from")
_MODIFIERS = ("atol", "rtol", "samples")


def _known_dtype(value: Any) -> Any:
    if value not in DTYPES:
        allowed = ", ".join(DTYPES)
        raise wrong(f"{brief(value)} is not a dtype; allowed: {allowed}{nearest(value, DTYPES)}")
    return value


def _some_entry(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"required": [name]} for name in ENTRIES]
    comparing = {"anyOf": [{"required": [name]} for name in _COMPARING]}
    schema["dependencies"] = {"atol": comparing, "rtol": comparing}


Bounds = Annotated[list[float], Field(min_length=2, max_length=2)]
Tolerance = Annotated[Finite, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]


class Condition(Written):
    """What must hold of one quantity; every entry must."""

    model_config = ConfigDict(json_schema_extra=_some_entry)

    zeros: Literal[True] | None = Field(None, description="every element is exactly zero")
    nonzero: Literal[True] | None = Field(None, description="not every element is zero")
    finite: Literal[True] | None = Field(None, description="no element is NaN or infinite")
    changed: Literal[True] | None = Field(None, description="some element moved since the start")
    unchanged: Literal[True] | None = Field(None, description="bit for bit what it started from")
    bounded: Literal[True] | None = Field(
        None, description="over the calls, or with @all the timesteps, it does not keep growing"
    )
    alive: Literal[True] | None = Field(
        None, description="no unit is zero in every sample at every timestep (@all)"
    )
    unsaturated: Literal[True] | None = Field(
        None, description="less than a tenth of a gate is nearly shut or open (@all)"
    )
    equals: Numbers | None = Field(None, description="close to these numbers (atol, rtol)")
    atol: Tolerance = Field(TOLERANCE, description="absolute tolerance of a comparison")
    rtol: Tolerance = Field(TOLERANCE, description="relative tolerance of a comparison")
    samples: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] | None = Field(
        None, description="look at these samples alone, on both sides of a comparison"
    )
    same_as: Text | None = Field(None, description="'selector', or 'label: selector'")
    differs_from: Text | None = Field(None, description="'selector', or 'label: selector'")
    between: Bounds | None = Field(None, description="[low, high]: every element lies in it")
    max_abs: Annotated[float, Field(ge=0)] | None = Field(None, description="no larger magnitude")
    shape: Shape | None = Field(None, description="the whole shape, the batch axis first")
    dtype: Annotated[str, BeforeValidator(_known_dtype)] | None = Field(
        None, json_schema_extra={"enum": list(DTYPES)}
    )
    origin: (
        Literal["zeros", "carried", "reset", "given", "learned", "random", "set", "custom"] | None
    ) = Field(None, description="where the initial state of the call came from")

    @field_validator(*WORDS, mode="before")
    @classmethod
    def _only_true(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not True:
            raise wrong(f"{info.field_name!r} takes only true, found {brief(value)}; leave it out")
        return value

    @model_validator(mode="after")
    def _meaningful(self) -> Condition:
        if not self.entries:
            raise wrong(f"must not be empty; allowed: {', '.join(ENTRIES)}")
        tolerances = self.model_fields_set & {"atol", "rtol"}
        if tolerances and not any(name in self.entries for name in _COMPARING):
            raise wrong(f"{' and '.join(sorted(tolerances))} needs one of {', '.join(_COMPARING)}")
        if self.between and not self.between[0] <= self.between[1]:
            low, high = map(brief, self.between)
            raise wrong(f"between takes [low, high] with low <= high, found [{low}, {high}]")
        return self

    @property
    def entries(self) -> dict[str, Any]:
        """What was written, but for the tolerances and samples: {entry: value}."""
        return {name: getattr(self, name) for name in ENTRIES if getattr(self, name) is not None}

    def __str__(self) -> str:
        """Render the condition as it can be written in a scenario."""
        tolerances = [name for name in _MODIFIERS if name in self.model_fields_set]
        shown = [n if v is True else f"{n}: {v}" for n, v in self.entries.items()]
        return ", ".join([*shown, *(f"{name}: {getattr(self, name)}" for name in tolerances)])


ENTRIES = tuple(name for name in Condition.model_fields if name not in _MODIFIERS)
_FORMS = f"{', '.join(WORDS)}, a nested list, or a mapping of {', '.join(ENTRIES[len(WORDS) :])}"


def _short_form(value: Any) -> Any:
    if isinstance(value, str) and value in WORDS:
        return {value: True}
    if isinstance(value, list) or is_number(value):
        return {"equals": value}
    if not isinstance(value, dict):
        if value is None:
            raise wrong(f"must not be empty; allowed: {_FORMS}")
        hint = nearest(value, WORDS) if isinstance(value, str) else ""
        raise wrong(f"{brief(value)} is not a condition; allowed: {_FORMS}{hint}")
    return value


ConditionField = Annotated[
    Condition,
    BeforeValidator(_short_form),
    AlsoWritten(
        (
            {"enum": list(WORDS)},
            {"type": "number"},
            {"type": "array", "items": NUMBERS_REF},
        )
    ),
]
_KEYS = rf"^({'|'.join(ENGINES)}|\s*result.*|.*[/*?].*)$"
Conditions = Annotated[dict[str, ConditionField], Field(min_length=1)]


class Expect(BaseModel):
    """Selectors and their conditions; those under an engine's name hold on that engine alone."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, ConditionField]

    keras3: Conditions | None = Field(None, description="what holds on keras3 alone")
    tf_keras: Conditions | None = Field(None, description="what holds on tf_keras alone")

    @field_validator(*ENGINES, mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise wrong("must not be empty; expected selectors and their conditions")
        return value

    @model_validator(mode="after")
    def _something(self) -> Expect:
        if not self.all():
            raise wrong("must not be empty; expected selectors and their conditions")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Let every other key be a selector."""
        reference = handler(core_schema)
        schema = handler.resolve_ref_schema(reference)
        of_engine = schema["properties"]["keras3"]
        inner = next(
            (p for p in of_engine.get("anyOf", ()) if p.get("type") == "object"), of_engine
        )
        schema["additionalProperties"] = inner["additionalProperties"]
        schema["propertyNames"] = {"pattern": _KEYS}
        schema["minProperties"] = 1
        return reference

    def all(self) -> list[tuple[tuple[str, ...], str, Condition]]:
        """List every expectation as (path below 'expect', selector, condition)."""
        found: list[tuple[tuple[str, ...], str, Condition]] = []
        for selector, condition in (self.__pydantic_extra__ or {}).items():
            found.append(((selector,), selector, condition))
        for engine in ENGINES:
            for selector, condition in (getattr(self, engine) or {}).items():
                found.append(((engine, selector), selector, condition))
        return found

    def on(self, engine: str) -> list[tuple[tuple[str, ...], str, Condition]]:
        """List the expectations that hold on one engine, in the order of `all`."""
        return [entry for entry in self.all() if len(entry[0]) == 1 or entry[0][0] == engine]
