"""What is asked of which model, what is written for it, and what becomes of the answers."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.base import BROKEN, NOT_DONE, CheckVerdict, NotApplicable
from lstm_state_probe.checks.battery import scenario_for
from lstm_state_probe.checks.lengths import Lengths
from lstm_state_probe.checks.masks import Masks
from lstm_state_probe.checks.moving import moved
from lstm_state_probe.checks.properties.dividing import _disturbed
from lstm_state_probe.checks.report.data import CheckReport, Counts, SubjectReport
from lstm_state_probe.checks.report.document import as_dict
from lstm_state_probe.checks.report.lines import Lines
from lstm_state_probe.checks.subject import Part, Subject, freed
from lstm_state_probe.scenario.read import scenarios_in
from lstm_state_probe.scenario.text.document import parse_documents
from lstm_state_probe.scenario.text.writing import as_text
from lstm_state_probe.scenario.written.checks import CHECKS

ROOT = Path(__file__).parents[2]
MODEL = {
    "batch_shape": [3, 5, 2],
    "layers": [{"LSTM": {"name": "lstm", "units": 3, "stateful": True}}, {"Dense": {"units": 1}}],
    "compile": {"optimizer": "sgd", "loss": "mse"},
}
PART = Part("lstm", ("h", "c"), ("i", "f", "g", "o"), True, "lstm", timesteps=5)
LENGTHS = Lengths(padding=2, names=("x",), padded={"lstm": (5, 7)}, cuts=(1, 2))


def subject(**other: Any) -> Subject:
    """Make a subject by hand: a stateful LSTM, everything known of it."""
    data = {"x": {"normal": {"shape": [3, 5, 2]}}, "y": {"zeros": {"shape": [3, 1]}}}
    written = {"model": MODEL, "data": data, "operations": ["reset_states"]}
    (file,) = scenarios_in(as_text(written), Path("here/one.yaml"), shown="one.yaml")
    known = Subject(
        file=file,
        engine="keras3",
        model=MODEL,
        free=freed(MODEL, [None]),
        data=data,
        shapes={"x": (3, 5, 2)},
        highest={},
        x="x",
        y="y",
        sequences=("x",),
        batch=3,
        rows=3,
        parts=(PART,),
        others=(1, 2, 0),
        lengths=LENGTHS,
        compiled=True,
        fits=(),
    )
    return replace(known, **other)


def why(name: str, **other: Any) -> str:
    drawn = scenario_for(PROPERTIES[name], subject(**other))
    assert isinstance(drawn, NotApplicable)
    return drawn.why


@pytest.mark.parametrize("name", PROPERTIES)
def test_what_is_written_can_be_read_and_says_what_is_asked(name: str) -> None:
    drawn = scenario_for(PROPERTIES[name], subject())
    assert not isinstance(drawn, NotApplicable)
    (read,) = scenarios_in(drawn.text, Path("here/x.yaml"), shown="x.yaml")
    assert read.name == name
    assert PROPERTIES[name].question in " ".join((read.spec.description or "").split())
    assert "expect" in drawn.text or "raises" in drawn.text, "it could not fail"


def test_the_words_of_the_format_are_the_properties_in_their_order() -> None:
    assert tuple(PROPERTIES) == CHECKS


def test_the_page_has_a_row_for_each_property() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (error|warn) \| (.*?) \|", page, re.MULTILINE)
    assert rows == [(one.name, one.severity, one.question) for one in PROPERTIES.values()]


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_asks_a_question_and_says_what_no_would_mean(name: str) -> None:
    one = PROPERTIES[name]
    assert one.question.endswith("?")
    assert one.meaning.endswith(".")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one.name)


STATELESS = replace(PART, stateful=False)
CARRYING = (
    *("reset-restores", "reset-reaches-all", "chunks-agree", "validation-apart"),
    *("fit-in-order", "partial-batch-refused", "no-broadcast", "survives-reload"),
    *("inner-read-neutral", "state-bounded"),
)


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_model_without_state_is_asked_only_what_has_a_sense(name: str) -> None:
    drawn = scenario_for(PROPERTIES[name], subject(parts=(STATELESS,)))
    assert isinstance(drawn, NotApplicable) is (name in CARRYING)


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_model_without_a_recurrent_layer_is_asked_nothing(name: str) -> None:
    assert why(name, parts=()) == "the model has no recurrent layer"


@pytest.mark.parametrize(
    ("name", "other", "reason"),
    [
        ("rows-independent", {"batch": 1}, "one row"),
        ("rows-independent", {"others": ()}, "all the same"),
        ("rows-independent", {"repeats": False}, "something else each time"),
        ("chunks-agree", {"lengths": Lengths()}, "and no fewer"),
        ("chunks-agree", {"free": None}, "takes 5 timesteps and no other"),
        ("chunks-agree", {"sequences": ()}, "no input has timesteps"),
        ("chunks-agree", {"sequences": ("x", "y")}, "2 inputs have timesteps"),
        ("chunks-agree", {"shapes": {"x": (3, 1, 2)}}, "1 of the 2 timesteps"),
        ("mask-holds", {"sequences": ()}, "no input has timesteps"),
        ("mask-holds", {"free": None, "parts": (replace(PART, timesteps=3),)}, "no layer sees"),
        ("mask-holds", {"masks": Masks(lost="it does not reach lstm")}, "does not reach lstm"),
        ("padding-harmless", {"masks": Masks(("masking",))}, "masks its padding itself"),
        ("padding-harmless", {"lengths": Lengths()}, "no other"),
        ("survives-reload", {"parts": (replace(PART, moved=False),)}, "in vain"),
        ("validation-apart", {"compiled": False}, "not compiled"),
        ("validation-apart", {"y": None}, "no y"),
        ("validation-apart", {"parts": (replace(PART, sliced=True),)}, "several times a batch"),
        ("fit-in-order", {"fits": None}, "does not fit"),
        ("fit-in-order", {"noisy": True}, "dropout"),
        ("partial-batch-refused", {"batch": 2}, "no remainder of two"),
        ("no-broadcast", {"batch": 1}, "no remainder"),
        ("inner-read-neutral", {"parts": (replace(PART, nested=True),)}, "nested model"),
        ("inner-read-neutral", {"parts": (replace(PART, readable=False),)}, "no such output"),
        ("units-alive", {"parts": (replace(PART, states=("s0",)),)}, "hidden state"),
        ("gates-unsaturated", {"parts": (replace(PART, gates=()),)}, "no layer has gates"),
    ],
)
def test_a_property_says_why_it_does_not_apply(
    name: str, other: dict[str, Any], reason: str
) -> None:
    assert reason in why(name, **other)


def test_a_fit_that_keeps_the_order_is_asked_as_it_is_written() -> None:
    assert fits_of("fit-in-order", fits=({"shuffle": False},)) == [False, False]
    assert fits_of("fit-in-order", fits=({"shuffle": False}, {})) == [False, None]


def fits_of(name: str, **other: Any) -> list[Any]:
    """Return how each fit of a property's scenario is shuffled."""
    drawn = scenario_for(PROPERTIES[name], subject(**other))
    assert not isinstance(drawn, NotApplicable)
    (read,) = scenarios_in(drawn.text, Path("here/x.yaml"), shown="x.yaml")
    return [operation.fit.shuffle for operation in read.spec.operations if operation.fit]


