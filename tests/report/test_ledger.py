"""The ledger: where each operation started, where it ended, what it moved."""

import re

import numpy as np
import pytest
from reading import drawn, words

from lstm_state_probe.recording.call import Origin
from lstm_state_probe.report.data import LayerReport
from lstm_state_probe.report.words.layout import share_out
from lstm_state_probe.report.words.ledger import ledger

LAYERS = (LayerReport("lstm", "LSTM", ("h",), True), LayerReport("gru", "GRU", ("h",), True))


def fitted(made, epochs=2, batches=2, validation=True):
    states = [drawn(3, 4, seed=k) for k in range(20)]
    calls, k = [], 0
    for epoch in range(epochs):
        places = [("train", b) for b in range(batches)] + [("test", 0)] * validation
        for phase, batch in places:
            place = {"phase": phase, "epoch": epoch, "batch": batch}
            calls.append(made.call(states[k], states[k + 1], **place))
            k += 1
    return made.operation(*calls, operation="fit", held={"lstm/h": states[k]})


def test_fit_has_a_row_for_all_and_one_for_each_epoch_and_validation(made):
    rows = [*ledger(made.scenario(fitted(made), stateful=True))]
    assert [(row.stretch, row.calls) for row in rows] == [
        ("", 6),
        ("epoch 1", 2),
        ("epoch 1, validation", 1),
        ("epoch 2", 2),
        ("epoch 2, validation", 1),
    ]
    one = [*ledger(made.scenario(fitted(made, epochs=1, validation=False)))]
    assert [row.stretch for row in one] == [""]


def test_each_row_ends_where_its_last_call_ended_and_names_its_largest_change(made):
    done = fitted(made)
    calls = done.outcome.calls
    rows = [*ledger(made.scenario(done))]
    spans = [range(6), range(2), range(2, 3), range(3, 5), range(5, 6)]
    for row, span in zip(rows, spans, strict=True):
        assert row.ended == {"h": float(abs(calls[span[-1]].states["h"].final).max())}
        pairs = [(calls[k].states["h"].initial, calls[k].states["h"].final) for k in span]
        changes = np.array([abs(b.astype(float) - a.astype(float)) for a, b in pairs])
        number, *where = np.unravel_index(int(changes.argmax()), changes.shape)
        assert row.moved.change.size == changes.max()
        assert (row.moved.call, row.moved.change.where) == (span[int(number)], tuple(where))


def test_the_samples_that_moved_are_those_of_any_call(made, page):
    start = np.zeros((5, 2))
    one, two = start.copy(), start.copy()
    one[0], two[3, 1] = 1, 2
    report = made.scenario(made.operation(made.call(start, one), made.call(start, two)))
    (row,) = ledger(report)
    assert (row.samples, row.batch) == ((0, 3), 5)
    assert re.search(r"\ssamples 0, 3$", page(report, ledger=True, width=160), re.MULTILINE)
    still = made.scenario(made.operation(made.call(start, start)))
    assert "unchanged" in page(still, ledger=True)
    assert re.search(r"\snone$", page(still, ledger=True), re.MULTILINE)
    every = made.scenario(made.operation(made.call(start, start + 1)))
    assert re.search(r"\sall$", page(every, ledger=True), re.MULTILINE)
    alone = made.scenario(made.operation(made.call(start, one)))
    assert re.search(r"\ssample 0$", page(alone, ledger=True, width=160), re.MULTILINE)


def test_of_many_samples_apart_the_first_are_named_and_all_are_counted(made, page):
    start = np.zeros((40, 1))
    end = start.copy()
    end[::2] = 1
    text = words(page(made.scenario(made.operation(made.call(start, end))), ledger=True, width=60))
    assert "samples 0, 2, 4, 6, 8, 10, … (20 of the 40)" in text


def test_nan_is_the_largest_change_and_a_nan_that_stays_has_not_moved(made):
    start = np.array([[0.0, np.nan], [0.0, np.nan]])
    end = np.array([[9.0, np.nan], [np.nan, np.nan]])
    (row,) = ledger(made.scenario(made.operation(made.call(start, end))))
    assert np.isnan(row.moved.change.size)
    assert row.moved.change.where == (1, 0)
    (row,) = ledger(made.scenario(made.operation(made.call(start, start))))
    assert row.samples == ()


