"""An HDF5 file that HDF5 comes to no end with, or crashes on, costs seconds and one line."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from lstm_state_probe.errors import ModelError, ScenarioError
from lstm_state_probe.foreign.hdf5 import KEPT, Looker, look
from lstm_state_probe.scenario.read import read_scenarios

LOOPS = Path(__file__).parent / "loops.h5"


def good(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["words"] = ["a", "b"]
        file["group/plain"] = np.zeros((3, 4))
        file.create_dataset("packed", data=np.arange(100), chunks=(7,), compression="gzip")
        file["texts"], file["nothing"], file["one"] = ["x", "y"], h5py.Empty("f4"), 3.0
    return path


def test_one_that_loops_for_ever_is_given_up(tmp_path: Path) -> None:
    before = os.times()
    with pytest.raises(ModelError, match="'m' is broken: HDF5 comes to no end with it"):
        look(LOOPS, "'m'")
    after = os.times()
    assert after.children_user - before.children_user < 5


def test_a_scenario_that_loads_it_is_told_where(tmp_path: Path) -> None:
    shutil.copy(LOOPS, tmp_path / "m.h5")
    path = tmp_path / "s.yaml"
    path.write_text("model: {load: m.h5}\noperations: [reset_states]\n")
    with pytest.raises(ScenarioError, match=r"s.yaml:1:15: error: 'm.h5' is broken"):
        read_scenarios(path)
    started = time.process_time()
    with pytest.raises(ScenarioError):
        read_scenarios(path)  # what is known of a file is not looked at again
    assert time.process_time() - started < 1


def test_one_process_serves_many_files_and_outlives_a_bad_one(tmp_path: Path) -> None:
    paths = [good(tmp_path / "a.h5"), LOOPS, tmp_path / "cut.h5", good(tmp_path / "b.h5")]
    paths[2].write_bytes(paths[0].read_bytes()[:800])
    with Looker() as looker:
        told = [looker.look(str(path), None, 0, 1) for path in paths]
    assert [words is None for words in told] == [True, False, False, True]
    assert "is not an HDF5 file, or is cut off" in str(told[2])


def test_a_process_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", (1 << 29,), "f4", chunks=(1 << 29,), compression="gzip")[:5] = 1.0
    with Looker() as looker:
        assert looker.look(str(path), None, 0, 5) is None  # its size is refused where it is known


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["outside"] = h5py.ExternalLink(str(LOOPS), "/")
        file["dangling"] = h5py.SoftLink("/nowhere")
    assert KEPT.get() is None
    look(tmp_path / "links.h5", "'links.h5'")


def test_an_attribute_without_elements_as_of_a_layer_without_weights_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        layer = file.create_group("dropout")
        layer.attrs["weight_names"] = np.array([], dtype="f8")
        layer.attrs["nothing"] = h5py.Empty("f4")
    look(path, path.name)
