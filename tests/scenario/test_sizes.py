"""What would not fit into memory is refused with the figure, before it is allocated."""

from __future__ import annotations

import pytest
from scenario_strategies import Complain, Read

from lstm_state_probe import amounts
from lstm_state_probe.scenario.fits import sizes

TEXT = """
model:
  batch_shape: {shape}
  layers: [{layer}]
data: {{x: {x}}}
operations: [reload]
"""
RIGHT = {"shape": "[2, 3, 4]", "layer": "{GRU: {units: 4}}", "x": "{zeros: {shape: [2, 3, 4]}}"}


@pytest.fixture(autouse=True)
def a_gibibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "memory_limit", lambda: 2**30)


def test_what_fits_is_read(read: Read) -> None:
    assert len(read(TEXT.format(**RIGHT))) == 1


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        # 2^28 elements, drawn in 8 bytes and copied into 4
        (
            {"x": "{normal: {shape: [16384, 16384]}}"},
            "x:",
            "making the array 'x' would take 3.0 GiB",
        ),
        ({"x": "{zeros: {shape: [99999999999, 99999999999]}}"}, "x:", "more than 1024 PiB"),
        ({"x": "{zeros: {shape: [" + "9223372036854775807, " * 32 + "]}}"}, "x:", "1024 PiB"),
        ({"shape": "[2, 100000, 100000]"}, "[2,", "one batch of the input would take 74.5 GiB"),
        (
            {"layer": "{GRU: {units: 50000}}"},
            "50000",
            "the states of 50,000 units would take 27.9 GiB",
        ),
        (
            {"layer": "{Bidirectional: {layer: {LSTM: {units: 50000}}}}"},
            "50000",
            "would take 37.3 GiB",
        ),
        ({"layer": "{RNN: {cell: [{GRUCell: {units: 50000}}]}}"}, "50000", "would take 27.9 GiB"),
    ],
)
def test_what_is_too_large_is_refused_with_the_figure(
    complain: Complain, changed: dict[str, str], place: str, words: str
) -> None:
    told = [c for c in complain(TEXT.format(**RIGHT | changed)) if words in c.message]
    assert told
    assert told[0].message.endswith("this machine has 1.0 GiB of memory")
    assert told[0].source[told[0].column - 1 :].startswith(place)


def test_arrays_that_fit_alone_may_not_fit_together(complain: Complain) -> None:
    arrays = ", ".join(f"a{k}: {{zeros: {{shape: [8192, 8192]}}}}" for k in range(2))
    text = TEXT.format(**RIGHT).replace("data: {", "data: {" + arrays + ", ")
    (complaint,) = complain(text)
    assert complaint.message.startswith("making the arrays under 'data' would take 1.5 GiB")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        *((0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB")),
        *((2**30, "1.0 GiB"), (2**50, "1.0 PiB"), (2**60, "more than 1024 PiB")),
        (10**4000, "more than 1024 PiB"),
    ],
)
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert amounts.say_bytes(size) == text


def test_the_limit_is_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 2**28 < amounts.memory_limit() < 2**50
