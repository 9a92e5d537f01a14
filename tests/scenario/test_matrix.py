"""`matrix`: which scenarios it gives, what they are called, and what is wrong with one."""

from __future__ import annotations

import itertools

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_strategies import Complain, Read, Write

from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.text.document import Document, read_documents
from lstm_state_probe.scenario.text.matrix import MOST, MatrixReader

REST = """
    model:
      batch_shape: [2, 3, 4]
      layers:
        - LSTM: {name: lstm, units: "${units:4}", stateful: "${stateful:false}"}
    data: {x: {normal: {shape: [2, 3, 4]}}}
    operations:
      - predict: {x: x}
        expect: {lstm/h: nonzero}
"""
BOTH = "    matrix: {units: [4, 8], stateful: [true, false]}\n"


def ids(read: Read, text: str) -> list[str]:
    return [scenario.name for scenario in read(text)]


def test_a_product_has_readable_ids_in_the_order_of_the_file(read: Read) -> None:
    scenarios = read(f"    name: lstm\n{BOTH}{REST}")
    assert [s.name for s in scenarios] == [
        "lstm[units=4,stateful=true]",
        "lstm[units=4,stateful=false]",
        "lstm[units=8,stateful=true]",
        "lstm[units=8,stateful=false]",
    ]
    assert all(s.id == f"{s.path}::{s.name}" for s in scenarios)
    arguments = [s.spec.model.layers[0].arguments for s in scenarios]  # type: ignore[index]
    assert [(a["units"], a["stateful"]) for a in arguments] == [
        *((4, True), (4, False), (8, True), (8, False)),
    ]
    assert scenarios[2].spec.vars == {"units": 8, "stateful": True}


def test_zip_goes_through_together_and_exclude_leaves_out(read: Read) -> None:
    matrix = "{zip: {units: [4, 4, 8], seed: [1, 2, 1]}, stateful: [true, false]"
    assert ids(read, f"    matrix: {matrix}, exclude: [{{units: 4, stateful: true}}]}}{REST}") == [
        "scenario[units=4,seed=1,stateful=false]",
        "scenario[units=4,seed=2,stateful=false]",
        "scenario[units=8,seed=1,stateful=true]",
        "scenario[units=8,seed=1,stateful=false]",
    ]


def test_a_name_may_hold_a_variable_itself(read: Read) -> None:
    found = ids(read, f"    name: ${{units}} units\n    matrix: {{units: [4, 8]}}\n{REST}")
    assert found == ["4 units[units=4]", "8 units[units=8]"]


def test_a_value_that_makes_no_line_of_an_id_has_its_number(read: Read) -> None:
    matrix = f'    matrix: {{a: [[1, 2], {{b: "x"}}, "", "l\\nl", {"y" * 41}, 1.0, null]}}\n'
    found = ids(read, matrix + REST)
    shown = ["[1,2]", "{b:x}", "#3", "#4", "#5", "1.0", "null"]
    assert found == [f"scenario[a={text}]" for text in shown]


AXES = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.integers(0, 3) | st.booleans(), min_size=1, max_size=3, unique_by=str),
    min_size=1,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(axes=AXES, data=st.data())
def test_a_matrix_is_the_product_without_what_is_excluded(axes, data) -> None:
    entry = st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in axes.items()})
    excluded = data.draw(st.lists(entry.filter(bool), max_size=3))
    text = yaml.safe_dump({"matrix": {**axes, "exclude": excluded}}, sort_keys=False)
    (document,) = read_documents(text, file="s.yaml")
    found = MatrixReader(document).combinations()
    product = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]

    def same(one: object, other: object) -> bool:
        return (type(one), one) == (type(other), other)

    expected = [
        values
        for values in product
        if not any(all(same(values[n], v) for n, v in part.items()) for part in excluded)
    ]
    assert list(map(repr, (c.values for c in found))) == list(map(repr, expected))
    assert len({c.suffix for c in found}) == len(found)


def test_a_complaint_that_every_combination_has_is_told_once(complain: Complain) -> None:
    (found,) = complain(BOTH + REST.replace("lstm/h", "lstn/h"))
    assert "units=" not in found.message


def test_a_complaint_of_some_combinations_says_of_which(complain: Complain) -> None:
    matrix = "    matrix: {layer: [LSTM, GRU], n: [1, 2]}\n"
    text = REST.replace("LSTM", "${layer}").replace("lstm/h", "lstm/c")
    (found,) = complain(matrix + text)
    assert found.message.endswith("(with layer=GRU,n=1 and 1 more)")


def test_a_complaint_about_a_value_is_told_for_each_value_alone(complain: Complain) -> None:
    matrix = "    matrix: {name: [1x, lstm, 2x], n: [1, 2, 3]}\n"
    found = complain(f"{matrix}    seed: ${{name}}\n{REST}")
    told = {c.message for c in found if "whole number" in c.message}
    assert len(told) == 3
    assert {m.rpartition("(")[2] for m in told} >= {"${name} is '1x')", "${name} is '2x')"}


