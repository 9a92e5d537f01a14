"""Which rows of a matrix a run of the tests takes: a spread in the gate, all with `--whole`.

A test that runs on each engine is a row on one of them in the gate, half of the rows on each;
`@pytest.mark.rows(6)` takes six rows of a long matrix. What is left out is told as deselected.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest

ENGINES = ("keras3", "tf_keras")


def chosen(items: Sequence[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """Part the tests into those of the gate and the rest, both in their order."""
    tests: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    kept: set[str] = set()
    for name, rows in tests.items():
        kept |= {row.nodeid for row in _fewer(name, rows)}
    return [i for i in items if i.nodeid in kept], [i for i in items if i.nodeid not in kept]


def _fewer(name: str, rows: list[pytest.Item]) -> Iterable[pytest.Item]:
    if rows[0].get_closest_marker("each_engine") is None:
        rows = [row for row in rows if _on_its_engine(row, rows)]
    marker = rows[0].get_closest_marker("rows")
    return (
        rows
        if marker is None
        else sorted(rows, key=lambda row: _mark(row.nodeid))[: marker.args[0]]
    )


def _on_its_engine(row: pytest.Item, rows: Sequence[pytest.Item]) -> bool:
    named = engine_of(row)
    if named is None:
        return True
    same = without(row.nodeid, named)
    siblings = {engine_of(one) for one in rows if without(one.nodeid, engine_of(one) or "") == same}
    return len(siblings) < len(ENGINES) or named == ENGINES[_mark(same) % len(ENGINES)]


def engine_of(row: pytest.Item) -> str | None:
    """Name the engine that a row runs on, None for a test that has no such rows."""
    params = getattr(getattr(row, "callspec", None), "params", {})
    return next((p for k in ("engine", "engine_name") if (p := params.get(k)) in ENGINES), None)


def without(name: str, engine: str) -> str:
    """Name a row without its engine: the same for both."""
    test, _, row = name.partition("[")
    return f"{test}[{row.replace(engine, '', 1)}" if engine else name


def _mark(text: str) -> int:
    return zlib.crc32(text.encode())
