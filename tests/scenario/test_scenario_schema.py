"""The JSON Schema accepts what the reader accepts, and refuses what is plainly wrong."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from scenario_strategies import SHIPPED, scenarios
from test_spec import (
    CONDITIONS_WRITTEN,
    GENERATORS_WRITTEN,
    HEAD,
    OPERATIONS_WRITTEN,
)
from test_spec import WRONG as WRONG_SPECS

from lstm_state_probe.scenario.text.document import read_documents
from lstm_state_probe.scenario.written.schema import scenario_schema

SCHEMA = scenario_schema()
VALIDATOR = jsonschema.Draft7Validator(
    SCHEMA, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
)
BEYOND = (
    # what only the reader can know: values against each other, and dtypes
    *(
        "allowed: 0 to 255",
        "low must",
        "further apart",
        "does not fit",
        "has no .inf",
        "ragged",
        "low <= high",
    ),
    *("blank", "stands first", "expected a finite", "[.nan, 1.0]"),
    "found 1.0",
)


def _as_json(data: Any) -> Any:
    return json.loads(json.dumps(data))


def _data(text: str) -> Any:
    (document,) = read_documents(text, file="s.yaml")
    return _as_json(document.data)


def test_the_schema_is_draft_7() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    text = json.dumps(SCHEMA)
    assert "$defs" not in text
    assert "hidden" not in text


def test_every_reference_leads_somewhere() -> None:
    found = [part["$ref"] for part in _parts(SCHEMA) if "$ref" in part]
    assert found
    assert {ref.removeprefix("#/definitions/") for ref in found} <= set(SCHEMA["definitions"])
    assert all(len(part) == 1 for part in _parts(SCHEMA) if "$ref" in part)


def _parts(schema: Any) -> Any:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, (dict, list)):
            yield from _parts(part)


def test_a_hover_says_what_a_key_is() -> None:
    for name, part in SCHEMA["properties"].items():
        shown = SCHEMA["definitions"]["Model"] if name == "model" else part
        assert shown.get("description"), name
    for name, part in SCHEMA["definitions"]["Condition"]["properties"].items():
        assert part.get("description") or name == "dtype", name


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_scenarios_validate(path: Any) -> None:
    for document in read_documents(path.read_text(encoding="utf-8"), file=path.name):
        assert [e.message for e in VALIDATOR.iter_errors(_as_json(document.data))] == []


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(scenario=scenarios())
def test_what_the_reader_accepts_the_schema_accepts(scenario: Any) -> None:
    found = _data(yaml.safe_dump(scenario, allow_unicode=True))
    assert [error.message for error in VALIDATOR.iter_errors(found)] == []


@pytest.mark.parametrize("name", OPERATIONS_WRITTEN)
def test_every_operation_validates(name: str) -> None:
    text = f"{HEAD}operations:\n  - {name}: {OPERATIONS_WRITTEN[name]}"
    assert [error.message for error in VALIDATOR.iter_errors(_data(text))] == []


@pytest.mark.parametrize("name", GENERATORS_WRITTEN)
def test_every_array_validates(name: str) -> None:
    text = f"{HEAD}  a: {{{name}: {GENERATORS_WRITTEN[name]}}}\noperations: [reload]"
    assert [error.message for error in VALIDATOR.iter_errors(_data(text))] == []


@pytest.mark.parametrize("name", CONDITIONS_WRITTEN)
def test_every_condition_validates(name: str) -> None:
    condition = f"{{lstm/h: {{{name}: {CONDITIONS_WRITTEN[name]}}}}}"
    text = f"{HEAD}operations:\n  - reload:\n    expect: {condition}"
    assert [error.message for error in VALIDATOR.iter_errors(_data(text))] == []


@pytest.mark.parametrize(
    ("written", "words"), [(w[0], w[2]) for w in WRONG_SPECS], ids=[w[0] for w in WRONG_SPECS]
)
def test_what_the_reader_refuses_the_schema_refuses(written: str, words: str) -> None:
    if any(word in words for word in BEYOND):
        pytest.skip("only the reader can know")
    key = written.partition(":")[0]
    parts = {
        "model": "model: {batch_shape: [null, 1], layers: [Flatten]}",
        "operations": "operations: [reload]",
    }
    parts[key] = written
    assert list(VALIDATOR.iter_errors(_data("\n".join(parts.values()))))
