"""The `.npz` report: everything that was recorded, under readable keys."""

from pathlib import Path

import numpy as np

from lstm_state_probe.report.arrays import keyed, write
from lstm_state_probe.report.data import SuiteReport


def suite(*scenarios) -> SuiteReport:
    return SuiteReport({}, scenarios, (), 1.0)


def test_a_key_names_scenario_operation_label_layer_call_state_and_moment(made, tmp_path: Path):
    steps = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    call = made.call(
        np.zeros((2, 2), np.float32),
        steps[-1],
        timesteps=3,
        kept=range(3),
        steps=steps,
        gates={"f": steps / 12},
    )
    done = made.operation(call, label="a/b", held={"lstm/h": steps[-1]}, result=steps[0])
    write(suite(made.scenario(done, id="x/a.yaml::story")), tmp_path / "r.npz")
    found = np.load(tmp_path / "r.npz")
    prefix = "x|a.yaml::story@keras3/0_predict/a|b"
    assert set(found.files) == {
        f"{prefix}/result",
        f"{prefix}/lstm/0/h/initial",
        f"{prefix}/lstm/0/h/final",
        f"{prefix}/lstm/0/h/timesteps",
        f"{prefix}/lstm/0/f/timesteps",
        f"{prefix}/lstm/0/kept",
        f"{prefix}/lstm/held/h",
        "about.json",
    }
    np.testing.assert_array_equal(found[f"{prefix}/lstm/0/h/timesteps"], steps)
    np.testing.assert_array_equal(found[f"{prefix}/lstm/0/kept"], [0, 1, 2])


def test_scenarios_of_one_name_in_two_files_keep_keys_of_their_own(made):
    done = made.operation(made.call([[0.0]], [[1.0]]))
    both = suite(made.scenario(done, id="a.yaml::x"), made.scenario(done, id="b.yaml::x"))
    keys = [key for key, _ in keyed(both)]
    assert len(keys) == len(set(keys)) == 4