@pytest.mark.parametrize("batch", [2, 3, 8, 32])
def test_every_pair_of_rows_is_parted_both_ways_in_few_runs(batch: int) -> None:
    runs = list(_disturbed(batch))
    pairs = {(a, b) for run in runs for a in run for b in range(batch) if b not in run}
    assert pairs == {(a, b) for a in range(batch) for b in range(batch) if a != b}
    assert len(runs) <= 2 * (batch - 1).bit_length()


def test_the_callbacks_that_touch_no_state_are_left_out() -> None:
    calls = ["Own", {"EarlyStopping": {"monitor": "loss"}}, {"ModelCheckpoint": {"filepath": "x"}}]
    fits = ({"callbacks": calls},)
    drawn = scenario_for(PROPERTIES["validation-apart"], subject(fits=fits))
    assert not isinstance(drawn, NotApplicable)
    assert "callbacks: [Own]" in drawn.text
    drawn = scenario_for(PROPERTIES["validation-apart"], subject(fits=(*fits, {})))
    assert not isinstance(drawn, NotApplicable)
    assert "callbacks" not in drawn.text, "the fit without them leaks"


def test_fewer_samples_than_a_batch_are_repeated() -> None:
    drawn = scenario_for(PROPERTIES["no-broadcast"], subject(rows=2, shapes={"x": (2, 5, 2)}))
    assert not isinstance(drawn, NotApplicable)
    assert "samples: [0, 1, 0, 1]" in drawn.text


def test_arrays_of_the_subject_s_own_keep_their_names() -> None:
    other = {"mask": {"normal": {"shape": [3, 5, 2]}}, "mask_padded": [[0.0]]}
    mine = subject(
        x="mask",
        data=other,
        shapes={"mask": (3, 5, 2)},
        sequences=("mask",),
        lengths=replace(LENGTHS, names=("mask",)),
    )
    drawn = scenario_for(PROPERTIES["mask-holds"], mine)
    assert not isinstance(drawn, NotApplicable)
    assert "mask_: {derived" in drawn.text
    assert "mask_padded_: {derived: {of: mask," in drawn.text


