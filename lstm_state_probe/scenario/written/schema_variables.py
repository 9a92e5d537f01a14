"""`${name}` in the JSON Schema: a text with a variable may stand where anything else may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lstm_state_probe.scenario.text.variables import APART

WHOLE, INSIDE = "variable", "text_with_a_variable"
_ONE = r"\$\{[A-Za-z_][A-Za-z0-9_.\-]*(:[^}]*)?\}"
_NO_VARIABLE = {"not": {"pattern": _ONE}}
DEFINITIONS: dict[str, Any] = {
    WHOLE: {
        "description": "${name} or ${name:default}: the value of a variable",
        "type": "string",
        "pattern": f"^{_ONE}$",
    },
    INSIDE: {
        "description": "a text with ${name} or ${name:default} in it",
        "type": "string",
        "pattern": _ONE,
    },
}
_LISTS = ("anyOf", "allOf", "oneOf")
_MAPPINGS = ("properties", "patternProperties")
_ABOUT = ("description", "default", "title")


def with_variables(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Allow variables in each value and each key of a scenario, `vars` and `matrix` apart."""
    apart = {name: schema["properties"][name] for name in APART}
    inside = {key: value for key, value in schema.items() if key != "definitions"}
    definitions = {name: _inside(part) for name, part in schema["definitions"].items()}
    done = _inside(inside)
    return {
        **done,
        "properties": {**done["properties"], **apart},
        "definitions": {**definitions, **DEFINITIONS},
    }


def _inside(schema: Any) -> Any:
    """Allow variables in the parts of a schema, not in its own place."""
    if not isinstance(schema, dict):
        return schema
    done = {key: _part(key, value) for key, value in schema.items()}
    if done.get("additionalProperties") is False:
        done["patternProperties"] = {**done.get("patternProperties", {}), _ONE: {}}
        for some in ("oneOf", "anyOf"):  # some of these keys, whose name may be a variable's value
            if some in done:
                done[some] = [*done[some], {"not": {"propertyNames": _NO_VARIABLE}}]
    return done


def _part(key: str, value: Any) -> Any:
    if key in _MAPPINGS:
        return {name: _value(part) for name, part in value.items()}
    if key in _LISTS:
        return [_inside(part) for part in value]
    if key in ("items", "additionalProperties") and isinstance(value, dict):
        return _value(value)
    if key == "propertyNames":
        return {"anyOf": [value, _reference(INSIDE)]}
    return value


def _value(schema: Any) -> Any:
    """Allow a variable in the place of a value."""
    inner = _inside(schema)
    if not isinstance(inner, dict) or not set(inner) - set(_ABOUT) or inner == {"type": "string"}:
        return inner
    about = {key: inner[key] for key in _ABOUT if key in inner}
    rest = {key: part for key, part in inner.items() if key not in _ABOUT}
    variable = _reference(INSIDE if rest.get("type") == "string" else WHOLE)
    forms = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    return {**about, "anyOf": [*forms, variable]}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/definitions/{name}"}
