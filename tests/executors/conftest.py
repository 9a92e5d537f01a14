"""Scenarios that end their process, that hang, that need files; a scheduler with two workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from executors_shared import dask_cluster

MODEL = """
model:
  batch_shape: [2, 3, 2]
  layers: [{extra}{{LSTM: {{name: lstm, units: 2, stateful: true}}}}]
"""
PREDICT = "operations: [{{predict_on_batch: {{x: x}}, expect: {{lstm/h: {condition}}}}}]\n"
DIES = """
import os, signal
class Dies(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
"""
HANGS = """
import time
class Hangs(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        time.sleep(600)
"""
COUNTS = """
from neighbour import FACTOR
class Counts(keras.layers.Layer):
    def call(self, x):
        return x * FACTOR
"""


def scenario(name: str, *, code: str = "", data: str = "", condition: str = "changed") -> str:
    """Write a scenario of one call, with a layer of the user's own where `code` names its file."""
    objects = f"custom_objects: [{code}.py]\n" if code else ""
    model = MODEL.format(extra=f"{{{code.capitalize()}: {{}}}}, " if code else "")
    drawn = data or "{normal: {shape: [2, 3, 2]}}"
    return (
        f"name: {name}\nrecord: {{timesteps: all, gates: true}}\n{objects}{model}"
        f"data: {{x: {drawn}}}\n" + PREDICT.format(condition=condition)
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a file of scenarios: of six, one ends its process and one hangs."""
    base = tmp_path_factory.mktemp("several")
    place = base / "scenarios"
    place.mkdir()
    for name, text in {"dies": DIES, "hangs": HANGS, "counts": COUNTS}.items():
        (place / f"{name}.py").write_text(text)
    (place / "neighbour.py").write_text("FACTOR = 2.0\n")
    np.save(base / "outside.npy", np.ones((2, 3, 2), np.float32))
    texts = [
        scenario("first"),
        scenario("ends its process", code="dies"),
        scenario("with code", code="counts"),
        scenario("hangs", code="hangs"),
        scenario("reads a file", data="{file: ../outside.npy}"),
        scenario("fails", condition="zeros"),
    ]
    (place / "several.yaml").write_text("---\n".join(texts))
    return place


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a real scheduler with two worker processes."""
    with dask_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as address:
        yield address
