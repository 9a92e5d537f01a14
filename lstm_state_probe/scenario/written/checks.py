"""The properties that a scenario may expect of its model, by name.

What they mean is known to the room `checks`; here are the words that can be written.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.scenario.written.base import AlsoWritten, wrong

CHECKS = (
    *("reset-restores", "reset-reaches-all", "predict-repeats"),
    *("rows-independent", "chunks-agree", "mask-holds", "padding-harmless"),
    *("validation-apart", "fit-in-order", "partial-batch-refused", "no-broadcast"),
    *("survives-reload", "inner-read-neutral"),
    *("state-bounded", "units-alive", "gates-unsaturated"),
)
"""The names of the properties, in the order in which they are asked."""
EITHER = "holds or does not apply"
Word = Literal["holds", "does not hold", "does not apply", "holds or does not apply"]


def _listed(value: Any) -> Any:
    """Let a list of names stand for a mapping: each must hold, or not apply."""
    if isinstance(value, list):
        if not all(isinstance(name, str) for name in value):
            raise wrong(f"expected the names of properties; known: {listed(CHECKS)}")
        return dict.fromkeys(value, EITHER)
    if not isinstance(value, dict):
        raise wrong(
            f"expected a list of properties, or {{property: verdict}}, found {brief(value)}"
        )
    return value


_NAMES: dict[str, Any] = {"enum": list(CHECKS)}
ChecksField = Annotated[
    dict[str, Word],
    BeforeValidator(_listed),
    Field(min_length=1, json_schema_extra={"propertyNames": _NAMES}),
    AlsoWritten(({"type": "array", "items": _NAMES, "minItems": 1},)),
]


def unknown_check(name: object) -> str | None:
    """Return the complaint about a name that is no property's, or None."""
    if name in CHECKS:
        return None
    return f"no property is named {brief(name)}; known: {listed(CHECKS)}{nearest(name, CHECKS)}"
