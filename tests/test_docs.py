"""Closure: whatever a scenario may say is documented, shown, shipped and tested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from test_imports import TABLE

from lstm_state_probe.cli import COMMANDS
from lstm_state_probe.layers.families import (
    BIDIRECTIONAL,
    FAMILIES,
    STACKED_CELLS,
    TIME_DISTRIBUTED,
)
from lstm_state_probe.layers.static import written_object
from lstm_state_probe.report import WRITERS
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios
from lstm_state_probe.scenario.written.base import ENGINES
from lstm_state_probe.scenario.written.conditions import ENTRIES, ORIGINS, Condition
from lstm_state_probe.scenario.written.data import WAYS
from lstm_state_probe.scenario.written.operations import OPERATIONS, Operation
from lstm_state_probe.scenario.written.selectors import MOMENTS, parse_selector
from lstm_state_probe.scenario.written.spec import Scenario
from lstm_state_probe.shipped import shipped_names

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
EXIT_CODES = ("0", "1", "2", "3")
WORDS: dict[str, tuple[str, ...]] = {
    "operation": OPERATIONS,
    "generator": WAYS,
    "condition": (*ENTRIES, "atol", "rtol"),
    "layer": (*FAMILIES, "RNN", BIDIRECTIONAL, TIME_DISTRIBUTED, STACKED_CELLS),
    "origin": ORIGINS,
    "moment": MOMENTS,
    "engine": ENGINES,
    "about": ("label", "expect", "raises", "allow_partial_batch"),
}
_PRIVATE = "Keras 3 does not export it; the ConvLSTM layers hold it"
_SAME_LOOP = "the same class as ConvLSTM2D but for the number of axes"
_A_CHECK = "it is told of a model's health, not of Keras; tests/checks asks it of models"
_SAME_CELL = "the cell of the layer of that name; scenarios/stacked_cells shows cells"
NOT_SHOWN: dict[str, str] = {
    "ConvLSTMCell": _PRIVATE,
}
NOT_SHIPPED: dict[str, str] = NOT_SHOWN | {
    "ConvLSTM1D": _SAME_LOOP,
    "ConvLSTM3D": _SAME_LOOP,
    "SimpleRNNCell": _SAME_CELL,
    "StackedRNNCells": "a list of cells is the same; Keras makes it one",
    "alive": _A_CHECK,
    "all": "the tests of the timesteps, and docs/scenario.md, use it",
    "arange": "no question about states needs it",
    "bounded": _A_CHECK,
    "file": "a shipped scenario needs no file beside it",
    "max_abs": "no question about states needs it",
    "unsaturated": _A_CHECK,
}

OF_THE_HELP_ALONE: dict[str, str] = {
    "--force": "`probe init` names it where it is needed",
    "--scenario": "`probe source --help` and its error name it",
    "--quiet": "the pages write -q",
    "--verbose": "the pages write -v",
}


@dataclass
class Used:
    """The words that scenarios use, by their kind."""

    words: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in WORDS})

    def scenario(self, file: ScenarioFile) -> Used:
        spec = file.spec
        self.words["engine"] |= {spec.engine}
        self.words["generator"] |= {data.way for data in spec.data.values()}
        for entry in spec.model.layers or ():
            self.layer(entry.class_name, entry.arguments)
        for operation in operations(spec.operations):
            self.operation(operation)
        return self

    def layer(self, kind: str, arguments: Mapping[str, Any]) -> None:
        self.words["layer"].add(kind)
        for value in arguments.values():
            for item in value if isinstance(value, list) else [value]:
                written = written_object(item) if isinstance(item, dict) else None
                if written is not None:
                    self.layer(*written)

    def operation(self, operation: Operation) -> None:
        self.words["operation"].add(operation.name)
        self.words["about"] |= operation.model_fields_set & set(WORDS["about"])
        for path, selector, condition in operation.expect.all() if operation.expect else ():
            self.words["engine"] |= {str(part) for part in path[:-1]}
            self.words["moment"].add(str(parse_selector(selector).when))
            self.condition(condition)

    def condition(self, condition: Condition) -> None:
        self.words["condition"] |= {*condition.entries, *condition.model_fields_set}
        self.words["origin"] |= {condition.origin} if condition.origin else set()


def operations(written: list[Operation]) -> Iterator[Operation]:
    for operation in written:
        yield operation
        if operation.repeat is not None:
            yield from operations(operation.repeat.operations)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def every_page() -> str:
    return "\n".join(
        p.read_text(encoding="utf-8") for p in [ROOT / "README.md", *DOCS.glob("*.md")]
    )


@lru_cache(maxsize=1)
def shown() -> Used:
    """Collect what the whole scenarios of the pages use; `test_docs_run` runs each."""
    used = Used()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shown.yaml"
        for name in ("README.md", "docs/scenario.md", "docs/suites.md"):
            for block in re.findall(r"```yaml\n(.*?)\n```", page(name), re.DOTALL):
                if re.search(r"^operations:", block, re.MULTILINE):
                    file.write_text(block, encoding="utf-8")
                    for scenario in read_scenarios(file):
                        used.scenario(scenario)
    return used


@lru_cache(maxsize=1)
def shipped() -> Used:
    """Collect what the shipped scenarios use; `tests/scenarios` runs each on both engines."""
    used = Used()
    for path in shipped_names().values():
        for scenario in read_scenarios(path):
            used.scenario(scenario)
    return used


@lru_cache(maxsize=1)
def other_tests() -> str:
    files = [p for p in (ROOT / "tests").rglob("*.py") if p.name != Path(__file__).name]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def every_word() -> list[Any]:
    return [
        pytest.param(kind, word, id=f"{kind} {word}")
        for kind, words in WORDS.items()
        for word in words
    ]


@pytest.mark.parametrize(("kind", "word"), every_word())
def test_a_word_of_the_format_has_a_line_in_the_reference(kind: str, word: str) -> None:
    text = page("docs/scenario.md")
    assert re.search(rf"`@?{word}\b[^`\n]*`", text), f"docs/scenario.md says nothing of {word}"


@pytest.mark.parametrize(("kind", "word"), every_word())
def test_a_word_of_the_format_is_used_in_an_example_of_the_reference(kind: str, word: str) -> None:
    assert word in NOT_SHOWN or word in shown().words[kind]


@pytest.mark.parametrize(("kind", "word"), every_word())
def test_a_word_of_the_format_is_used_in_a_shipped_scenario(kind: str, word: str) -> None:
    assert word in NOT_SHIPPED or word in shipped().words[kind]


@pytest.mark.parametrize(("kind", "word"), every_word())
def test_a_word_of_the_format_is_exercised_by_a_test(kind: str, word: str) -> None:
    run_by_a_test = word in shipped().words[kind] | shown().words[kind]  # each is run by a test
    if word == "ConvLSTMCell":
        run_by_a_test = "ConvLSTM2D" in shipped().words[kind]  # which holds one
    named = re.search(rf"\b{word}\b", other_tests()) is not None
    assert run_by_a_test or named, f"no test exercises {word}"


def test_what_is_excepted_exists_and_is_an_exception() -> None:
    known = {word for words in WORDS.values() for word in words}
    assert set(NOT_SHIPPED) <= known


def test_every_key_of_a_scenario_has_a_line_in_the_reference() -> None:
    text = page("docs/scenario.md")
    for name in Scenario.model_fields:
        assert f"`{name}`" in text, name


def test_every_argument_of_an_operation_has_a_mention_in_the_reference() -> None:
    text = page("docs/scenario.md")
    for name in OPERATIONS:
        annotation = Operation.model_fields[name].annotation
        classes = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
        for argument in (a for cls in classes for a in cls.model_fields):
            assert f"`{argument}`" in text, f"{name}: {argument}"


def commands() -> dict[str, Any]:
    """Return every command by its words: 'run', 'report merge'."""
    found = {}
    for command in COMMANDS:
        below = getattr(command, "commands", {})
        found[command.name] = command
        found |= {f"{command.name} {name}": inner for name, inner in below.items()}
    return found


def options() -> list[Any]:
    return [
        pytest.param(name, option, id=f"{name} {option}")
        for name, command in commands().items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    ]


@pytest.mark.parametrize(("command", "option"), options())
def test_an_option_of_the_command_line_is_exercised_by_a_test(command: str, option: str) -> None:
    found = commands()[command]
    words = next(parameter.opts for parameter in found.params if option in parameter.opts)
    given = "|".join(map(re.escape, words))
    run = re.search(rf'"(?:{given})[="]', other_tests()) is not None
    assert run, f"no test runs probe {command} {option}"


@pytest.mark.parametrize(("command", "option"), options())
def test_an_option_of_the_command_line_explains_itself_and_is_mentioned(
    command: str, option: str
) -> None:
    found = commands()[command]
    assert any(option in p.opts and getattr(p, "help", None) for p in found.params)
    assert option in OF_THE_HELP_ALONE or option in every_page()


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_report_is_described_by_the_page_on_ci(suffix: str) -> None:
    assert f"| `x{suffix}` |" in page("docs/ci.md")


def test_the_page_on_ci_has_a_row_for_each_input_of_the_action() -> None:
    inputs = re.findall(r"^  ([\w-]+):$", page("action.yml").split("outputs:")[0], re.MULTILINE)
    assert len(inputs) == 5
    for name in inputs:
        assert f"| `{name}` |" in page("docs/ci.md")


@pytest.mark.parametrize("code", EXIT_CODES)
def test_an_exit_code_is_explained_on_both_pages_and_met_by_a_test(code: str) -> None:
    assert f"| `{code}` |" in page("docs/scenario.md")
    assert f"**{code}** " in page("README.md")
    assert re.search(rf"(returncode|code|rc)\b.* == {code}\b", other_tests())


def table_of_imports() -> dict[str, set[str]]:
    """Read the table under '| room | may import |'."""
    text = page("docs/architecture.md").split("| room | may import |\n|---|---|\n")[1]
    rows = (line.split("|")[1:3] for line in text.split("\n\n")[0].splitlines())
    return {names[0]: set(re.findall(r"`(\w+)`", allowed)) for names, allowed in parsed(rows)}


def parsed(rows: Iterator[list[str]]) -> Iterator[tuple[list[str], str]]:
    for room, allowed in rows:
        yield re.findall(r"`(\w+)`", room), allowed


def test_the_table_of_imports_is_the_one_that_is_enforced() -> None:
    assert table_of_imports() == TABLE


def test_every_room_is_described() -> None:
    rooms = page("docs/architecture.md").split("## Who may import whom")[0]
    for room in set(TABLE) - {"__main__", "__init__"}:
        assert re.search(rf"`{room}(/|\.py)`", rooms), room


def test_every_scenario_that_the_page_on_behaviour_names_ships() -> None:
    text = page("docs/behaviour.md")
    named = re.findall(r"\[(\w+)\]\(\.\./scenarios/(\w+)\.yaml\)", text)
    assert len(named) >= 16
    assert all(label == stem for label, stem in named)
    commands = set(re.findall(r"--shipped (\w+)", text))
    assert {stem for _, stem in named} | commands <= set(shipped_names())


def test_every_shipped_scenario_is_named_by_the_page_on_behaviour() -> None:
    text = page("docs/behaviour.md")
    missing = [name for name in shipped_names() if f"[{name}](" not in text]
    assert not missing, "docs/behaviour.md has no row for the question of these scenarios"


def test_every_file_that_the_page_on_the_code_names_is_there() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*/[a-z_0-9]+\.py)`", text))
    roots = (ROOT, ROOT / "lstm_state_probe")
    assert [n for n in sorted(named) if not any((root / n).is_file() for root in roots)] == []
    assert len(named) > 20
