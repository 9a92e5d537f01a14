"""A seeded part of the matrix of `python -m benchmarks.neutral`: no bit moves, gates or not."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from benchmarks.neutral import PLANS, run
from benchmarks.neutral_matrix import DTYPES, KINDS, Case, drawn

FEW = {"predict": 8, "call": 8, "train": 4}
FOUND_FIRST = [
    # what moved while a gate, or what goes into its activation, was a result of the loop
    *(("LSTM", "elu", "hard_sigmoid", dtype, 5) for dtype in DTYPES),
    ("LSTM", "sigmoid", "sigmoid", "float32", 1),
    ("LSTM", "softplus", "softplus", "float32", 1),
    ("GRU", "hard_sigmoid", "sigmoid", "float32", 5),
    ("GRU", "gelu", "softplus", "mixed_float16", 5),
    ("ConvLSTM1D", "softplus", "hard_sigmoid", "float32", 5),
]


@pytest.mark.rows(2)
@pytest.mark.parametrize("operation", FEW)
def test_no_bit_moves_with_states_or_gates_in_a_drawn_part_of_the_matrix(
    engine: Any, operation: str
) -> None:
    cases = drawn(engine.name, operation, FEW[operation], seed=9)
    assert len({case.kind for case in cases}) == min(len(cases), len(KINDS))
    assert_neutral(engine, cases)


def test_no_bit_moves_where_one_did(engine: Any) -> None:
    assert_neutral(engine, [Case(engine.name, "predict", *row) for row in FOUND_FIRST])


def assert_neutral(engine: Any, cases: list[Case]) -> None:
    found = run(engine, cases)
    engine.clear()
    gc.collect()
    assert not found.unsteady, "a plain run differs from another: nothing can be compared"
    assert found.moved == {plan: [] for plan in PLANS}
    assert all(case.kind == "SimpleRNN" for case in found.without_gates), "a layer without gates"
