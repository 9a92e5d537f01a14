"""The JSON Schema of the scenario file, made from the models that read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import (
    GenerateJsonSchema,
    JsonSchemaMode,
    JsonSchemaValue,
)
from pydantic_core import core_schema

from lstm_state_probe.scenario.written.base import NUMBERS_SCHEMA, Written
from lstm_state_probe.scenario.written.conditions import Expect
from lstm_state_probe.scenario.written.schema_variables import with_variables
from lstm_state_probe.scenario.written.spec import Scenario

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
REF_TEMPLATE = "#/definitions/{model}"
_NOTHING: Any = {"type": "null"}
_HIDDEN_REF = "hidden-$ref"


def scenario_schema() -> dict[str, Any]:
    """Return the draft-07 schema of one scenario, as editors and other tools take it."""
    schema = draft7(Scenario, definitions={"numbers": NUMBERS_SCHEMA})
    return {**with_variables(schema), "title": "A scenario of lstm-state-probe"}


def draft7(
    model: type[BaseModel],
    *,
    definitions: Mapping[str, Any] | None = None,
    mode: JsonSchemaMode = "validation",
) -> dict[str, Any]:
    """Return the draft-07 schema of a model; `definitions` are added to its own."""
    generated = model.model_json_schema(
        mode=mode, ref_template=REF_TEMPLATE, schema_generator=_Draft7
    )
    own = generated.pop("$defs", {})
    schema = {
        "$schema": DRAFT_7,
        **generated,
        "definitions": {**own, **(definitions or {})},
    }
    done: dict[str, Any] = _for_draft_7(schema)
    return done


class _Draft7(GenerateJsonSchema):
    """Writes what a person may write: null only where the reader takes it."""

    schema_dialect = DRAFT_7

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        """Hide references to hand-written definitions, of which pydantic knows nothing."""
        made: JsonSchemaValue = self._hide(super().generate_inner(schema))
        return made

    def _hide(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._hide(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        foreign = schema.get("$ref", "") not in ("", *self.json_to_defs_refs)
        return {
            _HIDDEN_REF if foreign and key == "$ref" else key: self._hide(value)
            for key, value in schema.items()
        }

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Drop 'or null' and 'default: null' from the keys of what a person wrote."""
        made = super().model_schema(schema)
        cls = schema["cls"]
        if cls is Expect or (issubclass(cls, Written) and not cls.null_allowed):
            for name, part in made.get("properties", {}).items():
                made["properties"][name] = _without_null(part)
        if issubclass(cls, (Written, Expect)):
            for part in made.get("properties", {}).values():
                part.pop("title", None)
                if part.get("default", 0) is None:
                    del part["default"]
        return made


def _without_null(part: Any) -> Any:
    kept = [form for form in part.get("anyOf", ()) if form != _NOTHING]
    if not kept or len(kept) == len(part["anyOf"]):
        return part
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**kept[0], **rest} if len(kept) == 1 else {**rest, "anyOf": kept}


def _for_draft_7(schema: Any) -> Any:
    """Wrap each reference that has company: draft-07 ignores whatever stands beside a $ref."""
    if isinstance(schema, list):
        return [_for_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {"$ref" if key == _HIDDEN_REF else key: value for key, value in schema.items()}
    done = {key: _for_draft_7(value) for key, value in shown.items()}
    if "$ref" in done and len(done) > 1 and isinstance(done["$ref"], str):
        done = {"allOf": [{"$ref": done.pop("$ref")}], **done}
    return done