def test_an_operation_without_a_call_is_told_by_what_is_held(made, page):
    before = drawn(2, 3)
    done = made.operation(
        operation="reset_states", before={"lstm/h": before}, held={"lstm/h": before * 0}
    )
    report = made.scenario(done, stateful=True)
    (row,) = ledger(report)
    assert (row.calls, row.ended, row.samples) == (0, {"h": 0.0}, (0, 1))
    assert row.moved.change.size == abs(before.astype(float)).max()
    assert "not called: what it held" in words(page(report, ledger=True, width=160))
    assert "nothing is held" in page(made.scenario(made.operation()), ledger=True, width=160)


def test_what_is_held_otherwise_than_it_ended_is_said(made, page):
    final = drawn(2, 3)
    call = made.call(final * 0, final)
    same = made.scenario(made.operation(call, held={"lstm/h": final.astype(np.float64)}))
    assert "then held" not in page(same, ledger=True, width=160)
    other = made.scenario(made.operation(call, held={"lstm/h": final * 0}))
    assert "then held: h=0" in page(other, ledger=True, width=160)


def test_layers_and_origins_have_their_rows(made, page):
    calls = [
        made.call(drawn(1, 2), drawn(1, 2, seed=1), layer=layer, origin=Origin(word, f"{word}: x"))
        for layer, word in (("lstm", "given"), ("gru", "learned"))
    ]
    report = made.scenario(made.operation(*calls, label="both"), layers=LAYERS)
    text = page(report, ledger=True, width=160)
    assert [line.split()[:3] for line in text.splitlines() if ": x" in line] == [
        ["1.", "predict", '"both"'],
        ["gru", "1", "learned:"],
    ]


def test_the_ledger_stands_alone_but_failures_are_told(made, page):
    failed = made.verdict(passed=False, message="it did not")
    done = made.operation(
        made.recorded(drawn(3, 2, 2)), verdicts=(made.verdict(selector="lstm/x"), failed)
    )
    raised = made.operation(failure=("ValueError", "bad batch"))
    report = made.scenario(done, raised, status="failed", initialised={"lstm/h": drawn(2, 2)})
    text = page(report, ledger=True, end=True, width=120)
    assert "a.yaml:18:7: error: it did not" in text
    assert "predict raised ValueError: bad batch" in text
    assert "1 scenario:" in text
    for other in ("initialised", "lstm/x", "sample u0", "(--timesteps)"):
        assert other not in text


@pytest.mark.parametrize("width", [20, 40, 79, 80, 100, 200])
def test_no_word_is_lost_at_any_width(made, page, width):
    text = page(made.scenario(fitted(made), stateful=True), ledger=True, width=width)
    assert max(map(len, text.splitlines())) <= width
    flat = "".join(text.split())
    for word in ("fit", "epoch1", "validation", "epoch2", "stateless", "all"):
        assert flat.count(word) >= 1
    for row in ledger(made.scenario(fitted(made))):
        assert f"h={row.ended['h']:.3f}"[:6] in flat


def test_columns_share_the_room_and_never_fall_below_their_words():
    assert share_out([10, 20, 30], [5, 5, 5], 100) == [10, 20, 30]
    assert share_out([10, 20, 30], [5, 5, 5], 40) == [10, 15, 15]
    assert share_out([10, 20, 30], [5, 18, 5], 30) == [6, 18, 6]
    assert share_out([10, 20, 30], [5, 18, 5], 20) is None


def test_markup_in_names_is_inert(made, page):
    layer = LayerReport("[bold]x\x1b", "L", ("h",), True)
    call = made.call(drawn(1, 1), drawn(1, 1), layer="[bold]x\x1b")
    text = page(made.scenario(made.operation(call), layers=(layer,)), ledger=True, width=160)
    assert "[bold]x\\x1b" in text
