"""Every array is what NumPy's own definition says, whatever stands beside it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lstm_state_probe.errors import ScenarioError
from lstm_state_probe.model.arrays import GENERATORS, draw_arrays, read_array
from lstm_state_probe.scenario.written.data import WAYS, shape_of

FRAME = """
seed: {seed}
model: {{batch_shape: [2, 3, 2], layers: [{{SimpleRNN: {{units: 2}}}}]}}
data:
{data}
operations: [reset_states]
"""


def text(*entries: str, seed: int = 7) -> str:
    return FRAME.format(seed=seed, data="\n".join(f"  {entry}" for entry in entries))


def stream(name: str, seed: int = 7) -> np.random.Generator:
    """The stream of one array, as the reference defines it: by the seed and the array's name."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


DEFINED: dict[str, tuple[str, Callable[[], Any]]] = {
    "normal": (
        "{normal: {shape: [3, 4], mean: 2, stddev: 0.5}}",
        lambda: stream("a").normal(2, 0.5, (3, 4)).astype("float32"),
    ),
    "uniform": (
        "{uniform: {shape: [3, 4], low: -1, high: 2}}",
        lambda: stream("a").uniform(-1, 2, (3, 4)).astype("float32"),
    ),
    "integers": (
        "{integers: {shape: [5], low: -3, high: 4}}",
        lambda: stream("a").integers(-3, 4, (5,)).astype("int32"),
    ),
    "arange": (
        "{arange: {shape: [2, 3], start: 1, step: 0.5}}",
        lambda: np.arange(1, 4, 0.5, "float32").reshape(2, 3),
    ),
    "constant": ("{constant: {shape: [2], value: 0.25}}", lambda: np.full(2, 0.25, "float32")),
    "zeros": ("{zeros: {shape: [2, 3]}}", lambda: np.zeros((2, 3), "float32")),
    "ones": ("{ones: {shape: [2, 3], dtype: int64}}", lambda: np.ones((2, 3), "int64")),
    "values": ("[[1, 2.5], [-3, 1e-3]]", lambda: np.float32([[1, 2.5], [-3, 1e-3]])),
}


def test_every_way_but_files_is_defined_here() -> None:
    assert set(DEFINED) == set(WAYS) - {"file", "derived"}
    assert set(GENERATORS) == set(DEFINED) - {"values"}


def test_a_derived_array_takes_samples_and_timesteps_and_pads_them(
    read: Callable[..., Any],
) -> None:
    derived = "{of: a, samples: [2, 0, 2], timesteps: {start: 1}, padding: 2, value: 7}"
    made = draw(
        read,
        f"b: {{derived: {derived}}}",  # before the array that it is made of
        "a: {arange: {shape: [3, 3, 2], dtype: int32}}",
        "c: {derived: {of: b, timesteps: {start: -1}}}",
    )
    expected = np.concatenate([made["a"][[2, 0, 2]][:, 1:], np.full((3, 2, 2), 7)], axis=1)
    np.testing.assert_array_equal(made["b"], expected)
    assert made["b"].dtype == np.int32
    np.testing.assert_array_equal(made["c"], expected[:, -1:])


def test_the_shape_of_a_derived_array_is_known_before_it_is_made(read: Callable[..., Any]) -> None:
    entries = (
        "a: {zeros: {shape: [3, 4, 2]}}",
        "b: {derived: {of: a, samples: [1], timesteps: {start: 1, stop: 3}, padding: 4}}",
        "c: {derived: {of: b, samples: [0, 0]}}",
    )
    scenario = read(text(*entries))
    made = draw_arrays(scenario)
    for name, array in made.items():
        assert shape_of(scenario.spec.data, name) == list(array.shape)


def draw(read: Callable[..., Any], *entries: str, **other: Any) -> dict[str, Any]:
    return draw_arrays(read(text(*entries, **other)))


@pytest.mark.parametrize("way", DEFINED)
def test_an_array_is_numpys_own(read: Callable[..., Any], way: str) -> None:
    written, define = DEFINED[way]
    found, expected = draw(read, f"a: {written}")["a"], define()
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "uint8", "int16", "bool"])
def test_the_dtype_is_the_written_one(read: Callable[..., Any], dtype: str) -> None:
    found = draw(read, f"a: {{integers: {{shape: [9], high: 2, dtype: {dtype}}}}}")["a"]
    assert found.dtype == dtype


def test_a_list_of_booleans_stays_boolean(read: Callable[..., Any]) -> None:
    assert draw(read, "a: [[true, false]]")["a"].dtype == bool


@pytest.mark.parametrize("way", ["normal", "uniform", "integers"])
def test_an_array_does_not_depend_on_the_others(read: Callable[..., Any], way: str) -> None:
    written = DEFINED[way][0]
    alone = draw(read, f"a: {written}")["a"]
    among = draw(read, "z: {normal: {shape: [9]}}", f"b: {written}", f"a: {written}")
    np.testing.assert_array_equal(alone, among["a"])
    assert not np.array_equal(alone, among["b"]), "another name has another stream"
    assert not np.array_equal(alone, draw(read, f"a: {written}", seed=8)["a"])


def test_drawing_moves_no_global_random_state(read: Callable[..., Any]) -> None:
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    draw(read, "a: {normal: {shape: [3]}}")
    assert np.random.rand() == expected


