"""Expectations as they are written: a selector, and a word or a mapping that must hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lstm_state_probe.scenario.base import LATER, Dim, Numbers, Written, is_number, wrong

WORDS = ("zeros", "nonzero", "finite", "changed", "unchanged")
ORIGINS = ("zeros", "carried", "reset", "given", "set")
LATER_ORIGINS = ("learned", "random", "custom")
TOLERANCE = 1e-5
_COMPARING = ("equals", "same_as", "differs_from")


def _known_origin(value: Any) -> Any:
    if value in LATER_ORIGINS:
        raise wrong(f"the origin {value!r} {LATER}; allowed: {', '.join(ORIGINS)}")
    return value


Low = Annotated[list[float], Field(min_length=2, max_length=2)]
Tolerance = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Condition(Written):
    """What must hold of one quantity; every entry must."""

    zeros: Literal[True] | None = None
    nonzero: Literal[True] | None = None
    finite: Literal[True] | None = None
    changed: Literal[True] | None = None
    unchanged: Literal[True] | None = None
    equals: Numbers | None = None
    atol: Tolerance = TOLERANCE
    rtol: Tolerance = TOLERANCE
    same_as: str | None = None
    differs_from: str | None = None
    between: Low | None = None
    max_abs: Annotated[float, Field(ge=0)] | None = None
    shape: list[Dim] | None = None
    dtype: str | None = None
    origin: Annotated[Literal[ORIGINS], BeforeValidator(_known_origin)] | None = None  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _meaningful(self) -> Condition:
        if not self.entries:
            raise wrong(f"nothing is expected here; allowed: {', '.join(ENTRIES)}")
        tolerances = self.model_fields_set & {"atol", "rtol"}
        if tolerances and not any(name in self.entries for name in _COMPARING):
            raise wrong(f"{' and '.join(sorted(tolerances))} needs one of {', '.join(_COMPARING)}")
        if self.between and not self.between[0] <= self.between[1]:
            raise wrong(f"between takes [low, high] with low <= high, found {self.between}")
        return self

    @property
    def entries(self) -> dict[str, Any]:
        """What was written, but for the tolerances: {entry: value}."""
        return {name: getattr(self, name) for name in ENTRIES if getattr(self, name) is not None}

    def __str__(self) -> str:
        """Render the condition as it can be written in a scenario."""
        shown = [n if v is True else f"{n}: {v}" for n, v in self.entries.items()]
        shown += [f"{n}: {getattr(self, n)}" for n in ("atol", "rtol") if n in self.model_fields_set]
        return ", ".join(shown)


ENTRIES = tuple(name for name in Condition.model_fields if name not in ("atol", "rtol"))


def _short_form(value: Any) -> Any:
    if isinstance(value, str):
        if value not in WORDS:
            raise wrong_word(value)
        return {value: True}
    if isinstance(value, list) or is_number(value):
        return {"equals": value}
    return value


def wrong_word(value: str) -> Exception:
    """Complain about a word that is no condition."""
    from lstm_state_probe.errors import nearest

    return wrong(
        f"{value!r} is not a condition; allowed: {', '.join(WORDS)}, a nested list, or a mapping"
        f" of {', '.join(ENTRIES[len(WORDS) :])}{nearest(value, WORDS)}"
    )


ConditionField = Annotated[Condition, BeforeValidator(_short_form)]


class Expect(BaseModel):
    """Selectors and their conditions; those under an engine's name hold on that engine alone."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, ConditionField]

    keras3: dict[str, ConditionField] | None = None
    tf_keras: dict[str, ConditionField] | None = None

    def all(self) -> list[tuple[tuple[str, ...], str, Condition]]:
        """List every expectation as (path below 'expect', selector, condition)."""
        found: list[tuple[tuple[str, ...], str, Condition]] = []
        for selector, condition in (self.__pydantic_extra__ or {}).items():
            found.append(((selector,), selector, condition))
        for engine in ("keras3", "tf_keras"):
            for selector, condition in (getattr(self, engine) or {}).items():
                found.append(((engine, selector), selector, condition))
        return found

    def on(self, engine: str) -> list[tuple[tuple[str, ...], str, Condition]]:
        """List the expectations that hold on one engine, in the order of `all`."""
        return [entry for entry in self.all() if len(entry[0]) == 1 or entry[0][0] == engine]
