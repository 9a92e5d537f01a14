"""Keras's own recurrent tests pass under the recorder, and not one bit of a result moves.

A part of them, drawn by a seed: the longest run several layers through compiled training, for
minutes. `python tests/recording/keras_own.py` runs them all.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from keras_own import run_all, shipped_by

SEED, MANY = 7, 20
LONG = ("test_basics", "test_with_mask_zero")
SHORT_OF_THE_LONG = "simple_rnn_test.SimpleRNNTest.test_basics"


def test_keras_s_own_tests_pass_under_the_recorder_with_the_same_bits(engine: Any) -> None:
    shipped = shipped_by(engine)
    if not shipped:
        package = f"{engine.package} {engine.version()}"
        pytest.skip(f"the installed wheel of {package} ships no tests of its own")
    quick = [test for test in shipped if not test.id().endswith(LONG)]
    chosen = random.Random(SEED).sample(quick, min(MANY, len(quick)))
    chosen += [test for test in shipped if test.id().endswith(SHORT_OF_THE_LONG)]
    total = run_all(chosen, engine)
    assert not total.faults, "\n".join(total.faults)
    assert total.tests > len(chosen) / 2, "most of them are skipped without a recorder"
    assert total.recorded > total.tests, "vacuous"
    assert total.returned > total.recorded, "vacuous"
