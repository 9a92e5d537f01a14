"""What the tables show is what was recorded; what they do not show they say."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_state_probe.errors import Complaint
from lstm_state_probe.recording.call import Origin
from lstm_state_probe.report.data import LayerReport
from lstm_state_probe.report.words.numbers import digits, summarise

NUMBER = r"-?(?:\d[\d.]*(?:e[+-]\d+)?|Inf|NaN|True|False)"
SECTION = re.compile(r"^(initial|final|before|held)\b")
SLOW = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def rows(text: str, section: str) -> dict[int, list[str]]:
    """Read back the rows of one section: {sample: numbers}, over all blocks of units."""
    found: dict[int, list[str]] = {}
    inside = False
    for line in text.splitlines():
        if SECTION.match(line):
            inside = line.startswith(section)
        if inside and (match := re.match(rf"^(?:{section})?\s+(\d+)((?:\s+{NUMBER})+)$", line)):
            found.setdefault(int(match[1]), []).extend(match[2].split())
        if inside and re.match(r"^\s+all ", line):
            inside = False
    return found


def words(text: str) -> str:
    """Join what was folded."""
    return " ".join(text.split())


# --- the numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 160])
@pytest.mark.parametrize("precision", [1, 4, 9])
def test_every_number_shown_is_that_of_the_array(made, page, width, precision):
    initial, final = drawn(3, 40), drawn(3, 40, seed=1)
    report = made.scenario(made.operation(made.call(initial, final)))
    text = page(report, width=width, precision=precision, full=True)
    for name, array in (("initial", initial), ("final", final)):
        expected = [[digits(float(v), precision) for v in row] for row in array]
        assert list(rows(text, name).values()) == expected


@pytest.mark.parametrize("width", [30, 80, 160])
def test_the_default_shows_first_ones_and_the_last_and_says_which(made, page, width):
    array = drawn(64, 512)
    text = page(made.scenario(made.operation(made.call(array * 0, array))), width=width)
    said = re.search(
        r"showing units (?:0-)?(\d+), 511 of 512 and samples 0-2, 63 of 64", words(text)
    )
    assert said
    columns = [*range(int(said[1]) + 1), 511]
    if width >= 80:
        assert list(rows(text, "final")) == [0, 1, 2, 63]
        for sample, shown in rows(text, "final").items():
            assert shown == [digits(float(array[sample, k]), 4) for k in columns]


@pytest.mark.parametrize("width", [50, 80, 160])
def test_as_many_units_as_fit_are_shown(made, page, width):
    array = np.ones((1, 512), np.float32)
    array[0, 9] = -0.0001234  # wider, so that it does not fit, and must not make others narrower
    text = page(made.scenario(made.operation(made.call(array, array))), width=width)
    line = next(line for line in text.splitlines() if "u511" in line)
    cell = max(map(len, rows(text, "final")[0]))
    shown = len(rows(text, "final")[0])
    room = width - (len(line) - shown * (cell + 2) + 2)
    wider = 10 if shown >= 10 or shown + 1 > 10 else cell
    assert (shown + 1) * (max(cell, wider) + 2) - 2 > room


@pytest.mark.parametrize(("units", "samples"), [(1, 1), (2, 3), (100, 10), (512, 64), (999, 999)])
def test_as_many_units_and_samples_are_shown_as_were_asked_for(made, page, units, samples):
    array = drawn(64, 512)
    report = made.scenario(made.operation(made.call(array, array)))
    text = page(report, units=units, samples=samples)
    found = rows(text, "final")
    assert len(found) == min(samples, 64)
    assert {len(row) for row in found.values()} == {min(units, 512)}
    assert ("showing" in text) == (units < 512 or samples < 64)


def test_full_leaves_nothing_out_and_says_nothing_of_it(made, page):
    array = drawn(64, 512)
    text = page(made.scenario(made.operation(made.call(array, array))), full=True)
    assert "showing" not in text
    assert sum(map(len, rows(text, "final").values())) == array.size


def test_states_of_several_sizes_have_headings_and_notes_of_their_own(made, page):
    layer = LayerReport("rnn", "RNN", ("cell0/h", "cell1/h"), True)
    held = {"rnn/cell0/h": drawn(2, 3), "rnn/cell1/h": drawn(2, 300)}
    text = page(made.scenario(layers=(layer,), initialised=held))
    assert "cell1/h: showing units" in text
    assert "cell0/h: showing" not in text
    assert "u299" in text


@given(
    value=st.one_of(st.floats(), st.floats(width=32), st.integers(), st.booleans()),
    precision=st.integers(-1, 20),
)
def test_a_written_number_reads_back_and_only_zero_reads_zero(value, precision):
    text = digits(value, precision)
    assert (text.lstrip("-") == "0") == (value == 0 and not isinstance(value, bool))
    if isinstance(value, float) and np.isfinite(value):
        digit_count = min(max(precision, 1), 17)
        assert float(text) == float(f"{value:.{digit_count}g}")


# --- summary, change, flags -------------------------------------------------------------------


@SLOW
@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5),
    )
)
def test_the_summary_is_numpys_over_all_elements(array):
    found, wide = summarise(array), array.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    assert found.count == array.size
    assert found.finite == finite.size
    assert found.nans == np.isnan(wide).sum()
    assert found.infs == np.isinf(wide).sum()
    assert found.zeros == (wide == 0).sum()
    if finite.size:
        with np.errstate(over="ignore", invalid="ignore"):
            expected = [finite.min(), finite.max(), finite.mean(), finite.std()]
        figures = [found.low, found.high, found.mean, found.deviation]
        np.testing.assert_array_equal(figures, expected)


def test_the_summary_counts_what_is_not_shown(made, page):
    array = np.zeros((64, 512), np.float32)
    array[30, 250], array[31, 251] = 9.0, np.nan
    text = words(page(made.scenario(made.operation(made.call(array * 0, array)))))
    assert "max=9.000" in text
    assert "!NaN=1 !Inf=0" in text
    assert "of the 32767 finite of 32768" in text
    assert "zeros=>99.9%" in text


def test_nan_and_inf_are_marked_with_and_without_colour(made, page):
    array = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    start = np.zeros_like(array)
    report = made.scenario(made.operation(made.call(start, array), result=float("nan")))
    plain = page(report)
    assert rows(plain, "final") == {0: ["NaN", "Inf", "-Inf", "0.5000"]}
    assert "!NaN=1 !Inf=2" in words(plain)
    assert "result: NaN (not finite!)" in plain
    coloured = page(report, console={"force_terminal": True, "color_system": "standard"})
    assert re.search(r"\x1b\[1;31m +NaN", coloured)


def test_the_largest_change_is_over_all_elements_and_has_its_place(made, page):
    initial = drawn(64, 512)
    final = initial.copy()
    final[40, 300] += 3
    text = words(page(made.scenario(made.operation(made.call(initial, final)))))
    size = digits(abs(float(final[40, 300]) - float(initial[40, 300])), 4)
    assert f"(64, 512) float32; largest change {size} at sample 40, u300" in text


def test_a_state_that_becomes_nan_has_nan_for_its_largest_change(made, page):
    final = np.array([[5.0, np.nan]])
    text = page(made.scenario(made.operation(made.call(np.zeros((1, 2)), final))))
    assert "largest change NaN at sample 0, u1" in text


def test_states_with_space_axes_are_flattened_and_named_by_index(made, page):
    array = drawn(2, 3, 4, 5)
    text = words(page(made.scenario(made.operation(made.call(array * 0, array)))))
    assert "(2, 3, 4, 5) float32, columns are the axes after the batch, [0,0,0] to [2,3,4]" in text
    assert "[0,0,1]" in text
    assert "of 60" in text


# --- what an operation tells ------------------------------------------------------------------


def test_initial_is_the_first_calls_and_final_the_last_calls(made, page):
    steps = [drawn(2, 3, seed=k) for k in range(7)]
    calls = [
        made.call(steps[k], steps[k + 1], phase="train", epoch=k // 2, batch=k % 2)
        for k in range(6)
    ]
    text = page(made.scenario(made.operation(*calls, operation="fit")))
    assert "calls 6: epoch 1, batch 1 … epoch 3, batch 2" in words(text)
    assert rows(text, "initial")[0] == [digits(float(v), 4) for v in steps[0][0]]
    assert rows(text, "final")[1] == [digits(float(v), 4) for v in steps[6][1]]


def test_verbosely_every_call_has_its_table(made, page):
    calls = [made.call(drawn(2, 3), drawn(2, 3), batch=k) for k in range(3)]
    text = page(made.scenario(made.operation(*calls)), verbosity=1)
    assert [f"call {k} of 3: batch {k}" in text for k in (1, 2, 3)] == [True] * 3


def test_the_origin_is_told_in_words(made, page):
    call = made.call(drawn(2, 3), drawn(2, 3), origin=Origin("given", "given: initial_state"))
    assert "given: initial_state" in page(made.scenario(made.operation(call)))


def test_what_is_held_is_repeated_only_where_it_differs_from_final(made, page):
    final = drawn(2, 3)
    call = made.call(final * 0, final)
    same = made.scenario(made.operation(call, held={"lstm/h": final.copy()}), stateful=True)
    assert "held = final" in page(same)
    other = made.scenario(made.operation(call, held={"lstm/h": final + 1}), stateful=True)
    assert rows(page(other), "held")[0] == [digits(float(v), 4) for v in final[0] + 1]
    wider = final.astype(np.float64)
    cast = made.scenario(made.operation(call, held={"lstm/h": wider}), stateful=True)
    assert "held = final, as float64" in page(cast)
    assert "not stateful: nothing is held" in page(made.scenario(made.operation(call)))


def test_an_operation_without_a_call_shows_before_and_after(made, page):
    before = drawn(2, 3)
    done = made.operation(
        operation="reset_states", before={"lstm/h": before}, held={"lstm/h": before * 0}
    )
    text = page(made.scenario(done, stateful=True))
    assert rows(text, "before")[0] == [digits(float(v), 4) for v in before[0]]
    assert all(v.lstrip("-") == "0" for row in rows(text, "held").values() for v in row)
    idle = made.operation(before={"lstm/h": before}, held={"lstm/h": before})
    assert "held = before" in page(made.scenario(idle, stateful=True))
    assert "not stateful and not called: nothing to show" in page(made.scenario(made.operation()))


def test_an_unexpected_error_says_how_far_the_states_had_come(made, page):
    before = np.zeros((2, 3), np.float32)
    failed = {"failure": ("ValueError", "bad\nbatch"), "before": {"lstm/h": before}}
    moved = made.operation(made.call(before, before + 1), held={"lstm/h": before + 1}, **failed)
    text = words(page(made.scenario(moved, stateful=True)))
    assert "predict raised ValueError: bad batch" in text
    assert "stopped after 1 call; held states had already moved: lstm/h by up to 1.000" in text
    still = made.operation(held={"lstm/h": before}, **failed)
    text = words(page(made.scenario(still, stateful=True)))
    assert "before any call was recorded; held states are as before the operation" in text


def test_calls_that_were_not_recorded_are_counted(made, page):
    assert "3 further calls could not be recorded" in page(
        made.scenario(made.operation(unrecorded=3))
    )


def test_timesteps_that_went_to_disk_are_told(made, page):
    assert "1.5 MiB of timesteps are on disk" in page(
        made.scenario(made.operation(on_disk=3 * 2**19))
    )
    assert "disk" not in page(made.scenario(made.operation()))


def test_failed_verdicts_are_told_in_full_at_every_verbosity(made, page):
    message = "lstm/h: expected zeros, but " + " ".join(f"word{k}" for k in range(60))
    failed = made.verdict(passed=False, condition="zeros", message=message)
    report = made.scenario(made.operation(verdicts=(failed,)), status="failed")
    for verbosity in (-1, 0, 1):
        text = page(report, verbosity=verbosity, width=30)
        assert f"a.yaml:18:7: error: {message}" in text


def test_passed_verdicts_are_one_line_and_their_messages_come_verbosely(made, page):
    report = made.scenario(made.operation(verdicts=(made.verdict(),)))
    assert "✓ lstm/h: changed" in page(report)
    assert "it did" not in page(report)
    assert "it did" in page(report, verbosity=1)
    assert page(report, verbosity=-1) == ""


def test_the_error_of_a_scenario_is_shown_as_it_is(made, page):
    error = f"a.yaml:3:5: error: {' '.join(['long'] * 40)}\n  layers: [x]\n          ^"
    for verbosity in (-1, 0):
        text = page(made.scenario(error=error, status="error"), width=30, verbosity=verbosity)
        assert error in text


def test_results_are_brief_and_say_what_they_leave_out(made, page):
    result = {"loss": [float(k) for k in range(20)], "y": np.zeros((9, 1), np.float32), "n": 3}
    result["small"] = np.array([[0.5], [0.25]], np.float32)
    report = made.scenario(made.operation(result=result))
    text = words(page(report))
    assert "loss [0, 1.000, 2.000, 3.000, (15 more: --full), 19.00]" in text
    assert "y array (9, 1) float32, n 3" in text
    assert "small array (2, 1) float32 [[0.5000], [0.2500]]" in text
    assert "more" not in page(report, full=True)


# --- the closing summary ----------------------------------------------------------------------


def test_the_closing_summary_counts_and_places_what_did_not_hold(made, page):
    failed = made.verdict(passed=False, condition="zeros")
    reports = [
        made.scenario(made.operation(verdicts=(made.verdict(),) * 2), id="one"),
        made.scenario(made.operation(verdicts=(made.verdict(), failed)), id="two", status="failed"),
        made.scenario(made.operation(failure=("ValueError", "no")), id="three", status="error"),
        made.scenario(made.operation(), id="four", status="no expectations"),
    ]
    complaint = Complaint("b.yaml", 2, 3, "unknown key")
    text = words(page(*reports, end=True, width=160, complaints=(complaint,)))
    quiet = words(page(*reports, end=True, verbosity=-1, complaints=(complaint,)))
    assert "passed one" not in quiet
    assert "✓ passed one keras3 2 held" in text
    assert "✗ failed two keras3 1 held, 1 failed" in text
    assert "a.yaml:18:7: lstm/h: zeros" in text
    assert "a.yaml:16:5: predict raised ValueError" in text
    assert "○ no expectations four keras3 nothing was expected" in text
    assert "b.yaml:2:3: unknown key" in text
    assert (
        "4 scenarios: 1 passed, 1 failed, 1 error, 1 without expectations; 4 expectations" in text
    )


def test_an_empty_suite_is_summed_up(page):
    assert "0 scenarios: 0 passed" in page(end=True)


# --- the page ---------------------------------------------------------------------------------

NASTY = "[bold]x[/bold] :smile: \x1b[31m\a \u202e \ud800 a\tb"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_markup_and_control_characters_in_names_are_inert_and_visible(made, page, encoding):
    layer = LayerReport(NASTY, NASTY, (NASTY,), True)
    verdict = made.verdict(selector=NASTY, message=NASTY, passed=False)
    done = made.operation(verdicts=(verdict,), label=NASTY, failure=(NASTY, NASTY), result=NASTY)
    report = made.scenario(
        done,
        id=NASTY,
        description=NASTY,
        layers=(layer,),
        error=NASTY,
        initialised={f"{NASTY}/{NASTY}": drawn(2, 3)},
    )
    text = page(report, end=True, encoding=encoding, width=300)
    assert "[bold]x[/bold] :smile: \\x1b[31m\\x07 \\u202e \\ud800" in text
    assert not set(text) & {"\x1b", "\a", "\u202e", "\t"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_symbols_and_lines_fall_back_to_ascii(made, page, encoding):
    array = drawn(64, 512)
    done = made.operation(
        made.call(array, array), made.call(array, array), verdicts=(made.verdict(),)
    )
    assert page(made.scenario(done), end=True, encoding=encoding).isascii()


def test_no_color_writes_no_escape_codes_even_on_a_terminal(made, page):
    array = np.array([[0.0, np.nan]])
    verdicts = (made.verdict(), made.verdict(passed=False))
    report = made.scenario(made.operation(made.call(array, array), verdicts=verdicts))
    terminal = {"force_terminal": True, "color_system": "truecolor"}
    assert "\x1b" in page(report, console=terminal)
    assert "\x1b" not in page(report, end=True, console={**terminal, "no_color": True})


def test_colour_changes_no_character(made, page):
    array = drawn(8, 40) * (drawn(8, 40, seed=1) > 0)
    report = made.scenario(made.operation(made.call(array * 0, array)))
    coloured = page(report, console={"force_terminal": True, "color_system": "truecolor"})
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == page(report)


@st.composite
def states(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12))
    dtype = draw(
        st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.uint8, np.bool_])
    )
    return draw(hnp.arrays(dtype, shape)), draw(hnp.arrays(dtype, shape))


OPTIONS = {
    "units": st.none() | st.integers(0, 30),
    "samples": st.none() | st.integers(0, 30),
    "precision": st.integers(1, 17),
    "full": st.booleans(),
    "verbosity": st.sampled_from([0, 1]),
}


@SLOW
@given(pair=states(), width=st.integers(1, 200), options=st.fixed_dictionaries(OPTIONS))
def test_no_width_shape_or_value_raises(made, page, pair, width, options):
    initial, final = pair
    held = {"lstm/h": final}
    done = made.operation(made.call(initial, final), before={"lstm/h": initial}, held=held)
    idle = made.operation(before={"lstm/h": initial}, held=held)
    report = made.scenario(done, idle, stateful=True, initialised={"lstm/h": initial})
    assert page(report, width=width, end=True, **options)


@SLOW
@given(
    width=st.integers(20, 170),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 600)),
    exponent=st.integers(-12, 12),
    precision=st.sampled_from([4, 17]),
)
def test_no_line_is_wider_than_the_page_and_nothing_is_lost_in_the_fold(
    made, page, width, shape, exponent, precision
):
    array = drawn(*shape) * 10.0**exponent
    report = made.scenario(made.operation(made.call(array * 0, array)))
    text = page(report, width=width, precision=precision)
    assert max(map(len, text.splitlines())) <= width
    flat = "".join(text.split())
    summary = summarise(array)
    for value in (summary.low, summary.high, summary.mean, summary.deviation, float(array[0, 0])):
        assert digits(value, precision) in flat


def test_no_line_ends_in_blanks(made, page):
    array = drawn(64, 512)
    text = page(made.scenario(made.operation(made.call(array * 0, array))), end=True)
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_large_state_is_shown_quickly(made, page):
    def seconds(*shape):
        array, times = drawn(*shape), []
        report = made.scenario(made.operation(made.call(array * 0, array)))
        page(report)
        for _ in range(5):
            started = time.perf_counter()
            page(report)
            times.append(time.perf_counter() - started)
        return min(times)

    assert seconds(64, 512) < 10 * seconds(4, 8), "of 1024 times as many elements"


def test_the_tables_need_no_tensorflow():
    code = "import sys, lstm_state_probe.report.terminal.tables; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(found.stdout.split())
    assert not loaded & {"tensorflow", "keras", "tf_keras"}
    assert not loaded & {"rich.progress", "rich.syntax", "rich.traceback", "rich.markdown"}
