"""A scenario is judged by its baseline: new, matched, mismatched, obsolete; and updated."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from baseline_made import VERSIONS, story
from hypothesis import given, settings
from hypothesis import strategies as st

from lstm_state_probe.baseline.keeper import Baselines
from lstm_state_probe.baseline.store import path_of
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.recording.call import State
from lstm_state_probe.report.data import ScenarioReport
from lstm_state_probe.report.told import told


class Reviewer:
    """Keeps what it is shown, and gives one answer to all of it."""

    def __init__(self, answer: bool = True) -> None:
        self.answer, self.shown = answer, list[str]()

    def __call__(self, lines: Sequence[str]) -> bool:
        self.shown += lines
        return self.answer


def keeper(folder: Path, accept: Reviewer | None = None, **other: Any) -> Baselines:
    return Baselines(folder, **{"versions": VERSIONS, "accept": accept, **other})


def moved(report: ScenarioReport, by: float, *, operation: int = 1) -> ScenarioReport:
    """Move the cell state of the second call of an operation from timestep 2 on, in one unit."""
    done = list(report.operations)
    outcome = done[operation].outcome
    calls = list(outcome.calls)
    was = calls[1].states["c"]
    steps = np.array(was.timesteps)
    steps[2:, 1, 2] += np.float32(by)
    states = {**calls[1].states, "c": State(was.initial, steps[-1], was.origin, steps)}
    calls[1] = replace(calls[1], states=states)
    done[operation] = replace(done[operation], outcome=replace(outcome, calls=tuple(calls)))
    return replace(report, operations=tuple(done))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_without_a_stored_baseline_nothing_was_compared_and_that_fails(tmp_path: Path) -> None:
    found = keeper(tmp_path).judge(story())
    assert (found.status, found.exit_code) == ("failed", 1)
    (verdict,) = found.verdicts
    assert "none stored; --update-baseline writes it" in verdict.message
    assert not files(tmp_path)


def test_what_was_accepted_is_matched_by_the_next_run(tmp_path: Path) -> None:
    reviewer = Reviewer()
    written = keeper(tmp_path, reviewer).judge(story())
    assert (written.status, written.exit_code) == ("passed", 0)
    assert reviewer.shown[0] == "baseline: a.yaml::story (keras3) is new"
    assert "lstm/h@initial  float32 [2, 3], 0.0 to 0.0" in reviewer.shown[1]
    found = keeper(tmp_path).judge(story())
    assert (found.status, found.exit_code) == ("passed", 0)
    assert "arrays are as in the baseline" in found.verdicts[0].message
    assert keeper(tmp_path).judge(story(engine="tf_keras")).status == "failed", "it has its own"


def test_what_is_declined_is_not_written_and_fails(tmp_path: Path) -> None:
    assert keeper(tmp_path, Reviewer(False)).judge(story()).status == "failed"
    assert not files(tmp_path)
    keeper(tmp_path, Reviewer()).judge(story())
    before = files(tmp_path)
    assert keeper(tmp_path, Reviewer(False)).judge(moved(story(), 0.5)).status == "failed"
    assert files(tmp_path) == before


def test_a_mismatch_names_the_first_element_at_the_place_of_its_operation(tmp_path: Path) -> None:
    keeper(tmp_path, Reviewer()).judge(story())
    found = keeper(tmp_path).judge(moved(story(), 0.5))
    assert (found.status, found.exit_code) == ("failed", 1)
    first, second = found.operations
    assert not first.verdicts
    (verdict,) = second.verdicts
    assert (verdict.selector, verdict.line, verdict.source) == ("baseline", 11, "- predict")
    then = story().operations[1].outcome.calls[1].states["c"].timesteps[2, 1, 2]
    (broken,) = verdict.broken
    assert broken.quantity == "operation 2 predict, batch 1: gru/c@all, sample 1, u2, timestep 2"
    assert broken.expected == f"{float(then):.9g} as in the baseline"
    assert "(off by 0.5" in broken.found
    assert "2 of 24 elements differ" in broken.found
    assert "1 further differ: operation 2 predict, batch 1: gru/c@final" in broken.found
    assert broken.worst is not None
    assert broken.worst.deviation == pytest.approx(0.5)
    (complaint,) = [c for one in told(found) for c in one.complaints]
    assert str(complaint).startswith("a.yaml:11:5: error: operation 2 predict, batch 1: gru/c@all")


def test_what_is_missing_or_new_is_told_in_words(tmp_path: Path) -> None:
    whole, half = story(), replace(story(), operations=story().operations[:1])
    keeper(tmp_path, Reviewer()).judge(whole)
    fewer = keeper(tmp_path).judge(half)
    (broken,) = fewer.verdicts[0].broken
    assert broken.quantity == "operation 2 predict, batch 1: lstm/h@initial"
    assert broken.found.startswith("it was not recorded, nor were operation 2 predict")
    keeper(tmp_path, Reviewer()).judge(half)
    more = keeper(tmp_path).judge(whole)
    (broken,) = more.verdicts[0].broken
    assert broken.expected == "nothing that the baseline does not hold"
    assert broken.found.startswith("it was recorded, as were operation 2 predict")


def test_a_failure_tells_the_versions_and_the_seed_that_are_others_now(tmp_path: Path) -> None:
    old = VERSIONS | {"keras": "3.12.0", "tensorflow": "2.16.2", "tf_keras": "2.16.0"}
    keeper(tmp_path, Reviewer(), versions=old).judge(story())
    assert "made with" not in keeper(tmp_path).judge(story()).verdicts[0].message
    found = keeper(tmp_path).judge(moved(story(seed=0), 0.5))
    message = found.verdicts[0].message
    words = "the baseline was made with keras 3.12.0, now 3.15.0; tensorflow 2.16.2, now 2.21.0"
    assert words in message
    assert "tf_keras" not in message, "another engine's"
    assert "numpy" not in message, "the same"
    other = keeper(tmp_path).judge(replace(moved(story(), 0.5), seed=8))
    assert "seed 7, now 8" in other.verdicts[0].message


def test_an_update_shows_the_difference_and_writes_what_differs_alone(tmp_path: Path) -> None:
    keeper(tmp_path, Reviewer()).judge(story())
    path = path_of(tmp_path, "a.yaml::story", "keras3")
    before = path.read_text(encoding="utf-8").splitlines()
    reviewer = Reviewer()
    found = keeper(tmp_path, reviewer).judge(moved(story(), 0.5))
    assert found.status == "passed"
    assert reviewer.shown[0] == "baseline: a.yaml::story (keras3) differs"
    assert [line[:4] for line in reviewer.shown[1:]] == ["  ~ "] * 2
    after = path.read_text(encoding="utf-8").splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [line.split('"')[1] for line in changed] == [
        "operation 2 predict, batch 1: gru/c@all",
        "operation 2 predict, batch 1: gru/c@final",
    ]
    assert keeper(tmp_path).judge(moved(story(), 0.5)).status == "passed"
    assert keeper(tmp_path).judge(story()).status == "failed"


def rounded_otherwise(report: ScenarioReport, seed: int) -> ScenarioReport:
    """Move every number by less than the tolerance, as another machine does."""
    rng = np.random.default_rng(seed)

    def near(array: Any) -> Any:
        return (array + rng.uniform(-8e-6, 8e-6, np.shape(array))).astype(np.float32)

    done = []
    for one in report.operations:
        calls = [
            replace(c, states={
                n: State(near(s.initial), near(s.final), s.origin, near(s.timesteps))
                for n, s in c.states.items()
            }, gates={n: near(g) for n, g in c.gates.items()})
            for c in one.outcome.calls
        ]  # fmt: skip
        done.append(replace(one, outcome=replace(one.outcome, calls=tuple(calls))))
    return replace(report, operations=tuple(done))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_another_machine_changes_no_byte_within_the_tolerance(seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, reviewer = Path(name), Reviewer()
        keeper(folder, Reviewer()).judge(story())
        before = files(folder)
        assert keeper(folder, reviewer).judge(rounded_otherwise(story(), seed)).status == "passed"
        assert files(folder) == before
        assert not reviewer.shown
        keeper(folder, reviewer).judge(moved(rounded_otherwise(story(), seed), 0.5))
        now = path_of(folder, "a.yaml::story", "keras3").read_bytes().splitlines()
        then = before[path_of(folder, "a.yaml::story", "keras3").name].splitlines()
        assert sum(a != b for a, b in zip(then, now, strict=True)) == 2


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        keeper(tmp_path / name, Reviewer()).judge(story())
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_what_an_option_had_recorded_besides_matches_and_an_update_stores_it(
    tmp_path: Path,
) -> None:
    done = [
        replace(
            o,
            outcome=replace(o.outcome, calls=tuple(replace(c, gates={}) for c in o.outcome.calls)),
        )
        for o in story().operations
    ]
    keeper(tmp_path, Reviewer()).judge(replace(story(), operations=tuple(done)))
    assert keeper(tmp_path).judge(story()).status == "passed"
    reviewer = Reviewer()
    keeper(tmp_path, reviewer).judge(story())
    assert [line for line in reviewer.shown if "+" in line] == [
        f"  + operation {k} predict, batch 1: lstm/f@all" for k in (1, 2)
    ]
    keeper(tmp_path, quiet := Reviewer()).judge(story())
    assert not quiet.shown


def test_a_scenario_that_was_not_carried_out_is_neither_compared_nor_written(
    tmp_path: Path,
) -> None:
    broken = replace(story(), status="error", exit_code=3)
    assert keeper(tmp_path, Reviewer()).judge(broken) is broken
    assert not files(tmp_path)


def test_an_expectation_that_failed_stays_failed(tmp_path: Path) -> None:
    done = list(story().operations)
    done[0] = replace(done[0], verdicts=(Verdict("lstm/h", "zeros", False, "no", 1, 1),))
    failed = replace(story(), operations=tuple(done), status="failed", exit_code=1)
    found = keeper(tmp_path, Reviewer()).judge(failed)
    assert (found.status, found.exit_code) == ("failed", 1)
    assert files(tmp_path)


def test_a_baseline_that_is_broken_is_the_error_of_its_scenario(tmp_path: Path) -> None:
    keeper(tmp_path, Reviewer()).judge(story())
    path_of(tmp_path, "a.yaml::story", "keras3").write_text("<<<<<<< HEAD")
    found = keeper(tmp_path).judge(story())
    assert (found.status, found.exit_code) == ("error", 2)
    assert "cannot be read: Invalid JSON" in str(found.error)
    reviewer = Reviewer()
    assert keeper(tmp_path, reviewer).judge(story()).status == "passed", "an update mends it"
    assert any("cannot be read" in line for line in reviewer.shown)
    assert keeper(tmp_path).judge(story()).status == "passed"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = keeper(tmp_path / "file", Reviewer()).judge(story())
    assert (found.status, found.exit_code) == ("error", 2)


def test_what_has_no_scenario_is_obsolete_where_its_file_was_run(tmp_path: Path) -> None:
    for name in ("a.yaml::story", "a.yaml::gone", "b.yaml::other"):
        keeper(tmp_path, Reviewer()).judge(story(id=name))
    ran = {"a.yaml::story"}
    (found,) = keeper(tmp_path).obsolete(ran, lambda file: file == "a.yaml")
    assert found == path_of(tmp_path, "a.yaml::gone", "keras3")
    assert len(files(tmp_path)) == 6, "it is told, and left"
    reviewer = Reviewer()
    assert not list(keeper(tmp_path, reviewer).obsolete(ran, lambda file: file == "a.yaml"))
    assert reviewer.shown == ["baseline: a.yaml::gone (keras3) is obsolete: no such scenario"]
    left = {path_of(tmp_path, name, "keras3").stem for name in ("a.yaml::story", "b.yaml::other")}
    assert {Path(name).stem for name in files(tmp_path)} == left
