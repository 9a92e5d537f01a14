"""No input gives a traceback: the reader returns, or complains at a place inside the file."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scenario_strategies import SHIPPED, scenarios

from lstm_state_probe.errors import Complaint, ScenarioError
from lstm_state_probe.scenario.read import read_scenarios
from lstm_state_probe.scenario.text.bounds import split_lines

SCENARIOS = {path.name: path.read_text(encoding="utf-8") for path in sorted(SHIPPED.glob("*.yaml"))}
JARGON = re.compile(r"Input should|valid dictionary|instance of|pydantic|Traceback|NoneType|<class")
WEIRD = [
    *("~", "null", "true", "no", "''", "0", "-1", "1e999", ".nan", "-.inf", "1e-3", "012", "0xff"),
    *("9" * 30, "9" * 5000, "[]", "{}", "[[[]]]", "{a: b}", "[1, [2]]", "!!int x", "!!python/x y"),
    *(
        "&a [*a]",
        "*x",
        "<<",
        "'\\u0000'",
        '"\\0"',
        "é日本🙂",
        "@",
        "`",
        "%",
        "|",
        ">-",
        "- - -",
        "?",
    ),
    *(
        "x: y: z",
        "lstm/h",
        "result",
        "zeros",
        "keras3",
        "a" * 3000,
        "[",
        "}",
        "\t",
        "{1: 2}",
        "12:34",
    ),
    *("[10000000000, 10000000000]", "[-1]", "[null]", "{LSTM: {units: -3}}", "LSTM", "[a, b]"),
]
KEYS = [
    *("model", "data", "operations", "layers", "expect", "label", "raises", "repeat", "units", "x"),
    *(
        "batch_shape",
        "inputs",
        "load",
        "custom_objects",
        "1",
        "null",
        "true",
        ".nan",
        "'a b'",
        "on",
    ),
    *("<<", "? [a]", "keras3", "shape", "zeros", "seed", "engine", "set_states", "predict", "<"),
]
LIMIT = 2.0


def _try(text: str | bytes, path: Path, *, engine: str | None = None) -> bool:
    """Read a text; return whether it was accepted. Anything but a ScenarioError goes through."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    path.write_bytes(content)
    started = time.process_time()
    complaints: tuple[Complaint, ...] = ()
    try:
        read_scenarios(path, engine=engine)
    except ScenarioError as error:
        complaints = error.complaints
    assert time.process_time() - started < LIMIT, text[:500]
    _check(complaints, split_lines(content.decode("utf-8-sig", "replace")))
    return not complaints


def _check(complaints: tuple[Complaint, ...], lines: list[str]) -> None:
    for complaint in complaints:
        assert 1 <= complaint.line <= len(lines), complaint
        assert 1 <= complaint.column <= len(lines[complaint.line - 1]) + 1, complaint
        assert complaint.message
        assert not JARGON.search(complaint.message), complaint.message
        assert len(complaint.message) < 2000, complaint.message
        assert complaint.message.isprintable(), complaint.message
        assert str(complaint)


def _mutated(text: str, random_: random.Random) -> str:
    for _ in range(random_.choice([1, 1, 1, 2, 3])):
        text = random_.choice(MUTATIONS)(text, random_)
    return text


def _edit_character(text: str, random_: random.Random) -> str:
    at = random_.randrange(len(text) + 1)
    char = random_.choice("\t\n\r :-{}[]'\"#&*!|>%@`,?\\/0aé\u2028\x85\x00\x07\ud800\ufeff日")
    return text[:at] + random_.choice([char, "", char * 3]) + text[at + random_.choice([0, 1]) :]


def _edit_line(text: str, random_: random.Random) -> str:
    lines = text.split("\n")
    at, other = random_.randrange(len(lines)), random_.randrange(len(lines))
    kind = random_.randrange(4)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = random_.choice([" ", "  ", "    ", "\t"]) + lines[at]
    return "\n".join(lines)


def _unindent(text: str, random_: random.Random) -> str:
    lines = text.split("\n")
    at = random_.randrange(len(lines))
    lines[at] = lines[at][random_.choice([1, 2, 4]) :]
    return "\n".join(lines)


def _swap_value(text: str, random_: random.Random) -> str:
    places = list(re.finditer(r"(?<=[:\-,\[{] )[^\s,{}\[\]]+|\[[^\[\]]*\]|\{[^{}]*\}", text))
    if not places:
        return text
    place = random_.choice(places)
    return text[: place.start()] + random_.choice(WEIRD) + text[place.end() :]


def _rename_key(text: str, random_: random.Random) -> str:
    places = list(re.finditer(r"[\w/*@\[\]]+(?=:)", text))
    place = random_.choice(places) if places else re.match("", text)
    assert place
    return text[: place.start()] + random_.choice(KEYS) + text[place.end() :]


MUTATIONS = (_edit_character, _edit_line, _unindent, _swap_value, _swap_value, _rename_key)


@pytest.mark.parametrize("seed", range(8))
def test_mutated_scenarios_are_read_or_complained_about(tmp_path: Path, seed: int) -> None:
    random_ = random.Random(seed)
    texts, accepted = list(SCENARIOS.values()), 0
    for _ in range(300):
        engine = random_.choice([None, None, "tf_keras"])
        text = _mutated(random_.choice(texts), random_)
        accepted += _try(text, tmp_path / "s.yaml", engine=engine)
    assert 0 < accepted < 300


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_part_of_a_scenario_can_be_anything(tmp_path: Path, name: str) -> None:
    random_ = random.Random(name)
    tree = yaml.safe_load(SCENARIOS[name])
    places = list(_places(tree))
    for place in random_.sample(places, min(25, len(places))):
        for value in random_.sample(VALUES, 3):
            text = yaml.safe_dump(_replaced(tree, place, value), allow_unicode=True)
            _try(text, tmp_path / "s.yaml")


VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, float("nan"), float("inf"), "", "x", "a: b", "zeros"),
    *([], {}, [None], [[]], [[1], [2, 3]], {"a": None}, {1: 2}, {"LSTM": []}, {"LSTM": {"x": 1}}),
    *(
        [10**18] * 3,
        ["a", 1],
        "LSTM",
        {"x": {"y": {"z": 1}}},
        "é🙂",
        "*",
        "@",
        "a" * 500,
        [[[[1]]]],
    ),
    *({"lstm/h": None}, {"reset_states": 1}, [{"predict": None}], {None: 1}, {True: 1}, {1.5: 1}),
    {"Bidirectional": {"layer": {"Bidirectional": {"layer": {"LSTM": {"units": 1}}}}}},
]


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    items = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree if isinstance(tree, list) else ())
    )
    for key, value in items:
        yield from _places(value, (*path, key))


def _replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = _replaced(tree[path[0]], path[1:], value)
    return copy


TREES = st.recursive(
    st.sampled_from(VALUES) | st.text(max_size=8) | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*KEYS, 1, None]) | st.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(scenario=scenarios(), tree=TREES, data=st.data())
def test_random_trees_in_every_slot(
    tmp_path_factory: pytest.TempPathFactory, scenario: Any, tree: Any, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(list(_places(scenario))))
    text = yaml.safe_dump(_replaced(scenario, place, tree), allow_unicode=True)
    _try(text, tmp_path_factory.getbasetemp() / "tree.yaml")


@settings(
    max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_random_texts_and_bytes(
    tmp_path_factory: pytest.TempPathFactory, text: str | bytes
) -> None:
    _try(text, tmp_path_factory.getbasetemp() / "text.yaml")


@settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(scenario=scenarios())
def test_valid_scenarios_are_accepted(
    tmp_path_factory: pytest.TempPathFactory, scenario: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "valid.yaml"
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    read_scenarios(path)


def _nested(kind: str, depth: int) -> str:
    inner = "LSTM: {units: 1}"
    for _ in range(depth):
        inner = f"{kind}: {{layer: {{{inner}}}}}"
    return f"model: {{batch_shape: [1, 2, 3], layers: [{{{inner}}}]}}\noperations: [reset_states]"


LAUGHS = "a: &a0 [x, x]\n" + "".join(
    f"b{k}: &a{k + 1} [{', '.join([f'*a{k}'] * 10)}]\n" for k in range(12)
)
HOSTILE = {
    "billion laughs": LAUGHS,
    "billion laughs in mappings": LAUGHS.replace("[x, x]", "{x: x}"),
    "an anchor in itself": "a: &a [*a]",
    "an anchor merged into itself": "a: &a\n  <<: *a\n",
    "a chain of anchors": "".join(
        f"a{k}: &a{k} [{f'*a{k - 1}' if k else ''}]\n" for k in range(2000)
    ),
    "deep brackets": "[" * 100_000,
    "deep braces": "{a: " * 5_000,
    "deep dashes": "- " * 5_000,
    "deep questions": "? " * 5_000,
    "a long key": f"{'k' * 200_000}: 1",
    "a long line": f"name: {'n' * 500_000}\n",
    "a long line with a tab": f"name: {'n' * 100_000}\n\tx: 1",
    "a long integer": f"seed: {'9' * 100_000}",
    "a long hexadecimal": f"seed: 0x{'f' * 100_000}",
    "a long float": f"seed: {'9' * 100_000}.0",
    "Bidirectional all the way down": _nested("Bidirectional", 28),
    "TimeDistributed all the way down": _nested("TimeDistributed", 28),
    "many duplicate keys": "a: 1\n" * 5_000,
    "many unknown keys": "".join(f"k{k}: 1\n" for k in range(3_000)),
    "many globs": "model: {batch_shape: [1, 2, 3], layers: [{LSTM: {units: 1}}]}\n"
    f"operations:\n- reset_states:\n  expect: {{'{'*m' * 2000}/h': zeros}}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_quickly(tmp_path: Path, name: str) -> None:
    accepted = _try(HOSTILE[name], tmp_path / "s.yaml")
    assert accepted == ("all the way down" in name or name == "a long line and no more")


def test_ten_thousand_documents_take_linear_time(tmp_path: Path) -> None:
    document = (
        "---\nname: n{}\nmodel: {{batch_shape: [1, 2, 3], layers: [{{LSTM: {{units: 1}}}}]}}\n"
    )
    document += (
        "data: {{x: {{zeros: {{shape: [1, 2, 3]}}}}}}\noperations: [{{predict: {{x: x}}}}]\n"
    )

    def seconds(count: int) -> float:
        path = tmp_path / "many.yaml"
        path.write_text("".join(document.format(k) for k in range(count)), encoding="utf-8")
        started = time.process_time()
        assert len(read_scenarios(path)) == count
        return time.process_time() - started

    seconds(50)
    assert seconds(2_000) < 12 * max(seconds(400), 0.01)
