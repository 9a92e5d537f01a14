"""Who may import whom: the table of the house, compared with what the code really imports."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lstm_state_probe"
NAME = "lstm_state_probe"

GROUND = {"safe", "errors", "arrays", "whole"}

# A room may import the rooms in its row, itself, and those of the ground, which have rows too.
TABLE: dict[str, set[str]] = {
    "safe": set(),
    "errors": {"safe"},
    "arrays": set(),
    "foreign": set(),
    "whole": {"errors", "safe"},
    "layers": set(),
    "equations": set(),
    "scenario": {"foreign", "layers"},
    "engines": set(),
    "recording": {"engines", "equations", "layers"},
    "inspection": {"engines", "foreign", "layers", "model", "recording", "scenario"},
    "model": {"engines", "foreign", "layers", "scenario"},
    "operations": {"engines", "layers", "model", "recording", "scenario"},
    "expectations": {"recording", "scenario"},
    "report": {"expectations", "inspection", "recording", "scenario"},
    "checks": {
        *("engines", "environment", "expectations", "inspection", "layers", "model"),
        *("recording", "report", "runner", "scenario"),
    },
    "runner": {
        *("engines", "expectations", "layers", "model", "operations", "recording"),
        *("report", "scenario"),
    },
    "environment": {"engines"},
    "executors": {
        "checks",
        "engines",
        "environment",
        "process",
        "recording",
        "report",
        "runner",
        "scenario",
    },
    "cache": {"environment", "expectations", "recording", "report", "runner", "scenario"},
    "baseline": {"expectations", "foreign", "recording", "report"},
    "process": set(),
    "project": set(),
    "shipped": set(),
    "selection": {"scenario"},
    "suite": {"environment", "executors", "report", "scenario", "selection"},
    "sources": {"engines", "scenario"},
    "explained": set(),
    "diagnosis": {"engines"},
    "cli": {
        *("baseline", "cache", "checks", "diagnosis", "engines", "environment", "executors"),
        *(
            "explained",
            "inspection",
            "process",
            "project",
            "report",
            "runner",
            "scenario",
            "selection",
        ),
        *("shipped", "sources", "suite"),
    },
    "__main__": {"cli"},
    "api": {
        *("checks", "engines", "environment", "foreign", "layers", "recording", "report"),
        *("runner", "scenario"),
    },
    "pytest_fixture": {"api", "report"},
    "pytest_items": {"api", "scenario"},
    "pytest_plugin": {"pytest_fixture", "pytest_items"},
    "__init__": {"api"},
}
NO_KERAS = {
    "baseline",
    "checks",
    *GROUND,
    "foreign",
    "layers",
    "equations",
    "scenario",
    "expectations",
    "report",
    "cli",
}
KERAS = {"keras", "tf_keras", "tensorflow"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def imported(tree: ast.AST) -> set[str]:
    """Every module that is named in an import, wherever it stands."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            names |= (
                {f"{module}.{alias.name}" for alias in node.names} if module == NAME else {module}
            )
    return names


def own_rooms(names: set[str]) -> set[str]:
    inner = {name.split(".")[1] for name in names if name.startswith(f"{NAME}.")}
    return {name for name in inner if name != "__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_its_row_in_the_table_allows(path: Path) -> None:
    here = room(path)
    assert here in TABLE, f"{here} has no row in the table"
    found = own_rooms(imported(ast.parse(path.read_text(encoding="utf-8"))))
    assert found <= TABLE[here] | {here} | (set() if here in GROUND else GROUND)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_rooms_that_know_no_keras_import_none_at_all(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(ast.parse(path.read_text(encoding="utf-8")))}
    if room(path) in NO_KERAS:
        assert not tops & KERAS


def test_the_table_has_no_circle() -> None:
    for start in TABLE:
        seen: set[str] = set()
        frontier = set(TABLE[start])
        while frontier:
            assert start not in frontier
            seen |= frontier
            frontier = {name for room_ in frontier for name in TABLE[room_]} - seen


def test_the_table_names_rooms_that_exist() -> None:
    assert {room(path) for path in modules()} == set(TABLE)
