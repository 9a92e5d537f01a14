"""The options of how many run at once and where: what they mean, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lstm_state_probe.cli import run_command_line
from lstm_state_probe.cli.options.shared import available_cores, terms_of

GRU = str(Path(__file__).parent.parent.parent / "scenarios" / "gru.yaml")
UNASKED: dict[str, Any] = {"jobs": 1, "timeout": None, "cluster": None, "send": ()}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--jobs", "0"], "allowed: 1, 2, …, or auto"),
        (["--jobs", "two"], "'two' is not a number of processes"),
        (["--jobs", "-1"], "'-1' is not a number of processes"),
        (["--timeout", "0"], "0"),
        (["--jobs", "2", "--cluster", "tcp://127.0.0.1:1"], "exclude each other"),
        (["--send", GRU], "--send goes with --cluster or --cache"),
        (["--send", "none.bin", "--cache", "c"], "none.bin"),
        (["--progress", "loud"], "loud"),
    ],
)
def test_what_makes_no_sense_is_a_wrong_command(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(["run", GRU, *words]) == 2
    assert told in capsys.readouterr().err


def scenarios(*engines: str) -> Any:
    return [SimpleNamespace(engine=engine) for engine in engines]


@pytest.mark.parametrize(
    ("choices", "count", "place", "jobs"),
    [
        ({}, 3, "here", 1),
        ({"jobs": 2}, 3, "processes", 2),
        ({"jobs": 8}, 3, "processes", 3),
        ({"jobs": 8}, 1, "here", 1),
        ({"timeout": 1.0}, 1, "processes", 1),
        ({"cluster": "a"}, 1, "dask", 1),
        ({"cluster": "a"}, 0, "here", 1),
        ({"jobs": 8, "timeout": 1.0}, 0, "here", 1),
    ],
)
def test_the_place_follows_from_the_options_and_from_how_many_are_left_to_run(
    choices: dict[str, Any], count: int, place: str, jobs: int
) -> None:
    from lstm_state_probe.runner import Wishes

    terms = terms_of(UNASKED | choices, scenarios(*["keras3"] * count), Wishes())
    assert (terms.place, terms.jobs) == (place, jobs)


def test_the_engines_are_named_once_each() -> None:
    from lstm_state_probe.runner import Wishes

    terms = terms_of(UNASKED, scenarios("tf_keras", "keras3", "tf_keras"), Wishes())
    assert terms.engines == ("tf_keras", "keras3")


def test_auto_is_the_number_of_cores_of_this_process() -> None:
    from lstm_state_probe.cli.run import run

    context = run.make_context("run", [GRU, "--jobs", "auto"])
    assert context.params["jobs"] == available_cores() >= 1
