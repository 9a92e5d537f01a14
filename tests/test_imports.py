"""Who may import whom: the table of the house, compared with what the code really imports."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lstm_state_probe"
NAME = "lstm_state_probe"

GROUND = {"safe", "errors", "arrays", "amounts", "whole"}

# A room may import the rooms in its row, itself, and those of the ground, which have rows too.
TABLE: dict[str, set[str]] = {
    "safe": set(),
    "errors": {"safe"},
    "arrays": set(),
    "amounts": set(),
    "version": set(),
    "foreign": set(),
    "whole": {"errors"},
    "layers": set(),
    "equations": set(),
    "scenario": {"foreign", "layers"},
    "engines": set(),
    "recording": {"engines", "equations", "layers"},
    "model": {"engines", "foreign", "layers", "scenario"},
    "operations": {"engines", "layers", "model", "recording", "scenario"},
    "expectations": {"recording", "scenario"},
    "report": {"expectations", "foreign", "recording", "scenario"},
    "inspection": {"engines", "layers", "model", "recording", "report", "scenario"},
    "runner": {
        *("engines", "expectations", "layers", "model"),
        *("operations", "recording", "report", "scenario"),
    },
    "host": {"engines", "scenario", "version"},
    "shipped": set(),
    "checks": {
        *("engines", "expectations", "host", "inspection", "layers"),
        *("model", "recording", "report", "runner", "scenario"),
    },
    "executors": {"checks", "engines", "host", "recording", "report", "runner", "scenario"},
    "baseline": {"expectations", "foreign", "recording", "report"},
    "suite": {"executors", "expectations", "host", "recording", "report", "runner", "scenario"},
    "explained": set(),
    "cli": {
        *("baseline", "checks", "engines", "executors", "explained", "host", "inspection"),
        *("report", "runner", "scenario", "shipped", "suite", "version"),
    },
    "__main__": {"cli"},
    "api": {
        *("checks", "engines", "foreign", "host", "layers"),
        *("recording", "report", "runner", "scenario", "version"),
    },
    "pytesting": {"api", "report", "scenario"},
    "pytest_plugin": {"pytesting"},
    "__init__": {"api", "version"},
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


def inner_room(path: Path) -> str:
    """Name a folder inside a room; what stands in the room itself ties its folders together."""
    parts = path.relative_to(PACKAGE).parts
    return "/".join(parts[:2]) if len(parts) > 2 else ""


def test_the_folders_of_a_room_import_each_other_one_way_only() -> None:
    edges: dict[str, set[str]] = {}
    for path in modules():
        names = imported(ast.parse(path.read_text(encoding="utf-8")))
        inner = {"/".join(name.split(".")[1:3]) for name in names if name.count(".") >= 3}
        edges.setdefault(inner_room(path), set()).update(inner - {inner_room(path)})
    edges.pop("")
    for start in edges:
        seen: set[str] = set()
        frontier = edges[start] & set(edges)
        while frontier:
            assert start not in frontier, f"{start} is imported by what it imports"
            seen |= frontier
            frontier = {n for name in frontier for n in edges[name]} & set(edges) - seen


def test_no_folder_holds_more_than_a_person_takes_in() -> None:
    counts = {folder: len(list(folder.glob("*.py"))) for folder in {p.parent for p in modules()}}
    assert {str(f.relative_to(PACKAGE)): n for f, n in counts.items() if n > 18} == {}


@pytest.mark.parametrize("folder", ["words", "answers", "html", "json"])
def test_words_html_and_json_know_neither_rich_nor_the_terminal(folder: str) -> None:
    files = [*(PACKAGE / "report" / folder).glob("*.py"), PACKAGE / "report" / "markdown.py"]
    for path in files:
        names = imported(ast.parse(path.read_text(encoding="utf-8")))
        assert not [n for n in names if n.startswith(f"{NAME}.report.terminal")], path
        assert "rich.console" not in names or path.name == "writer.py", "a writer is handed one"
