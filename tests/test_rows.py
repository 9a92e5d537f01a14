"""The rows that the gate leaves out: never a test, never an engine."""

from __future__ import annotations

import pytest

from tests.rows import ENGINES, chosen

pytest_plugins = ["pytester"]

TESTS = """
import pytest

@pytest.fixture(params=["keras3", "tf_keras"])
def engine(request): return request.param

@pytest.mark.parametrize("k", range(20))
def test_of_engines(engine, k): pass

@pytest.mark.each_engine
def test_of_both(engine): pass

@pytest.mark.rows(3)
@pytest.mark.parametrize("k", range(20))
def test_long(k): pass

@pytest.mark.parametrize("k", range(5))
def test_short(k): pass
"""


@pytest.fixture
def kept(pytester: pytest.Pytester) -> list[str]:
    """Name the rows of the tests above that the gate keeps."""
    pytester.makeini("[pytest]\nmarkers =\n  rows(n): some\n  each_engine: all")
    items = pytester.getitems(TESTS)
    kept, rest = chosen(items)
    assert len(kept) + len(rest) == len(items)
    return [item.name for item in kept]


def test_each_row_runs_on_one_engine_and_both_engines_run(kept: list[str]) -> None:
    rows = [name[:-1].partition("[")[2] for name in kept if name.startswith("test_of_eng")]
    assert sorted(int(row.partition("-")[2]) for row in rows) == list(range(20))
    assert {row.partition("-")[0] for row in rows} == set(ENGINES)


def test_what_is_marked_runs_on_both_and_what_is_long_is_cut(kept: list[str]) -> None:
    names = [name.partition("[")[0] for name in kept]
    counts = {name: names.count(name) for name in names}
    assert counts == {"test_of_engines": 20, "test_of_both": 2, "test_long": 3, "test_short": 5}
