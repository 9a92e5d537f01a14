"""What a scenario wants recorded, as it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from lstm_state_probe.amounts import FORMS, read_bytes
from lstm_state_probe.errors import brief
from lstm_state_probe.scenario.written.base import Written, wrong

TIMESTEPS = "all, final, a list such as [0, 5, -1], or {every: 10}"


class Every(Written):
    """Every n-th timestep, the last one always."""

    every: Annotated[int, Field(ge=1)]


def _timesteps(value: Any) -> Any:
    if isinstance(value, dict):
        return Every.model_validate(value)
    whole = isinstance(value, list) and all(type(item) is int for item in value)
    if value in ("all", "final") or (whole and value):
        return value
    raise wrong(f"{brief(value)} chooses no timesteps; allowed: {TIMESTEPS}")


_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": ["all", "final"]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 1},
        {
            "type": "object",
            "properties": {"every": {"type": "integer", "minimum": 1}},
            "required": ["every"],
            "additionalProperties": False,
        },
    ]
}
Timesteps = Annotated[Any, BeforeValidator(_timesteps), WithJsonSchema(_SCHEMA)]


def _budget(value: Any) -> int:
    found = read_bytes(value)
    if found is None:
        raise wrong(f"{brief(value)} is not an amount of memory; allowed: {FORMS}")
    return found


_BYTES: dict[str, Any] = {
    "anyOf": [
        {"type": "integer", "minimum": 0},
        {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*(B|KiB|MiB|GiB|TiB)?\s*$"},
    ]
}
Bytes = Annotated[Any, BeforeValidator(_budget), WithJsonSchema(_BYTES)]


class Record(Written):
    """Which timesteps, gates, layers and calls are kept; the initial and final states always."""

    timesteps: Timesteps = Field(default="all", description=TIMESTEPS)
    gates: bool = Field(
        default=False, description="the gates too; a selector of a gate asks for them"
    )
    layers: Annotated[list[str], Field(min_length=1)] = Field(
        default_factory=lambda: ["*"], description="addresses or globs of recurrent layers"
    )
    calls: Literal["first", "last", "all"] = Field(
        default="all", description="of which calls in an operation the timesteps are kept"
    )
    budget: Bytes = Field(
        default="256MiB",
        validate_default=True,
        description=f"memory for timesteps; further ones go to disk: {FORMS}",
    )
