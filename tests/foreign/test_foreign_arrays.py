"""`.npy` and `.npz`: what NumPy wrote is read, and no header is believed beyond the file."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lstm_state_probe.foreign import arrays
from lstm_state_probe.foreign.arrays import Unreadable, npz_names, read_all, read_npy, read_npz

ARRAYS = (
    *(np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(3, 2)), np.array(2.5)),
    *(np.zeros((0, 3), np.float16), np.array([True, False]), np.array([1, 2], ">i2")),
    *(np.array(["a", "bc"]), np.array([1 + 2j])),
)


def written(path: Path, descr: str, shape: str, *, data: bytes = b"12345678") -> Path:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode() + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)
    return path


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_what_numpy_writes_is_read(array: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", array)
    for pack in (np.savez, np.savez_compressed):
        pack(tmp_path / "a.npz", x=array, y=array)
        assert npz_names(tmp_path / "a.npz") == ["x", "y"]
        found = read_npz(tmp_path / "a.npz", "x")
        np.testing.assert_array_equal(found, read_npy(tmp_path / "a.npy"))
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype
    assert set(read_all(tmp_path / "a.npz")) == {"x", "y"}


@pytest.mark.parametrize(
    ("descr", "shape", "told"),
    [
        ("'<f8'", "(1000000, 1000000)", "asks for float64 .*8,000,000,000,000 bytes; there are 8"),
        ("'<f8'", "(-1,)", "the shape in its header is none"),
        ("'<f8'", "(True,)", "the shape in its header is none"),
        ("'<f8'", "(0, " + "9" * 30 + ")", "cannot be made"),
        ("'<f8'", "(1," * 40 + "1" + ")" * 40, "the shape|be understood"),
        ("'|O'", "(1,)", "pickled Python objects, which are code"),
        ("[('a', '<f8')]", "(1,)", "records"),
        ("'(1000000000,)f4'", "(1,)", "records, or a dtype that cannot be understood"),
        ("'f3'", "(1,)", "cannot be understood"),
        ("(" * 3000, "(1,)", "cannot be understood"),
        ("__import__('os').abort()", "(1,)", "cannot be understood"),
    ],
)
def test_a_header_is_believed_as_far_as_the_file_goes(
    descr: str, shape: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(Unreadable, match=told):
        read_npy(written(tmp_path / "a.npy", descr, shape))


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x00", b"PK\x03\x04", b"x" * 99]
)
def test_what_is_neither_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    for read in (read_npy, npz_names):
        with pytest.raises(Unreadable, match=r"is not an? \.np[yz] file|cannot be|version"):
            read(tmp_path / "a")


def test_an_archive_that_unpacks_without_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(1_000_000))
    assert read_npz(tmp_path / "bomb.npz", "x").shape == (1_000_000,)
    monkeypatch.setattr(arrays, "_SUSPECT_SIZE", 1_000_000)
    with pytest.raises(Unreadable, match=r"would unpack to 8,000,\d{3} bytes, from"):
        read_npz(tmp_path / "bomb.npz", "x")


def test_a_directory_that_declares_too_much_and_other_methods_are_refused(tmp_path: Path) -> None:
    made = io.BytesIO()
    np.savez(made, x=np.zeros(3))
    data = bytearray(made.getvalue())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 0xFFFFFFF0)
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(Unreadable, match="would unpack to"):
        read_npz(tmp_path / "a.npz", "x")
    with zipfile.ZipFile(tmp_path / "b.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", b"x")
    with pytest.raises(Unreadable, match="compressed in a way that NumPy does not use"):
        read_npz(tmp_path / "b.npz", "x")
