"""`${name}`: its value, its type, and where a complaint about it points."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_strategies import Complain, Read, Write, scenarios
from test_scenario_schema import VALIDATOR

from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.text.document import read_documents
from lstm_state_probe.scenario.text.yaml12 import typed, written

PLACES = """
    vars: {units: 4, kind: LSTM, t: 0}
    name: ${kind} of ${units}
    description: $${kind} costs 5$ ${missing:nothing}
    model:
      batch_shape: [2, 3, "${units}"]
      layers:
        - ${kind}: {name: lstm, units: "${units}", go_backwards: "${back:false}"}
    data: {x: {normal: {shape: [2, 3, 4], stddev: "${sd:1e-1}"}}}
    operations:
      - predict: {x: x}
        expect: {"lstm/h@${t}": nonzero}
"""


def test_a_scalar_that_is_one_variable_has_its_type_and_inside_a_text_it_is_text(
    read: Read,
) -> None:
    (scenario,) = read(PLACES)
    spec = scenario.spec
    assert spec.name == "LSTM of 4"
    assert spec.description == "${kind} costs 5$ nothing"
    assert spec.model.batch_shape == [2, 3, 4]
    (layer,) = spec.model.layers or ()
    assert layer.class_name == "LSTM"
    assert layer.arguments == {"name": "lstm", "units": 4, "go_backwards": False}
    assert spec.data["x"].normal is not None
    assert spec.data["x"].normal.stddev == 0.1
    (entry,) = spec.operations[0].expect.all()  # type: ignore[union-attr]
    assert entry[1] == "lstm/h@0"
    assert spec.vars == {"units": 4, "kind": "LSTM", "t": 0}
    assert scenario.document.variables == {"units", "kind", "t", "missing", "back", "sd"}


def test_the_command_line_counts_more_than_the_file(write: Write) -> None:
    given = {"t": -1, "kind": "GRU", "missing": "something", "back": True}
    (scenario,) = read_scenarios(write(PLACES), variables=given)
    assert scenario.spec.name == "GRU of 4"
    assert scenario.spec.description == "${kind} costs 5$ something"
    assert scenario.spec.vars["t"] == -1


def test_a_value_may_be_a_list(read: Read) -> None:
    text = PLACES.replace('[2, 3, "${units}"]', "${shape}").replace(
        "t: 0", "t: 0, shape: [2, 3, 4]"
    )
    (scenario,) = read(text)
    assert scenario.spec.model.batch_shape == [2, 3, 4]


def test_a_whole_number_may_be_a_key(read: Read) -> None:
    (scenario,) = read(
        """
        vars: {label: 0}
        model: {batch_shape: [2, 1], layers: [Dense: {units: 2}], compile: {loss: mse}}
        data: {x: {ones: {shape: [2, 1]}}, y: {ones: {shape: [2, 2]}}}
        operations:
          - fit: {x: x, y: y, class_weight: {"${label}": 1.5}}
        """
    )
    assert scenario.spec.operations[0].fit.class_weight == {0: 1.5}  # type: ignore[union-attr]


WRONG = [
    ("units: 4", "units: many", 5, 24, "${units} is 'many'"),
    (
        '{name: lstm, units: "${units}"',
        '{name: lstm, unit: "${units}"',
        7,
        29,
        "did you mean 'units'? (${kind} is 'LSTM')",
    ),
    ("kind: LSTM", "kind: LSTN", 7, 7, "did you mean 'LSTM'? (${kind} is 'LSTN')"),
    ("${sd:1e-1}", "${sd:x}", 8, 48, "expected a number, found 'x' (${sd} is 'x')"),
    ("t: 0", "t: soon", 11, 14, "(${t} is 'soon')"),
    ("${missing:nothing}", "${missing}", 3, 32, "the variable 'missing' has no value; known: "),
    ("${missing:nothing}", "${unit}", 3, 32, "did you mean 'units'?"),
    ("${missing:nothing}", "${}", 3, 32, "expected ${name} or ${name:default}"),
    ("${missing:nothing}", "${a", 3, 32, "is written '$${'"),
    ("${sd:1e-1}", "${sd:9e999}", 8, 48, "the default of 'sd': 9e999 is too large"),
    (
        "vars: {units: 4, kind: LSTM, t: 0}",
        "vars: 3",
        1,
        7,
        "expected a mapping such as {units: 4}",
    ),
    ("t: 0", "t: 0, 1x: 2", 1, 36, "'1x' is not a name"),
    ("t: 0", 't: 0, u: "${t}"', 1, 39, "may not hold a variable itself"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "said"), WRONG, ids=[row[1][:30] for row in WRONG]
)
def test_a_complaint_points_at_the_variable_and_names_its_value(
    old: str, new: str, line: int, column: int, said: str, complain: Complain
) -> None:
    assert old in PLACES
    found = complain(PLACES.replace(old, new, 1))
    wanted = [c for c in found if said in c.message]
    assert [(c.line, c.column) for c in wanted] == [(line, column)], found


def test_what_has_no_value_is_told_once_and_the_rest_is_checked(complain: Complain) -> None:
    found = complain(
        PLACES.replace('units: "${units}"', 'units: "${unitz}"').replace("lstm/h", "x/h")
    )
    assert len(found) == 2
    assert "the variable 'unitz' has no value" in found[0].message
    assert "matches no state" in found[1].message


def test_two_keys_that_become_one_are_refused(complain: Complain) -> None:
    text = PLACES.replace('{"lstm/h@${t}": nonzero}', '{"lstm/h@0": finite, "lstm/h@${t}": finite}')
    (found,) = complain(text)
    assert "duplicate key 'lstm/h@0' (${t} is 0)" in found.message


def test_an_unquoted_variable_inside_braces_is_explained(complain: Complain) -> None:
    (found,) = complain("model: {layers: [LSTM: {units: ${units}}]}")
    assert 'put quotes around it: "${name}"' in found.message


def test_a_block_of_text_is_filled_in_and_complained_about_in_its_line(complain: Complain) -> None:
    (found,) = complain(
        PLACES.replace("$${kind} costs 5$ ${missing:nothing}", "|\n      a\n      b ${c}")
    )
    assert (found.line, found.column) == (5, 5)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4", 4),
        ("012", 12),
        ("1e-3", 1e-3),
        ("true", True),
        ("on", "on"),
        ("null", None),
        ("", None),
        ("'4'", "4"),
        ('"a\\tb"', "a\tb"),
        ("[1, 2]", "[1, 2]"),
        ("*x", "*x"),
        ("a: b", "a: b"),
    ],
)
def test_a_value_of_the_command_line_is_the_scalar_of_a_file(text: str, value: Any) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@given(
    value=st.integers(-(2**63), 2**64 - 1) | st.booleans() | st.none() | st.floats(allow_nan=False)
)
def test_what_is_written_is_read_as_the_same(value: Any) -> None:
    assert typed(written(value)) == value


def scalars(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from scalars(value, (*path, key))
    else:
        yield path


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(scenario=scenarios(), data=st.data())
def test_any_value_may_be_a_variable_for_the_reader_and_for_the_schema(
    scenario: Any, data: Any, tmp_path_factory: Any
) -> None:
    places = data.draw(st.lists(st.sampled_from(list(scalars(scenario))), unique=True, max_size=6))
    filled, values = copy.deepcopy(scenario), {}
    for number, (*parents, last) in enumerate(places):
        inner = filled
        for part in parents:
            inner = inner[part]
        name = f"v{number}"
        values[name], inner[last] = inner[last], f"${{{name}}}"
    if any(isinstance(value, str) and "${" in value for value in values.values()):
        return
    folder: Path = tmp_path_factory.mktemp("filled")
    plain, templated = folder / "plain.yaml", folder / "templated.yaml"
    plain.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    text = yaml.safe_dump({**filled, "vars": values}, allow_unicode=True)
    templated.write_text(text, encoding="utf-8")
    try:
        (expected,) = read_scenarios(plain, shown="s.yaml")
    except ScenarioError:
        with pytest.raises(ScenarioError):
            read_scenarios(templated, shown="s.yaml")
        return
    (found,) = read_scenarios(templated, shown="s.yaml")
    assert found.spec.model_copy(update={"vars": {}}) == expected.spec
    (document,) = read_documents(text, file="s.yaml")
    assert [error.message for error in VALIDATOR.iter_errors(document.data)] == []


@pytest.mark.parametrize(
    "text",
    [
        PLACES,
        PLACES.replace("predict: {x: x}", '"${op:predict}": {x: x}'),
        PLACES.replace("predict: {x: x}", "predict: ${how:x}"),
        PLACES.replace("nonzero", '{"${what:max_abs}": 3}'),
        PLACES.replace(
            "vars:", "matrix: {a: [1, 2], zip: {b: [3], c: [{x: 1}]}, exclude: [{a: 1}]}\n    vars:"
        ),
    ],
)
def test_the_schema_accepts_variables_in_keys_and_values(text: str) -> None:
    import textwrap

    (document,) = read_documents(textwrap.dedent(text), file="s.yaml")
    assert [error.message for error in VALIDATOR.iter_errors(document.data)] == []


@pytest.mark.parametrize("wrong", ['"units"', '"a${units}"', '"${}"', '"${units"'])
def test_the_schema_still_refuses_a_text_where_a_number_is_due(wrong: str) -> None:
    text = (
        f"model: {{batch_shape: [null, 1], layers: [Flatten]}}\noperations: [reload]\nseed: {wrong}"
    )
    (document,) = read_documents(text, file="s.yaml")
    assert list(VALIDATOR.iter_errors(document.data))
