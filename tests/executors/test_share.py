"""How scenarios are handed out and taken back, with workplaces that need no Keras."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_state_probe.errors import Complaint, UsageError
from lstm_state_probe.executors.base import Done, left, lost
from lstm_state_probe.executors.share import TRIES, hand_out
from lstm_state_probe.suite.run import run_suite


class NeverBegan(Exception):
    """What a cluster says of a task whose worker died before it began."""


def written(name: str) -> Any:
    """Make what a workplace reads of a scenario."""
    spec = SimpleNamespace(description=None, seed=0, operations=[1])
    where = SimpleNamespace(file="s.yaml")
    return SimpleNamespace(
        id=f"s.yaml::{name}", name=name, engine="keras3", spec=spec, document=where
    )


@dataclass
class Threads:
    """A workplace of threads; `acts` says what becomes of a scenario, by its name."""

    executor: Executor
    acts: dict[str, Any] = field(default_factory=dict)
    again: tuple[type[BaseException], ...] = (NeverBegan,)
    most: int = 0
    running: int = 0
    went: str | None = None
    lock: Any = field(default_factory=threading.Lock)

    def slots(self) -> int:
        return 3

    def pack(self, scenario: Any) -> Any:
        return lambda: self.carry_out(scenario)

    def carry_out(self, scenario: Any) -> Any:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            time.sleep(random.random() / 100)
            act = self.acts.get(scenario.name)
            return act() if act else Done(lost(scenario, "done"))
        finally:
            with self.lock:
                self.running -= 1

    def explain(self, error: BaseException) -> str | None:
        return f"explained: {error}" if isinstance(error, (OSError, NeverBegan)) else None

    def gone(self) -> str | None:
        return self.went


@pytest.fixture
def place() -> Any:
    with ThreadPoolExecutor(8) as executor:
        yield Threads(executor)


def raising(error: BaseException) -> Any:
    def act() -> None:
        raise error

    return act


def test_results_come_in_the_order_of_the_files_and_never_more_run_than_there_are_slots(
    place: Threads,
) -> None:
    names = [str(n) for n in range(100)]
    done = list(hand_out(place, map(written, names)))
    assert [d.report.name for d in done] == names
    assert place.most <= place.slots()


def test_an_error_that_the_workplace_explains_is_that_scenarios_outcome_alone(
    place: Threads,
) -> None:
    place.acts = {"1": raising(OSError("no")), "2": lambda: "other versions"}
    found = [d.report.error for d in hand_out(place, map(written, "0123"))]
    assert found == ["done", "explained: no", "other versions", "done"]


def test_what_was_never_begun_is_handed_out_again_but_not_for_ever(place: Threads) -> None:
    tries = []

    def at_the_third() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise NeverBegan
        return "begun"

    place.acts = {"1": at_the_third, "2": raising(NeverBegan("always"))}
    found = [d.report.error for d in hand_out(place, map(written, "0123"))]
    assert found == ["done", "begun", "explained: always", "done"]
    assert TRIES > 3


def test_a_fault_of_the_probe_is_one_scenarios_error_and_keeps_its_traceback(
    place: Threads,
) -> None:
    place.acts = {"1": raising(ZeroDivisionError("a fault"))}
    found = [d.report for d in hand_out(place, map(written, "012"))]
    assert [r.exit_code for r in found] == [3, 4, 3]
    assert "a fault of the probe itself" in found[1].error
    assert found[1].fault.splitlines()[-1] == "ZeroDivisionError: a fault"
    assert "in carry_out\n" in found[1].fault, "the place where it was raised"


def test_what_cannot_be_packed_is_that_scenarios_error_alone(place: Threads) -> None:
    packed = place.pack

    def pack(scenario: Any) -> Any:
        if scenario.name in "13":
            raise UsageError("'d.npy' cannot be sent") if scenario.name == "1" else TypeError("no")
        return packed(scenario)

    place.pack = pack  # type: ignore[method-assign]
    found = [d.report for d in hand_out(place, map(written, "01234"))]
    assert [r.exit_code for r in found] == [3, 2, 3, 4, 3]
    assert found[1].error == "'d.npy' cannot be sent"


def test_a_workplace_is_left_however_much_of_it_is_gone_already() -> None:
    done: list[str] = []
    left(raising(RuntimeError("closed")), lambda: done.append("left"), raising(OSError("gone")))
    assert done == ["left"]


def test_where_the_workplace_goes_away_each_scenario_has_an_outcome(place: Threads) -> None:
    class Silent(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            return Future()

    place.executor, place.went = Silent(), "it went away"
    found = [d.report for d in hand_out(place, map(written, "01234"))]
    assert [r.name for r in found] == list("01234")
    assert {(r.status, r.exit_code, r.error) for r in found} == {("error", 3, "it went away")}


def test_ten_thousand_are_handed_out_in_time_linear_in_their_number(place: Threads) -> None:
    def seconds(count: int) -> float:
        fast = Threads(AtOnce())
        fast.carry_out = lambda scenario: "done"  # type: ignore[method-assign]
        started = time.perf_counter()
        assert sum(1 for _ in hand_out(fast, (written(str(n)) for n in range(count)))) == count
        return time.perf_counter() - started

    from lstm_state_probe.executors.here import AtOnce

    small = min(seconds(1000) for _ in range(3))
    assert min(seconds(10_000) for _ in range(3)) < 25 * small


def test_ctrl_c_leaves_what_was_done_and_names_what_was_not(place: Threads) -> None:
    place.acts = {"2": raising(KeyboardInterrupt())}
    scenarios = [written(name) for name in "01234"]
    suite = run_suite(scenarios, place, complaints=[Complaint("f", 1, 1, "wrong")])
    assert [r.name for r in suite.scenarios] == ["0", "1"]
    assert suite.interrupted
    assert suite.not_run == tuple(s.id for s in scenarios[2:])
    assert suite.exit_code == 130


def test_ctrl_c_that_something_swallowed_ends_the_suite_too(place: Threads) -> None:
    pressed: list[int] = []
    place.acts = {"1": lambda: pressed.append(1) or "swallowed"}
    place.slots = lambda: 1  # type: ignore[method-assign]
    kept: list[str] = []
    suite = run_suite(
        [written(name) for name in "0123"],
        place,
        interrupted=lambda: bool(pressed),
        keep=lambda scenario, report: kept.append(scenario.name),
    )
    assert kept == ["0"], "what was interrupted is not remembered as having passed"
    assert [r.name for r in suite.scenarios] == ["0"]
    assert suite.exit_code == 130


@pytest.mark.parametrize("where", ["keep", "judge", "on_end"])
def test_a_fault_in_keeping_judging_or_showing_a_scenario_is_the_error_of_that_one(
    place: Threads, where: str
) -> None:
    def once(*given: Any) -> Any:
        if given[-1].name == "1" and given[-1].operations is not None and not shown["1"]:
            shown["1"] = True
            raise ZeroDivisionError("a fault")
        shown[given[-1].name] = True
        return given[-1]

    shown = dict.fromkeys("012", False)
    suite = run_suite([written(name) for name in "012"], place, **{where: once})
    assert [r.exit_code for r in suite.scenarios] == [3, 4, 3]
    assert suite.exit_code == 4
    assert "ZeroDivisionError: a fault" in suite.scenarios[1].error
    assert "in once" in suite.scenarios[1].fault
    assert all(shown.values())


def test_what_is_known_is_not_handed_out_and_keeps_its_place(place: Threads) -> None:
    scenarios = [written(name) for name in "0123"]
    place.acts = {"1": raising(AssertionError("it was handed out"))}
    kept: list[str] = []
    suite = run_suite(
        scenarios,
        place,
        known={1: lost(scenarios[1], "known")},
        keep=lambda scenario, report: kept.append(scenario.name),
    )
    assert [r.error for r in suite.scenarios] == ["done", "known", "done", "done"]
    assert kept == ["0", "2", "3"]


def test_the_report_of_a_lost_scenario_names_it_and_says_that_nothing_was_done() -> None:
    report = lost(written("a"), "why", seconds=2.0)
    assert (report.id, report.status, report.not_done) == ("s.yaml::a", "error", 1)
    assert (report.exit_code, report.error, report.seconds) == (3, "why", 2.0)
    assert Path(report.file).name == "s.yaml"