FIXTURE = [HealthCheck.function_scoped_fixture]


@settings(max_examples=25, suppress_health_check=FIXTURE, deadline=None)
@given(
    shape=st.lists(st.integers(0, 4), max_size=4),
    start=st.integers(-9, 9),
    step=st.sampled_from([0, 1, -2, 0.5]),
)
def test_arange_counts_through_any_shape(
    read: Callable[..., Any], shape: list[int], start: int, step: float
) -> None:
    found = draw(read, f"a: {{arange: {{shape: {shape}, start: {start}, step: {step}}}}}")["a"]
    assert found.shape == tuple(shape)
    np.testing.assert_array_equal(found.ravel(), start + step * np.arange(found.size))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files beside the scenario."""
    array = np.float64([[1, 2], [3, 4.5]])
    np.save(tmp_path / "good.npy", array)
    np.savez(tmp_path / "one.npz", only=array)
    np.savez(tmp_path / "two.npz", first=array, second=array.astype("int8"))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "text.npy", np.array(["a", "b"]))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:-8])
    (tmp_path / "cut.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:-40])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "plain.csv").write_text("1,2\n3,4.5\n")
    (tmp_path / "head.csv").write_text("a,b\n1,2\n3,4.5\n")
    (tmp_path / "bom.csv").write_text("1,2\n3,4.5\n", encoding="utf-8-sig")
    (tmp_path / "bom_head.csv").write_text("a,b\n1,2\n3,4.5\n", encoding="utf-8-sig")
    (tmp_path / "crlf.csv").write_bytes(b"a,b\r\n1,2\r\n3,4.5\r\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "words.csv").write_text("a,b\n1,x\n")
    (tmp_path / "latin.csv").write_bytes(b"a,b\n1,\xe4\n")
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "good.txt").write_text("1")
    return tmp_path


@pytest.mark.parametrize(
    ("entry", "dtype"),
    [
        ("good.npy", "float64"),
        ("one.npz", "float64"),
        ("one.npz, key: only", "float64"),
        ("two.npz, key: first", "float64"),
        ("two.npz, key: second", "int8"),
        ("plain.csv", "float32"),
        ("head.csv", "float32"),
        ("bom.csv", "float32"),
        ("bom_head.csv", "float32"),
        ("crlf.csv", "float32"),
    ],
)
def test_a_file_holds_what_was_written_to_it(
    read: Callable[..., Any], folder: Path, entry: str, dtype: str
) -> None:
    found = draw(read, f"a: {{file: {entry}}}")["a"]
    np.testing.assert_array_equal(found, np.array([[1, 2], [3, 4.5]]).astype(dtype))
    assert found.dtype == dtype


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("absent.npy", "'absent.npy' cannot be read: No such file or directory"),
        ("folder.npy", "'folder.npy' cannot be read: Is a directory"),
        ("good.txt", "no reader for 'good.txt'; allowed: .npy, .npz, .csv"),
        ("two.npz", "it holds first, second; choose one with 'key'"),
        ("two.npz, key: thrid", "cannot be read: it holds no 'thrid'; allowed: first, second"),
        ("objects.npy", "'objects.npy' cannot be read: "),
        ("text.npy", "'text.npy' holds <U1, not numbers"),
        ("cut.npy", "'cut.npy' cannot be read: "),
        ("cut.npz", "'cut.npz' cannot be read: "),
        ("empty.npy", "'empty.npy' cannot be read: "),
        ("empty.csv", "'empty.csv' cannot be read: "),
        ("ragged.csv", "'ragged.csv' cannot be read: "),
        ("words.csv", "'words.csv' cannot be read: "),
        ("latin.csv", "'latin.csv' cannot be read: "),
    ],
)
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_file_that_cannot_be_read_is_complained_about_at_its_place(
    read: Callable[..., Any], folder: Path, entry: str, says: str
) -> None:
    scenario = read(text(f"a: {{file: {entry}}}"))
    with pytest.raises(ScenarioError) as caught:
        draw_arrays(scenario)
    (complaint,) = caught.value.complaints
    assert (complaint.file, complaint.line) == ("scenario.yaml", 5)
    assert says in complaint.message
    assert caught.value.exit_code == 2


def test_a_file_larger_than_memory_is_refused_with_the_figure(
    read: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lstm_state_probe.model.arrays.memory_limit", lambda: 100)
    scenario = read(text("a: {file: good.npy}"))
    with pytest.raises(ScenarioError, match="holds 160 B, more than this machine's memory"):
        draw_arrays(scenario)


def test_the_numbers_are_the_same_on_both_engines(
    run: Callable[..., Any], engine_named: Callable[[str], Any]
) -> None:
    scenario = """
        seed: 3
        model: {batch_shape: [2, 4], layers: [Flatten]}
        data: {x: {normal: {shape: [2, 4]}}}
        operations: [{call: {x: x}}]
    """
    found = []
    for name in ("keras3", "tf_keras"):
        report = run(scenario, engine=engine_named(name))
        assert report.error is None
        found.append(report.operations[0].outcome.result)
    np.testing.assert_array_equal(found[0], stream("x", 3).normal(size=(2, 4)).astype("float32"))
    np.testing.assert_array_equal(*found)


def test_a_link_to_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "zeros.csv").symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="it is a device or a pipe"):
        read_array(tmp_path / "zeros.csv", None)