def test_more_samples_than_a_batch_are_cut_to_one() -> None:
    drawn = scenario_for(PROPERTIES["reset-restores"], subject(rows=9))
    assert not isinstance(drawn, NotApplicable)
    assert "x_batch: {derived: {of: x, samples: [0, 1, 2]}}" in drawn.text


@pytest.mark.parametrize(
    "value",
    ["1e-3", "012", "0o14", "0xC", "on", "yes", "null", "~", "true", ".inf", "lstm/*", "*", "a: b"],
)
def test_a_text_reads_back_as_a_text(value: str) -> None:
    (document,), complaints = parse_documents(as_text({"a": value, "b": [value]}), file="x")
    assert not complaints
    assert document.data == {"a": value, "b": [value]}


@pytest.mark.parametrize("value", [1, -3, 0.001, 1e-7, 1e30, True, None, [], {}, [[0.5]], {"a": 1}])
def test_a_value_reads_back_as_it_was(value: Any) -> None:
    (document,), _ = parse_documents(as_text({"a": value}), file="x")
    assert json.dumps(document.data) == json.dumps({"a": value})


def test_paths_are_rewritten_for_another_folder() -> None:
    model = {"load": "m.keras", "weights": "../w.h5"}
    there = moved(
        subject(
            model=model,
            data={"x": {"file": "x.npy"}, "z": [[1.0]]},
            beside={"custom_objects": ["a.py"]},
        ),
        Path("here/below"),
    )
    assert there.model == {"load": "../m.keras", "weights": "../../w.h5"}
    assert there.data == {"x": {"file": "../x.npy"}, "z": [[1.0]]}
    assert there.beside == {"custom_objects": ["../a.py"]}
    assert there.file.path == Path("here/below/one.yaml")
    own = moved(subject(model={"factory": "f.py:make"}), Path("elsewhere"))
    assert own.model == {"factory": "../here/f.py:make"}
    imported = moved(subject(model={"factory": "package.module:make"}), Path("elsewhere"))
    assert imported.model == {"factory": "package.module:make"}


def verdict(word: Any, severity: Any = "error") -> CheckVerdict:
    return CheckVerdict("a", severity, "q?", "m.", word, "why")


def test_the_highest_code_counts_and_a_warning_only_strictly() -> None:
    def report(*verdicts: CheckVerdict, **other: Any) -> CheckReport:
        one = SubjectReport("x::x", "x", "keras3", verdicts, 0.0, **other)
        return CheckReport({}, (one,), (), 0.0)

    assert report(verdict("holds"), verdict("does not apply")).exit_code() == 0
    assert report(verdict(BROKEN, "warn")).exit_code() == 0
    assert report(verdict(BROKEN, "warn")).exit_code(strict=True) == 1
    assert report(verdict(BROKEN)).exit_code() == 1
    counted = report(verdict(BROKEN, "warn"), verdict(BROKEN), verdict(NOT_DONE, "warn"))
    assert counted.counts() == Counts(0, 1, 1, 0, 1)
    assert counted.counts(strict=True) == Counts(0, 2, 0, 0, 1)
    assert report(verdict(BROKEN), verdict(NOT_DONE, "warn")).exit_code() == 3
    assert report(error="no", error_code=2).exit_code() == 2


@pytest.mark.parametrize("strict", [False, True])
def test_text_json_and_exit_code_count_a_warning_alike(strict: bool) -> None:
    verdicts = (verdict(BROKEN, "warn"), verdict("holds", "warn"), verdict("does not apply"))
    report = CheckReport({}, (SubjectReport("x::x", "x", "keras3", verdicts, 0.0),), (), 0.0)
    document = as_dict(report, strict=strict)
    out = io.StringIO()
    lines = Lines(Console(file=out, width=120), strict=strict)
    lines.subject(report.subjects[0])
    lines.end(report)
    assert document["summary"]["strict"] is strict
    warned = document["summary"]["warnings"]
    assert warned == sum(check["warning"] for check in document["subjects"][0]["checks"])
    assert warned == out.getvalue().count("! a") == int(not strict)
    broken = document["summary"]["does_not_hold"]
    assert broken == report.exit_code(strict=strict) == int(strict)
    noun = "warning" if warned == 1 else "warnings"
    assert f"1 hold, {broken} do not hold, {warned} {noun}, 1 do not apply" in out.getvalue()


def test_an_untrained_model_is_told_so() -> None:
    out = io.StringIO()
    lines = Lines(Console(file=out, width=160))
    lines.subject(SubjectReport("x::x", "x", "keras3", (), 0.0, untrained=True))
    assert "untrained: only the architecture was given" in out.getvalue()
