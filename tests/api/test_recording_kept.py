"""A recording that is kept elsewhere: pickled, in a file, in netCDF and Zarr; no TensorFlow."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from lstm_state_probe import Recording, load_recording
from lstm_state_probe.api.place import Place
from lstm_state_probe.api.recorded.recording import restored
from lstm_state_probe.api.session import Operation
from lstm_state_probe.errors import UsageError
from lstm_state_probe.recording.call import Call, Gates, Origin, State, Verified
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report import WRITERS
from lstm_state_probe.report.data import LayerReport, SuiteReport
from lstm_state_probe.report.json.writer import write

MADE_WITH = dict.fromkeys(
    ("lstm_state_probe", "python", "tensorflow", "numpy", "platform"), "1"
) | {"devices": ["CPU"]}
LAYERS = (
    LayerReport("rnn", "RNN", ("cell0/h", "cell0/c", "cell1/h"), True),
    LayerReport("both/forward", "GRU", ("h",), False),
)
WIDTHS = {"rnn/cell0/h": 2, "rnn/cell0/c": 2, "rnn/cell1/h": 3, "both/forward/h": 2}
TYPES = {"rnn/cell0/c": np.float16, "rnn/cell1/h": ml_dtypes.bfloat16}


def values(address: str, *shape: int) -> Any:
    drawn = np.random.default_rng(len(address)).normal(size=(*shape, WIDTHS[address]))
    return drawn.astype(TYPES.get(address, np.float32))


def call(layer: LayerReport, batch: int) -> Call:
    states = {}
    for name in layer.states:
        steps = values(f"{layer.address}/{name}", 3, 2)
        origin = Origin("carried", f"from batch {batch}")
        states[name] = State(steps[0] * 0, steps[-1], origin, steps)
    return Call(
        layer.address,
        **{"phase": "train", "epoch": 1, "batch": batch, "use": 0, "timesteps": 3},
        mask=np.array([[True, False, True], [True, True, True]]),
        states=states,
        kept=(0, 1, 2),
        gates=Gates({"f": values("both/forward/h", 3, 2)}) if layer is LAYERS[1] else {},
        verified=Verified(True, 1e-7, "agrees"),
        note="a note",
    )


@pytest.fixture(scope="module")
def made() -> Recording:
    held = {f"rnn/{name}": values(f"rnn/{name}", 2) for name in LAYERS[0].states}
    result = {"loss": [0.5, float("nan")], "y": values("both/forward/h", 2)}
    calls = tuple(call(layer, batch) for batch in range(2) for layer in LAYERS)
    done = Outcome("fit", None, calls, held, held, result, None, 0.5, 0, 77)
    broken = Outcome("predict", None, (), held, held, failure=Failure("ValueError", "no: such"))
    place = Place("train.py", 3)
    both = (Operation(done, place), Operation(broken, place))
    return restored("keras3", place, LAYERS, ("both/forward/f",), held, both, MADE_WITH)


def same(one: Recording, other: Recording) -> None:
    assert (one.engine, one.layers, one.addresses) == (other.engine, other.layers, other.addresses)
    for address in one.addresses:
        for a, b in zip(one.arrays(address), other.arrays(address), strict=True):
            assert a.dtype == b.dtype
            assert a.tobytes() == b.tobytes()
    for address in one.states:
        assert one.origins(address) == other.origins(address)
    for address in held_by(one):
        assert one[f"{address}@held"].tobytes() == other[f"{address}@held"].tobytes()
    for a, b in zip(one.operations, other.operations, strict=True):
        assert (a.name, a.place, a.outcome.failure) == (b.name, b.place, b.outcome.failure)
        assert a.outcome.on_disk == b.outcome.on_disk
        np.testing.assert_equal(a.outcome.result, b.outcome.result)
    for a, b in zip(one.calls, other.calls, strict=True):
        assert a.where == b.where
        assert (a.verified, a.note, list(a.kept)) == (b.verified, b.note, list(b.kept))
        np.testing.assert_array_equal(a.mask, b.mask)


def held_by(recording: Recording) -> list[str]:
    return [f"rnn/{name}" for name in recording.layers[0].states]


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_what_save_wrote_is_loaded_as_it_was(made: Recording, tmp_path: Path, suffix: str) -> None:
    made.save(tmp_path / f"x{suffix}")
    loaded = load_recording(tmp_path / f"x{suffix}")
    same(made, loaded)
    loaded.save(tmp_path / f"again{suffix}")
    again = (tmp_path / f"again{suffix}").read_bytes()
    assert again == (tmp_path / f"x{suffix}").read_bytes()


def test_a_recording_can_be_pickled_and_stays_read_only(made: Recording) -> None:
    got = pickle.loads(pickle.dumps(made))
    same(made, got)
    for array in (
        got["rnn/cell0/h"],
        got.before["rnn/cell0/h"],
        got.calls[0].states["cell0/h"].final,
    ):
        assert not array.flags.writeable


def test_every_form_of_the_command_line_is_one_of_save(made: Recording, tmp_path: Path) -> None:
    for suffix in WRITERS:
        made.save(tmp_path / f"x{suffix}")
    assert len(list(tmp_path.iterdir())) == len(WRITERS)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match="cannot be written: it is a folder"):
        made.save(tmp_path / "folder.json")


def test_a_report_of_a_run_is_loaded_by_the_id_of_a_scenario(
    made: Recording, tmp_path: Path
) -> None:
    from lstm_state_probe.api.recorded.show import scenario_report

    one = scenario_report(made)
    scenarios = tuple(_named(one, name) for name in ("a.yaml::x", "a.yaml::y"))
    write(SuiteReport(MADE_WITH, scenarios, (), 1.0), tmp_path / "r.json")
    assert load_recording(tmp_path / "r.json", scenario="a.yaml::y").addresses == made.addresses
    with pytest.raises(UsageError, match=r"2 recordings to choose from: a.yaml::x, a.yaml::y"):
        load_recording(tmp_path / "r.json")
    with pytest.raises(UsageError, match=r"no scenario 'a.yaml::z'.*did you mean"):
        load_recording(tmp_path / "r.json", scenario="a.yaml::z")


def _named(report: Any, name: str) -> Any:
    from dataclasses import replace

    return replace(report, id=name, file="a.yaml", name=name[-1])


@pytest.mark.parametrize("name", ["x.md", "gone.json", "gone.npz", "broken.json", "broken.npz"])
def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    for suffix in (".json", ".npz"):
        (tmp_path / f"broken{suffix}").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(UsageError) as told:
        load_recording(tmp_path / name)
    assert "\n" not in str(told.value)


def test_arrays_that_do_not_say_what_they_are_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", a=np.zeros(2))
    with pytest.raises(UsageError, match=r"no \.npz report of probe"):
        load_recording(tmp_path / "plain.npz")


def test_a_data_set_names_nothing_with_a_slash_and_a_dimension_for_each_width(
    made: Recording,
) -> None:
    pytest.importorskip("xarray", reason="the extra xarray is not installed")
    found = made.to_xarray()
    assert not [name for name in (*found.variables, *found.dims) if "/" in str(name)]
    assert found["rnn.cell0.h"].dims == ("call", "timestep", "batch", "unit_rnn.cell0")
    assert found["rnn.cell1.h@final"].dims == ("call", "batch", "unit_rnn.cell1")
    assert found["both.forward.f"].dims == ("call", "timestep", "batch", "unit_both.forward")
    assert found["rnn.cell0.h"].attrs["address"] == "rnn/cell0/h"
    assert made.only(layer="both/forward").to_xarray()["both.forward.h"].dims[-1] == "unit"


@pytest.mark.parametrize(("form", "library"), [("netcdf", "h5netcdf"), ("zarr", "zarr")])
@pytest.mark.filterwarnings("ignore")
def test_a_data_set_is_read_back_as_it_was_written(
    made: Recording, tmp_path: Path, form: str, library: str
) -> None:
    xarray = pytest.importorskip("xarray", reason="the extra xarray is not installed")
    pytest.importorskip(library, reason=f"the extra xarray is not installed: no {library}")
    written, path = made.to_xarray(), tmp_path / "x"
    if form == "zarr":
        written.to_zarr(path)
        read = xarray.open_zarr(path)
    else:
        written.to_netcdf(path, engine=library)
        read = xarray.open_dataset(path, engine=library)
    xarray.testing.assert_identical(read.load(), written)
