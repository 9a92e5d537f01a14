"""The files: what is written comes back, the same bytes for the same values, nothing foreign."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from baseline_made import found_in, operation, scenario, story
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lstm_state_probe.baseline.digest import Digest, entry, stored_form, text
from lstm_state_probe.baseline.parts import Part
from lstm_state_probe.baseline.store import (
    Stored,
    digests,
    path_of,
    read,
    write,
)
from lstm_state_probe.baseline.values import zipped
from lstm_state_probe.errors import BaselineError

DTYPES = st.sampled_from(["float16", "float32", "float64", "int32", "int64", "bool", ">f4"])
ARRAYS = DTYPES.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0)))


def baseline(*arrays: object, name: str = "a.yaml::x") -> Stored:
    made = [
        Part(0, "operation 1 call", f"lstm/s{k}", "final", np.asarray(array))
        for k, array in enumerate(arrays)
    ]
    return of_parts(made, name)


def of_parts(made: list[Part], name: str = "a.yaml::x") -> Stored:
    forms = {part.key: stored_form(part.array) for part in made}
    entries = {part.key: entry(part, forms[part.key]) for part in made}
    versions = {"keras": "3"}
    digest = Digest(scenario=name, engine="keras3", seed=7, made_with=versions, values=entries)
    return Stored(digest, {entries[key].sha256: form for key, form in forms.items()})


@settings(deadline=None)
@given(st.lists(ARRAYS, max_size=4))
def test_what_is_written_comes_back_bit_for_bit(arrays: list[np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = path_of(Path(folder), "a.yaml::x", "keras3")
        made = baseline(*arrays)
        write(path, made)
        found = read(path, "a.yaml::x", "keras3")
        assert found is not None
        assert found.digest == made.digest
        for key, array in zip(found.digest.values, arrays, strict=True):
            back = found.array(key)
            assert back.shape == array.shape
            assert back.dtype == array.dtype.newbyteorder("<")
            assert back.tobytes() == array.astype(back.dtype).tobytes()
        before = path.read_bytes(), path.with_suffix(".npz").read_bytes()
        write(path, found)
        assert before == (path.read_bytes(), path.with_suffix(".npz").read_bytes())


def test_the_values_are_an_npz_file_that_numpy_reads(tmp_path: Path) -> None:
    array = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    (tmp_path / "v.npz").write_bytes(zipped({"a": array, "b": np.array(7), "c": array[0]}))
    with np.load(tmp_path / "v.npz") as found:
        np.testing.assert_array_equal(found["float32"], [0, 1, 2, 3, 4, 5, 0, 1, 2])
        np.testing.assert_array_equal(found["int64"], [7])


def test_the_time_leaves_no_trace() -> None:
    content = zipped({"a": np.zeros(3)})
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_equal_arrays_are_stored_once_and_deflated() -> None:
    """A state is final, held, and the initial one of the next call."""
    array = np.tile(np.float32(0.25), (64, 64))
    made = baseline(array, array.copy(), array.copy())
    assert len(made.arrays) == 1
    assert len(zipped(made.arrays)) < array.nbytes / 10


def test_a_bfloat16_keeps_its_name_and_comes_as_float32(tmp_path: Path) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.array([0.5, -2.0]).astype(ml_dtypes.bfloat16)
    made = baseline(array)
    path = path_of(tmp_path, "a.yaml::x", "keras3")
    write(path, made)
    found = read(path, "a.yaml::x", "keras3")
    assert found is not None
    (key,) = found.digest.values
    assert found.digest.values[key].dtype == "bfloat16"
    np.testing.assert_array_equal(found.array(key), np.float32([0.5, -2.0]))


def test_a_digest_has_a_line_for_each_array_and_says_what_is_in_it() -> None:
    made = of_parts(found_in(story()))
    document = json.loads(text(made.digest))
    assert list(document["values"]) == [part.key for part in found_in(story())]
    lines = text(made.digest).splitlines()
    for key, one in document["values"].items():
        (line,) = [line for line in lines if line.strip().startswith(json.dumps(key))]
        assert one["sha256"] in line
    steps = document["values"]["operation 1 predict, batch 1: lstm/h@all"]
    array = story().operations[0].outcome.calls[0].states["h"].timesteps
    assert array is not None
    assert (steps["dtype"], steps["shape"], steps["timesteps"]) == ("float32", [4, 2, 3], "0-3")
    assert steps["min"] == pytest.approx(array.min(), rel=1e-3)
    assert steps["mean"] == pytest.approx(array.mean(dtype=float), rel=1e-3)


def test_a_digest_of_what_is_not_finite_is_json() -> None:
    made = baseline([np.nan, 1.0], [np.inf, -np.inf], np.zeros((0, 3)))
    document = json.loads(text(made.digest), parse_constant=lambda word: pytest.fail(word))
    values = list(document["values"].values())
    assert values[0]["min"] == "NaN"
    assert values[1]["max"] == "Infinity"
    assert "min" not in values[2]
    assert Digest.model_validate_json(text(made.digest)) == made.digest


def test_names_can_be_read_and_are_told_apart() -> None:
    names = [
        "s/x.yaml::stateful LSTM [units=8]",
        "s/x.yaml::Stateful LSTM [units=8]",
        "ü::…",
        "../a",
        "x" * 300,
    ]
    paths = [path_of(Path("d"), name, "keras3") for name in names]
    assert len({str(path).lower() for path in paths}) == len(names)
    assert paths[0].name.startswith("s-x.yaml-stateful-lstm-units=8-")
    assert paths[0].name.endswith(".keras3.json")
    for path in paths:
        assert path.parent == Path("d")
        assert len(path.name) < 120
        assert path.name.isascii()
    assert path_of(Path("d"), "a", "tf_keras") != path_of(Path("d"), "a", "keras3")


def stored_at(folder: Path) -> Path:
    path = path_of(folder, "a.yaml::x", "keras3")
    write(path, baseline([1.0, 2.0]))
    return path


def cut_values(path: Path) -> None:
    values = path.with_suffix(".npz")
    values.write_bytes(values.read_bytes()[:40])


def other_values(path: Path) -> None:
    path.with_suffix(".npz").write_bytes(zipped({"a": np.zeros(2, np.int32)}))


def swapped_values(path: Path) -> None:
    path.with_suffix(".npz").write_bytes(zipped({"a": np.array([1.0, 3.0])}))


def fewer_values(path: Path) -> None:
    path.with_suffix(".npz").write_bytes(zipped({"a": np.array([1.0])}))


def pickled_values(path: Path) -> None:
    with (
        zipfile.ZipFile(path.with_suffix(".npz"), "w") as file,
        file.open("float64.npy", "w") as member,
    ):
        np.lib.format.write_array(member, np.array([{}], object), allow_pickle=True)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut_values, "npz cannot be read: "),
        (other_values, "does not belong to the digest beside it"),
        (swapped_values, "does not belong to the digest beside it"),
        (fewer_values, "other values of operation 1 call: lstm/s0@final"),
        (pickled_values, "it holds pickled Python objects"),
        (lambda path: path.with_suffix(".npz").unlink(), "No such file"),
        (lambda path: path.write_text("<<<<<<< HEAD\n{}"), "Invalid JSON"),
        (lambda path: path.write_text('{"format": 2}'), "format: Input should be 1"),
        (lambda path: path.write_text('{"scenarios": []}'), "scenario: Field required"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read: "),
        (
            lambda path: path.write_text(text(baseline([1.0], name="b.yaml::y").digest)),
            "is that of b.yaml::y (keras3)",
        ),
    ],
)
def test_what_is_broken_or_foreign_is_refused_with_the_reason(
    tmp_path: Path, harm: object, said: str
) -> None:
    path = stored_at(tmp_path)
    harm(path)  # type: ignore[operator]
    with pytest.raises(BaselineError, match=re.escape(said)) as caught:
        read(path, "a.yaml::x", "keras3")
    assert caught.value.exit_code == 2


def test_no_baseline_is_no_error(tmp_path: Path) -> None:
    assert read(path_of(tmp_path, "a", "keras3"), "a", "keras3") is None


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BaselineError, match="cannot be written"):
        write(path_of(tmp_path / "file", "a", "keras3"), baseline([1.0]))


def test_the_files_of_others_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    path = stored_at(tmp_path)
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "copy.keras3.json").write_bytes(path.read_bytes())
    assert [found for found, _ in digests(tmp_path)] == [path]


def test_no_results_and_no_calls_make_an_empty_baseline() -> None:
    made = of_parts(found_in(scenario(operation(0, name="reset_states"))))
    assert Digest.model_validate_json(text(made.digest)).values == {}
