"""Every reader of what others wrote, as a function of bytes: it returns, or raises a ProbeError."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import click

from lstm_state_probe import load_recording
from lstm_state_probe.api.files import _read as read_states
from lstm_state_probe.baseline import store
from lstm_state_probe.cli import COMMANDS
from lstm_state_probe.cli.options.defaults import default_map
from lstm_state_probe.errors import ProbeError
from lstm_state_probe.foreign import hdf5 as foreign
from lstm_state_probe.model.arrays import draw_arrays
from lstm_state_probe.model.load import FORMATS
from lstm_state_probe.model.load import weights as weights_
from lstm_state_probe.model.load.base import How
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.json.read import read_report
from lstm_state_probe.report.merge import merge
from lstm_state_probe.report.terminal.tables import Tables
from lstm_state_probe.report.write import write_all, writers
from lstm_state_probe.runner import Wishes
from lstm_state_probe.scenario.consent import asked
from lstm_state_probe.scenario.read import ScenarioFile, read_scenarios
from lstm_state_probe.scenario.saved import loaded
from lstm_state_probe.scenario.saved.written_by import detect_engine
from lstm_state_probe.scenario.written.selectors import parse_reference, parse_selector
from lstm_state_probe.suite.cache import Cache
from lstm_state_probe.suite.expressions import parse_expression
from lstm_state_probe.suite.last_run import FILE, FOLDER, read_last_run
from lstm_state_probe.suite.shards import parse_shard
from tests.fuzz import seeds


class _NoKeras:
    """Stands where Keras does: nothing is registered, and no class is looked up."""

    saving = SimpleNamespace(get_custom_objects=dict)

    def __getattr__(self, name: str) -> None:
        return None


ENGINES: Any = [
    SimpleNamespace(name="keras3", package="keras", keras=_NoKeras()),
    SimpleNamespace(name="tf_keras", package="tf_keras", keras=_NoKeras()),
]
PLAIN = (
    "model: {{batch_shape: [1, 2, 1], layers: [LSTM: {{units: 1}}]}}\noperations: [reset_states]\n"
    "data: {{x: {{file: {name}{key}}}}}\n"
)


@dataclass(frozen=True)
class Target:
    """A reader: good inputs, and what reads one of them in a folder of its own."""

    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes, Path], Any]


def scenario(data: bytes, folder: Path) -> None:
    path = folder / "s.yaml"
    path.write_bytes(data)
    for read in read_scenarios(path):
        list(asked(read))


def report(data: bytes, folder: Path) -> None:
    from rich.console import Console

    path = folder / "r.json"
    path.write_bytes(data)
    suite = read_report(path)
    whole = merge([("r.json", suite), ("r.json", suite)], allow_duplicates=True).report
    view = Tables(Console(file=io.StringIO(), width=100), ShowOptions())
    for one in whole.scenarios:
        view.scenario(one)
    view.end(whole)
    names = [str(folder / name) for name in ("o.json", "o.junit.xml", "o.md", "o.html", "o.tap")]
    write_all(suite, writers(names))


def recording(suffix: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        path = folder / f"r{suffix}"
        path.write_bytes(data)
        found = load_recording(path)
        found.answers(), repr(found)
        for key in list(found.keys())[:4]:
            found[key]

    return read


def baseline(data: bytes, folder: Path) -> None:
    _stored(folder, data, seeds.stored("baseline.npz")[0])


def baseline_values(data: bytes, folder: Path) -> None:
    _stored(folder, seeds.stored("baseline.json")[0], data)


def _stored(folder: Path, digest: bytes, values: bytes) -> None:
    (folder / "b.json").write_bytes(digest)
    (folder / "b.npz").write_bytes(values)
    found = store.read(folder / "b.json", "s.yaml::seed", "keras3")
    list(store.digests(folder))
    if found is not None:
        for key, entry in found.digest.values.items():
            found.array(key), str(entry)


def model(suffix: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        foreign._looked.cache_clear()
        path = folder / f"m{suffix}"
        path.write_bytes(data)
        engine = ENGINES[len(data) % 2]
        detect_engine(path), loaded.broken(path)
        if suffix != ".json" and len(data) % 3 == 0:
            weights_.examine(path, engine, How())
        FORMATS[suffix].examine(path, engine, How(allow_code=len(data) % 5 == 0))

    return read


def array(name: str, key: str = "") -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        (folder / name).write_bytes(data)
        draw_arrays(_plain(folder, name, key))

    return read


def states(data: bytes, folder: Path) -> None:
    path = folder / "s.npz"
    path.write_bytes(data)
    read_states(path)


def pyproject(data: bytes, folder: Path) -> None:
    (folder / "pyproject.toml").write_bytes(data)
    default_map(COMMANDS, folder)


def variables(data: bytes, folder: Path) -> None:
    """Give every option its value from the environment; Click tells what is wrong."""
    name, _, value = data.decode("utf-8", "replace").replace("\0", "").partition("=")
    if not name or "\ud800" <= max(name) <= "\udfff":
        return
    with patch.dict(os.environ, {name: value}):
        for command in COMMANDS:
            try:
                command.make_context(str(command.name), [], resilient_parsing=False)
            except (click.ClickException, click.exceptions.Exit):
                continue


def selector(data: bytes, folder: Path) -> None:
    text = data.decode("utf-8", "replace")
    for parse in (parse_selector, parse_reference):
        try:
            parse(text)
        except ValueError:  # which the reader of a scenario places in the file
            continue


def expression(data: bytes, folder: Path) -> None:
    text = data.decode("utf-8", "replace")
    with suppress(ProbeError):
        parse_shard(text)
    parse_expression(text, option="-k").holds(lambda word: word in text)


def last_run(data: bytes, folder: Path) -> None:
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / FILE).write_bytes(data)
    last = read_last_run(folder)
    assert last.failed is not None
    assert last.seconds is not None


def cached(data: bytes, folder: Path) -> None:
    found = _plain(folder, "none.npy", "")
    cache = _cache(folder)
    place = cache._file(found)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(data)
    cache.known([found])


@lru_cache(maxsize=8)
def _plain(folder: Path, name: str, key: str) -> ScenarioFile:
    file = folder / "plain.yaml"
    file.write_text(PLAIN.format(name=name, key=key), encoding="utf-8")
    (found,) = read_scenarios(file, shown="s.yaml")
    return found


@lru_cache(maxsize=8)
def _cache(folder: Path) -> Cache:
    return Cache.at(folder / "cache", Wishes(), lambda text: None)


TARGETS: Mapping[str, Target] = {
    "scenario": Target(seeds.scenarios, scenario),
    "report": Target(lambda: seeds.stored("report.json"), report),
    "recording": Target(lambda: seeds.stored("report.json"), recording(".json")),
    "recording-values": Target(lambda: seeds.stored("recording.npz"), recording(".npz")),
    "baseline": Target(lambda: seeds.stored("baseline.json"), baseline),
    "baseline-values": Target(lambda: seeds.stored("baseline.npz"), baseline_values),
    "model-json": Target(seeds.model_json, model(".json")),
    "model-h5": Target(seeds.model_h5, model(".h5")),
    "model-keras": Target(seeds.model_keras, model(".keras")),
    "npy": Target(seeds.npy, array("a.npy")),
    "npz": Target(seeds.npz, array("a.npz", ", key: x")),
    "csv": Target(lambda: seeds.CSV, array("a.csv")),
    "states": Target(seeds.states, states),
    "pyproject": Target(lambda: seeds.PYPROJECT, pyproject),
    "variables": Target(lambda: seeds.VARIABLES, variables),
    "selector": Target(lambda: seeds.SELECTORS, selector),
    "expression": Target(lambda: seeds.EXPRESSIONS, expression),
    "last-run": Target(lambda: seeds.LAST_RUN, last_run),
    "cache": Target(lambda: seeds.CACHED, cached),
}
