"""The rows that the gate leaves out: never a test, never an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rows import ENGINES

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
def collected(pytester: pytest.Pytester):
    """Collect the tests above as the gate does, or with further words."""
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers =\n  rows(n): some\n  each_engine: all")
    pytester.makepyfile(test_it=TESTS)

    def collect(*words: str) -> list[str]:
        done = pytester.runpytest_subprocess("--collect-only", "-q", "-p", "no:zarr", *words)
        return [line.partition("::")[2] for line in done.outlines if "::" in line]

    return collect


def test_each_row_runs_on_one_engine_and_both_engines_run(collected) -> None:
    rows = [name[:-1].partition("[")[2] for name in collected() if name.startswith("test_of_eng")]
    assert sorted(int(row.partition("-")[2]) for row in rows) == list(range(20))
    assert {row.partition("-")[0] for row in rows} == set(ENGINES)


def test_what_is_marked_runs_on_both_and_what_is_long_is_cut(collected) -> None:
    names = [name.partition("[")[0] for name in collected()]
    counts = {name: names.count(name) for name in names}
    assert counts == {"test_of_engines": 20, "test_of_both": 2, "test_long": 3, "test_short": 5}


def test_whole_takes_every_row_and_a_named_row_is_run(collected) -> None:
    assert len(collected("--whole")) == 40 + 2 + 20 + 5
    assert len(collected("test_it.py::test_long[19]")) == 1
