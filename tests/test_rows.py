"""The rows that the gate leaves out: never a test, never an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.rows import ENGINES, chosen


@dataclass
class Row:
    nodeid: str
    engine: str | None = None
    markers: dict[str, Any] = field(default_factory=dict)

    @property
    def callspec(self) -> SimpleNamespace:
        return SimpleNamespace(params={} if self.engine is None else {"engine": self.engine})

    def get_closest_marker(self, name: str) -> Any:
        return self.markers.get(name)


def rows_of_engines(name: str, **markers: Any) -> list[Row]:
    return [Row(f"{name}[{e}-{k}]", e, markers) for e in ENGINES for k in range(20)]


def test_each_row_runs_on_one_engine_and_both_engines_run() -> None:
    rows = rows_of_engines("tests/tf_keras/test_keras3.py::test_a")
    kept, rest = chosen(rows)
    assert sorted(int(row.nodeid[:-1].partition("-")[2]) for row in kept) == list(range(20))
    assert {row.engine for row in kept} == set(ENGINES)
    assert sorted(kept + rest, key=rows.index) == rows


def test_a_test_that_is_marked_runs_each_row_on_both() -> None:
    assert chosen(rows_of_engines("test_a", each_engine=True))[1] == []


def test_a_long_matrix_is_cut_to_as_many_rows_as_it_says() -> None:
    marked = {"rows": SimpleNamespace(args=(3,))}
    assert len(chosen([Row(f"test_a[{k}]", None, marked) for k in range(20)])[0]) == 3
    assert len(chosen([Row(f"test_a[{k}]") for k in range(20)])[0]) == 20


def test_a_row_that_exists_on_one_engine_alone_is_kept() -> None:
    for engine in ENGINES:
        assert chosen([Row(f"test_a[{engine}-x]", engine)])[1] == []
