"""States in a file: what was held comes back; what is no such file is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_models import BATCH, X, assert_same_bits, built

from lstm_state_probe import Snapshot, load_states, reset, save_states, snapshot
from lstm_state_probe.api import files
from lstm_state_probe.errors import Mismatch, ProbeError


def kept() -> Snapshot:
    rng = np.random.default_rng(0)
    states = {name: rng.normal(size=(2, 3)).astype("float32") for name in ("lstm/h", "a/b/c")}
    return Snapshot(states, "keras3")


def test_states_survive_a_file_where_keras_s_own_format_loses_them(
    engine: Any, tmp_path: Path
) -> None:
    model = built(engine)
    model.predict_on_batch(X[:BATCH])
    before = snapshot(model)
    save_states(model, tmp_path / "states.npz")
    model.save(str(tmp_path / "model.keras"))
    following = model.predict_on_batch(X[:BATCH])

    loaded = engine.keras.models.load_model(str(tmp_path / "model.keras"))
    assert not np.any(snapshot(loaded)["lstm/h"])
    assert load_states(loaded, tmp_path / "states.npz") == before
    assert np.array_equal(loaded.predict_on_batch(X[:BATCH]), following)
    reset(loaded)
    load_states(loaded, str(tmp_path / "states.npz"))
    assert_same_bits(list(snapshot(loaded).values()), list(before.values()))


def test_a_file_that_does_not_fit_assigns_nothing(engine: Any, tmp_path: Path) -> None:
    model = built(engine)
    model.predict_on_batch(X[:BATCH])
    before = snapshot(model)
    save_states(kept(), tmp_path / "s.npz")
    with pytest.raises(ValueError, match=r"'a/b/c' is held by no layer.*\n.*'lstm/c' has no value"):
        load_states(model, tmp_path / "s.npz")
    assert_same_bits(list(snapshot(model).values()), list(before.values()))
    load_states(model, tmp_path / "s.npz", strict=False)
    assert np.array_equal(snapshot(model)["lstm/h"], kept()["lstm/h"])


def test_numpy_reads_the_file_by_address(tmp_path: Path) -> None:
    save_states(kept(), tmp_path / "s.npz")
    with np.load(tmp_path / "s.npz") as file:
        assert sorted(file.files) == ["a/b/c", "about.json", "lstm/h"]
        assert np.array_equal(file["lstm/h"], kept()["lstm/h"])


def test_bfloat16_keeps_its_name_and_bits(tmp_path: Path) -> None:
    import ml_dtypes

    states = Snapshot({"lstm/h": np.array([[1.5, -2.0]], ml_dtypes.bfloat16)}, "keras3")
    save_states(states, tmp_path / "s.npz")
    read = files._read(tmp_path / "s.npz")
    assert read["lstm/h"].dtype.name == "bfloat16"
    assert read["lstm/h"].astype("float32").tolist() == [[1.5, -2.0]]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_states(kept(), tmp_path / "s.npz")
    before = (tmp_path / "s.npz").read_bytes()

    def full(*args: Any, **kwargs: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(files.np, "savez", full)
    with pytest.raises(OSError, match="no space left"):
        save_states(kept(), tmp_path / "s.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]
    assert (tmp_path / "s.npz").read_bytes() == before


def test_nothing_to_save_is_told(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="no states to save"):
        save_states(Snapshot({}, "keras3"), tmp_path / "s.npz")
    assert list(tmp_path.iterdir()) == []


def _text(path: Path) -> None:
    path.write_text("name: a scenario", encoding="utf-8")


def _other_npz(path: Path) -> None:
    np.savez(path, x=np.zeros(2))


def _pickle(path: Path) -> None:
    np.savez(path, **{"about.json": np.array([object()])})


def _later(path: Path) -> None:
    np.savez(
        path, **{"about.json": np.array('{"format": "lstm-state-probe states", "version": 9}')}
    )


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (_text, "is not a file of save_states"),
        (_other_npz, "is not a file of save_states"),
        (_pickle, "is not a file of save_states"),
        (_later, "version 9 of the format, known is 1"),
    ],
)
def test_what_is_no_file_of_states_is_told(write: Any, told: str, tmp_path: Path) -> None:
    write(tmp_path / "s.npz")
    with pytest.raises(ValueError, match=told):
        files._read(tmp_path / "s.npz")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        files._read(tmp_path / "none.npz")
    assert isinstance(caught.value, ProbeError)
    with pytest.raises(OSError, match="cannot be read") as other:
        files._read(tmp_path)
    assert isinstance(other.value, ProbeError)
