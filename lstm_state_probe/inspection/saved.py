"""A saved model from the command line: which engine, what code of the user's, which input files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from lstm_state_probe.engines import Engine, load_engine
from lstm_state_probe.errors import ProbeError, UsageError
from lstm_state_probe.inspection.data import Inspection
from lstm_state_probe.inspection.inspect import inspect_model
from lstm_state_probe.model import detect_engine
from lstm_state_probe.model.code import Code
from lstm_state_probe.model.load import load
from lstm_state_probe.model.load.base import How, Loaded
from lstm_state_probe.model.takes.input_files import GivenInput, must_exist, read_inputs
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.saved.saved_json import architecture_alone

DEFAULT_ENGINE = "keras3"


@dataclass(frozen=True)
class SavedModel:
    """A file or folder, and how it is to be loaded; without `engine` the file tells."""

    path: Path
    engine: str | None = None
    weights: Path | None = None
    allow_code: bool = False
    custom_objects: Sequence[str] = ()
    inputs: Sequence[str] = ()
    batch: int | None = None
    timesteps: int | None = None
    """For inputs that are generated: the sizes that the model leaves open."""


@dataclass(frozen=True)
class Opened:
    """A saved model in memory."""

    saved: SavedModel
    engine: Engine
    keras: Any
    given: Sequence[GivenInput]
    notes: Sequence[str] = ()

    def inspect(self, *, seed: int = 0) -> Inspection:
        """Inspect it, with the inputs of the command line or generated ones."""
        found = inspect_model(
            self.engine,
            self.keras,
            inputs={given.name: given.array for given in self.given} or None,
            batch=self.saved.batch,
            timesteps=self.saved.timesteps,
            seed=seed,
            loaded=not self.saved.path.is_dir(),  # a SavedModel keeps the states
            notes=self.notes,
        )
        return replace(found, untrained=architecture_alone(self.saved.path, self.saved.weights))


def open_model(saved: SavedModel) -> Opened:
    """Load a model, and the inputs that are given for it.

    Raises:
        UsageError: if there is no such file, or an input cannot be read.
        CouldNotRun: if Keras cannot load it.
    """
    must_exist(saved.path, "model")
    if saved.weights is not None:
        must_exist(saved.weights, "file of weights")
    given = read_inputs(saved.inputs)
    engine = load_engine(saved.engine or detect_engine(saved.path, saved.weights) or DEFAULT_ENGINE)
    how = How(allow_code=saved.allow_code, custom=_custom(saved, engine))
    loaded = load(saved.path, engine, how, weights=saved.weights)
    return Opened(saved, engine, loaded.model, given, tuple(_notes(loaded)))


def _notes(loaded: Loaded) -> Iterator[str]:
    """Say what was loaded otherwise than it was saved."""
    yield from loaded.notes
    if loaded.uncompiled is not None:
        yield f"{loaded.uncompiled}; it is left uncompiled"


def _custom(saved: SavedModel, engine: Engine) -> Mapping[str, Any]:
    """Run the files of custom objects; return the classes and functions that they define."""
    if not saved.custom_objects:
        return {}
    if not saved.allow_code:
        raise UsageError(
            f"{saved.custom_objects[0]!r} is Python code; if you trust it, give --allow-code"
        )
    code = Code(cast(ScenarioFile, _CommandLine(saved.custom_objects)), engine, allowed=True)
    code.read()
    return code.names


class _CommandLine:
    """Stands where a scenario's file does: paths are those of the working folder."""

    def __init__(self, files: Sequence[str]) -> None:
        self.path = Path("command-line").absolute()
        self.spec = SimpleNamespace(custom_objects=list(files), runs_code="custom_objects")

    def beside(self, written: str) -> Path:
        """Return where a file is: relative to the working folder, or absolute."""
        return self.path.parent / written

    def error(self, path: Any, message: str) -> ProbeError:
        """Return a complaint, which has no place in a file."""
        return UsageError(message)