WRONG = [
    ("3", "expected a mapping such as {units: [4, 8]}, found 3"),
    ("{}", "found an empty mapping"),
    ("{units: 4}", "expected a list of values, found 4"),
    ("{units: []}", "expected a list of values, found an empty list"),
    ("{1: [2]}", "1 is not a name"),
    ("{units: [4, 4]}", "4 stands twice; two scenarios would have one id"),
    ('{units: [4, "4"]}', "4 stands twice"),
    ('{units: ["${x}"]}', "may not hold a variable itself"),
    ("{zip: 3}", "expected a mapping such as {units: [4, 8], seed: [1, 2]}, found 3"),
    ("{zip: {units: [1, 2], seed: [1]}}", "lists of one length; their lengths: units 2, seed 1"),
    ("{zip: {units: [1, 1], seed: [2, 2]}}", "1, 2 stands twice"),
    ("{units: [1], zip: {units: [1]}}", "'units' has its values already"),
    ("{units: [1], exclude: 3}", "expected a list of mappings such as [{units: 8}], found 3"),
    ("{units: [1], exclude: [3]}", "found something else in it"),
    ("{units: [1, 2], exclude: [{unit: 1}]}", "the matrix has no 'unit'; allowed: units; did you"),
    ("{units: [1, 2], exclude: [{units: 3}]}", "units is never 3; its values: 1, 2"),
    ("{units: [1, 2], exclude: [{units: true}]}", "units is never true"),
    ("{units: [1], exclude: [{units: 1}]}", "no combination is left"),
    (f"{{units: {list(range(1001))}, n: {list(range(1001))}}}", "the matrix gives 1,002,001 comb"),
]


@pytest.mark.parametrize(("matrix", "said"), WRONG, ids=[row[1][:30] for row in WRONG])
def test_a_wrong_matrix_is_one_complaint_and_the_rest_is_checked(
    matrix: str, said: str, complain: Complain
) -> None:
    found = complain(f"    matrix: {matrix}\n{REST.replace('lstm/h', 'lstn/h')}")
    assert len(found) == 2, found
    assert said in found[0].message
    assert found[0].line == 1
    assert "lstn/h" in found[1].message


def test_a_name_has_one_source_of_values(write: Write, complain: Complain) -> None:
    (found,) = complain(f"    vars: {{units: 4}}\n{BOTH}{REST}")
    assert "'matrix' gives 'units' too" in found.message
    for matrix in (BOTH, "    matrix: {zip: {units: [1]}}\n"):
        with pytest.raises(ScenarioError, match="and so does --var; choose with -k"):
            read_scenarios(write(matrix + REST), variables={"units": 3})


def test_the_most_combinations_are_read_without_reading_the_yaml_anew(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    honest = Document.__init__

    def counted(self: Document, file: str, lines: list[str], **rest: object) -> None:
        nonlocal count
        count += not rest
        honest(self, file, lines, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Document, "__init__", counted)
    path = write(f"    matrix: {{n: {list(range(300))}}}\n{REST}")
    scenarios = read_scenarios(path)
    assert len(scenarios) == 300 <= MOST
    assert count == 2, "one for the text, one for its document"
    first, last = scenarios[0].document, scenarios[-1].document
    assert first.values is last.values, "positions are shared"
    assert first.data["model"] is not last.data["model"], "it holds variables"
    assert first.data["data"] is last.data["data"], "it holds none"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "${a}", "x" * 50]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "zip", "exclude", 0, "${a}"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=200)
@given(matrix=ANY, values=ANY, given_=st.dictionaries(st.sampled_from("abc"), st.integers()))
def test_whatever_stands_there_is_read_or_told(matrix, values, given_, tmp_path_factory) -> None:
    rest = yaml.safe_load(REST)
    rest["description"] = "x ${a} ${b:1}"
    path = tmp_path_factory.mktemp("any") / "s.yaml"
    text = yaml.safe_dump({"matrix": matrix, "vars": values, **rest}, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    try:
        scenarios = read_scenarios(path, shown="s.yaml", variables=given_)
    except ScenarioError as error:
        lines = text.splitlines()
        for found in error.complaints:
            assert found.source == lines[found.line - 1]
            assert 1 <= found.column <= len(found.source) + 1
    else:
        assert len({scenario.id for scenario in scenarios}) == len(scenarios)


def test_variables_that_multiply_are_refused_before_they_are_filled_in(complain: Complain) -> None:
    many = ", ".join(f"a{n}: " + '"${x}"' for n in range(300))
    (found,) = complain(f"    vars: {{x: {[0] * 1000}}}\n    zzz: {{{many}}}\n{REST}")
    assert "the variables make more than 250,000 values" in found.message
    (found,) = complain(f"    matrix: {{x: [{[0] * 1000}]}}\n    zzz: {{{many}}}\n{REST}")
    assert "the variables make more than 250,000 values" in found.message
    long = "y" * 64_000
    (found,) = complain(f"    vars: {{x: {long}}}\n    zzz: {{{many}}}\n{REST}")
    assert found.line == 2


def test_the_engine_may_be_an_axis(read: Read) -> None:
    found = read(f"    matrix: {{engine: [keras3, tf_keras]}}\n    engine: ${{engine}}\n{REST}")
    assert [(s.name, s.engine) for s in found] == [
        ("scenario[engine=keras3]", "keras3"),
        ("scenario[engine=tf_keras]", "tf_keras"),
    ]
