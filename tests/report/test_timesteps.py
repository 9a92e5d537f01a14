"""The tables over time show what was recorded; what they leave out they say."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from reading import drawn, table, words

from lstm_state_probe.recording.call import State
from lstm_state_probe.report.words.numbers import digits

SLOW = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def texts(row: np.ndarray, precision: int = 4) -> list[str]:
    return [digits(float(value), precision) for value in row]


def shown(made, page, call, *, width=160, **options):
    return page(made.scenario(made.operation(call)), width=width, **options)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_every_number_is_that_of_the_array_and_starts_at_the_initial_state(made, page, width):
    steps = drawn(6, 3, 20)
    text = shown(made, page, made.recorded(steps), width=width, timesteps="all", full=True)
    for sample in range(3):
        found = table(text, "lstm/h", sample)
        assert [label for label, _ in found] == ["initial", *map(str, range(6))]
        assert found[0][1] == ["0"] * 20
        assert [numbers for _, numbers in found[1:]] == [texts(row) for row in steps[:, sample]]


@pytest.mark.parametrize(
    ("timesteps", "expected"),
    [("all", range(12)), ((0, -1), (0, 11)), ((0, 5, -2), (0, 5, 10)), (5, (0, 5, 10, 11))],
)
def test_the_timesteps_shown_are_those_asked_for(made, page, timesteps, expected):
    steps = drawn(12, 2, 3)
    text = shown(made, page, made.recorded(steps), timesteps=timesteps)
    found = table(text, "lstm/h", 1)[1:]
    assert [int(label) for label, _ in found] == list(expected)
    assert [numbers for _, numbers in found] == [texts(steps[t, 1]) for t in expected]
    assert ("showing timesteps" in text) == (timesteps != "all")


def test_what_is_not_there_is_said(made, page):
    call = made.recorded(drawn(3, 1, 2), timesteps=10, kept=(0, 5, 9))
    text = words(shown(made, page, call, timesteps=(0, 4, 9, 12)))
    assert "3 of 10 were recorded" in text
    assert "showing timesteps 0, 9 of 10" in text
    assert "not there: 4, 12" in text
    none = made.call(drawn(1, 2), drawn(1, 2))
    assert "no timesteps of this call were recorded" in shown(made, page, none, timesteps="all")


def test_samples_and_units_left_out_are_said_and_the_summary_counts_them(made, page):
    steps = drawn(4, 9, 200)
    steps[2, 5, 100] = 77
    text = words(shown(made, page, made.recorded(steps), width=80, timesteps="all"))
    assert re.search(r"showing units 0-\d, 199 of 200 and samples 0, 8 of 9 \(--units", text)
    assert "max=77.00" in text


def test_without_the_option_one_line_says_that_timesteps_were_recorded(made, page):
    def line(*calls):
        return words(page(made.scenario(made.operation(*calls))))

    steps = drawn(4, 2, 3)
    assert "4 timesteps recorded (--timesteps)" in line(made.recorded(steps))
    assert "lstm/h, sample" not in line(made.recorded(steps))
    assert "8 timesteps of 2 calls recorded" in line(made.recorded(steps), made.recorded(steps))
    part = made.recorded(steps, timesteps=9, kept=(0, 3, 6, 8), gates={"i": steps})
    assert "4 of 9 timesteps recorded, with gates (--timesteps, --gates)" in line(part)
    assert "recorded" not in line(made.call(steps[0], steps[1]))


def test_masked_timesteps_are_marked_sample_by_sample(made, page):
    steps = drawn(3, 2, 2)
    mask = np.array([[True, False, True], [True, True, True]])
    call = made.recorded(steps, mask=mask, gates={"i": abs(steps)})
    text = shown(made, page, call, timesteps="all", gates=True)
    assert [line for line in text.splitlines() if "(masked)" in line] == [
        line for line in text.splitlines() if re.match(r"^ +1  (held|unused) \(masked\) ", line)
    ]
    assert text.count("held (masked)") == 1
    assert text.count("unused (masked)") == 1


def test_a_loop_that_ran_backwards_names_the_input_of_each_timestep(made, page):
    mask = np.array([[True, True, False]])  # the last input, which the loop reads first
    call = made.recorded(drawn(3, 1, 1), backwards=True, mask=mask)
    text = shown(made, page, call, timesteps="all")
    assert re.search(r"^timestep  input", text, re.MULTILINE)
    assert re.search(r"^ +0 +2  held \(masked\)", text, re.MULTILINE)
    assert re.search(r"^ +2 +0  ", text, re.MULTILINE)
    assert "backwards" in text


def test_verbosely_each_value_has_its_change_from_the_timestep_before(made, page):
    steps = drawn(3, 1, 4)
    text = shown(made, page, made.recorded(steps), timesteps=(0, 2), verbosity=1)
    found = table(text, "lstm/h", 0)
    wide = steps[:, 0].astype(np.float64)
    assert found[2] == ("change", texts(wide[0]))
    assert found[4] == ("change", texts(wide[2] - wide[1]))


def test_a_change_that_is_not_known_is_not_made_up(made, page):
    call = made.recorded(drawn(2, 1, 4), timesteps=9, kept=(3, 8))
    text = shown(made, page, call, timesteps="all", verbosity=1)
    assert [label for label, _ in table(text, "lstm/h", 0)] == ["initial", "3", "8"]
    assert "no change is shown where the values one timestep before are not known" in text


def test_gates_have_tables_only_where_they_are_asked_for(made, page):
    gate = abs(drawn(3, 2, 4))
    call = made.recorded(drawn(3, 2, 4), gates={"i": gate})
    assert "lstm/i" not in shown(made, page, call, timesteps="all")
    found = table(shown(made, page, call, gates=True), "lstm/i", 1)
    assert [numbers for _, numbers in found] == [texts(row) for row in gate[:, 1]]
    assert "none were recorded" in shown(made, page, made.recorded(gate), gates=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [2]),
        ({"calls": "first"}, [0]),
        ({"calls": "last"}, [2]),
        ({"calls": "all"}, [0, 1, 2]),
        ({"verbosity": 1}, [0, 1, 2]),
    ],
)
def test_the_calls_shown_are_the_last_or_those_asked_for(made, page, options, expected):
    calls = [made.recorded(drawn(2, 1, 3, seed=k), batch=k) for k in range(3)]
    text = page(made.scenario(made.operation(*calls)), timesteps="all", precision=6, **options)
    for k, call in enumerate(calls):
        number = digits(float(call.states["h"].timesteps[0, 0, 0]), 6)
        assert (re.search(rf"^ +0 +{re.escape(number)}\b", text, re.M) is not None) == (
            k in expected
        )
    assert ("batch 3, the last of 3 calls (--calls)" in words(text)) == (not options)


def test_many_timesteps_are_a_digest_unless_all_are_asked_for(made, page):
    steps = drawn(200, 2, 30)
    steps[77, 0, 9], steps[140, 0, 21], steps[3, 1, 5] = 50, -60, np.nan
    call = made.recorded(steps, gates={"i": steps})
    for options in ({"timesteps": "digest"}, {"gates": True}):
        text = shown(made, page, call, **options)
        found = table(text, "lstm/h", 0)
        assert [label for label, _ in found] == ["initial", "0", "77", "140", "199"]
        assert "max u9" in text
        assert "min u21" in text
        assert "first NaN/Inf u5" in text
        assert "a digest of 200" in text
    whole = shown(made, page, call, timesteps="all")
    assert len(table(whole, "lstm/h", 1)) == 201
    assert "digest" not in whole
    assert len(table(shown(made, page, call, gates=True, full=True), "lstm/i", 1)) == 200


@pytest.mark.parametrize("timesteps", [None, "all", 1])
@pytest.mark.parametrize("verbosity", [0, 1])
def test_a_large_call_makes_no_more_lines_than_can_be_read(made, page, timesteps, verbosity):
    steps = drawn(200, 32, 128)
    call = made.recorded(steps, gates=dict.fromkeys("ifgo", steps))
    options = {"timesteps": timesteps, "gates": True, "verbosity": verbosity, "samples": 32}
    text = shown(made, page, call, width=80, **options)
    assert len(text.splitlines()) < 6000
    assert "a digest of 200" in text
    assert "--full shows all" in words(text) or timesteps is None


def test_states_with_space_axes_have_columns_named_by_index(made, page):
    steps = drawn(2, 1, 2, 3)
    text = shown(made, page, made.recorded(steps), timesteps="all", full=True)
    assert "[1,2]" in text
    assert table(text, "lstm/h", 0)[2][1] == texts(steps[1, 0].ravel())


def test_no_color_writes_no_escape_codes_and_colour_changes_no_character(made, page):
    steps = drawn(3, 2, 9) * (drawn(3, 2, 9, seed=1) > 0)
    call = made.recorded(steps, mask=np.array([[1, 0, 1], [1, 1, 1]], bool))
    terminal = {"force_terminal": True, "color_system": "truecolor"}
    options = {"timesteps": "all", "verbosity": 1}
    coloured = shown(made, page, call, console=terminal, **options)
    plain = shown(made, page, call, **options)
    assert "\x1b" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    bare = shown(made, page, call, console={**terminal, "no_color": True}, **options)
    assert "\x1b" not in bare


@st.composite
def calls(draw):
    shape = draw(hnp.array_shapes(min_dims=3, max_dims=5, min_side=0, max_side=6))
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.bool_]))
    steps = draw(hnp.arrays(dtype, shape))
    timesteps = shape[0] + draw(st.integers(0, 3))
    kept = sorted(draw(st.permutations(range(timesteps)))[: shape[0]])
    mask = draw(st.none() | hnp.arrays(np.bool_, (shape[1], timesteps)))
    gates = {"i": steps, "g": steps} if draw(st.booleans()) else {}
    other = {"timesteps": timesteps, "kept": tuple(kept), "mask": mask, "gates": gates}
    return steps, {**other, "backwards": draw(st.booleans())}


OPTIONS = {
    "units": st.none() | st.integers(1, 30),
    "samples": st.none() | st.integers(1, 30),
    "precision": st.integers(1, 17),
    "full": st.booleans(),
    "verbosity": st.sampled_from([0, 1]),
    "timesteps": st.sampled_from(["all", "digest", (0, -1), (5, -9), 2, None]),
    "gates": st.booleans(),
    "calls": st.sampled_from([None, "first", "last", "all"]),
    "ledger": st.booleans(),
}


def test_gates_of_a_call_that_has_none_of_the_timesteps_wanted_are_told_without_rows(made, page):
    call = made.recorded(drawn(2, 1, 3), gates={"i": drawn(2, 1, 3)})
    text = page(made.scenario(made.operation(call)), timesteps=(9,), gates=True)
    assert "lstm/i" in text
    assert not re.search(r"^ *9  ", text, re.MULTILINE)


@SLOW
@given(parts=calls(), width=st.integers(1, 200), options=st.fixed_dictionaries(OPTIONS))
def test_no_width_shape_or_value_raises(made, page, parts, width, options):
    steps, other = parts
    call = made.recorded(steps, **other)
    held = {"lstm/h": call.states["h"].final}
    done = made.operation(call, call, before=held, held=held)
    idle = made.operation(operation="reset_states", before=held, held=held)
    assert page(made.scenario(done, idle, stateful=True), width=width, end=True, **options)


@SLOW
@given(width=st.integers(20, 170), shape=st.tuples(*[st.integers(1, n) for n in (9, 3, 200)]))
def test_no_line_is_wider_than_the_page_nor_ends_in_blanks(made, page, width, shape):
    call = made.recorded(drawn(*shape), mask=np.zeros(shape[1::-1], bool))
    text = shown(made, page, call, width=width, timesteps="all", verbosity=1)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    assert digits(float(call.states["h"].timesteps[0, 0, 0]), 4) in "".join(text.split())


def test_a_state_without_timesteps_stands_beside_one_that_has_them(made, page):
    whole = made.recorded(drawn(2, 1, 3))
    bare = State(drawn(1, 3), drawn(1, 3), whole.states["h"].origin)
    call = made.recorded(drawn(2, 1, 3), states={"h": whole.states["h"], "c": bare})
    text = shown(made, page, call, timesteps="all")
    assert "lstm/h, sample 0" in text
    assert "lstm/c, sample" not in text
