"""Several reports become one: nothing is lost, nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report.json.writer import as_dict
from lstm_state_probe.report.merge import merge


def shards(made):
    """Split one report into two, as two jobs would have made them."""
    whole = made.everything()
    return whole, [
        ("a.json", replace(whole, scenarios=whole.scenarios[:2], seconds=0.5, not_run=())),
        ("b.json", replace(whole, scenarios=whole.scenarios[2:], seconds=1.5)),
    ]


def test_what_was_split_is_whole_again(made) -> None:
    whole, parts = shards(made)
    merged = merge(parts)
    assert as_dict(merged.report) == as_dict(whole)
    assert merged.differences == ()


def test_a_scenario_that_ran_twice_is_refused_unless_both_are_wanted(made) -> None:
    _, parts = shards(made)
    twice = [*parts, ("c.json", parts[0][1])]
    with pytest.raises(UsageError, match=r"a\.yaml::story on keras3 is in a\.json and in c\.json"):
        merge(twice)
    with pytest.raises(UsageError, match=r"is in a\.json and in a\.json"):
        merge([parts[0], parts[0]])
    assert len(merge(twice, allow_duplicates=True).report.scenarios) == 7


def test_the_same_scenario_on_the_other_engine_is_another(made) -> None:
    one = made.scenario()
    both = [("a", made.suite(one)), ("b", made.suite(replace(one, engine="tf_keras")))]
    assert [s.engine for s in merge(both).report.scenarios] == ["keras3", "tf_keras"]


def test_what_the_environments_differ_in_is_told_and_kept(made) -> None:
    _, parts = shards(made)
    other = {**parts[1][1].environment, "python": "4", "devices": ["CPU", "GPU"], "tf_keras": "9"}
    merged = merge([parts[0], ("b.json", replace(parts[1][1], environment=other))])
    assert merged.report.environment["python"] == "3, 4"
    assert merged.report.environment["devices"] == ["CPU", "GPU"]
    assert merged.report.environment["tf_keras"] == "9"
    assert merged.differences == ("python: 3 and 4", "devices: ['CPU'] and ['CPU', 'GPU']")
