"""What an operation is given, and the helpers that all of them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine
from lstm_state_probe.errors import ProbeError
from lstm_state_probe.layers.families import is_a
from lstm_state_probe.model import BuiltModel
from lstm_state_probe.model.objects import Objects
from lstm_state_probe.recording.call import Held
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.progress import batch_marker
from lstm_state_probe.recording.recorder import Recorder
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Arguments

REFERENCES = ("x", "y", "mask", "sample_weight")


class KerasRaised(Exception):
    """Keras raised, or the user's code inside it, when it did what it was asked: `error`."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        super().__init__(str(error))


@contextmanager
def asked() -> Iterator[None]:
    """Let Keras do what an operation asks of it, and nothing else.

    What is raised outside is an error of the user's, or a fault of the probe, never Keras's.

    Raises:
        KerasRaised: whatever Keras raised.
    """
    try:
        yield
    except ProbeError:
        raise
    except (Exception, SystemExit) as error:  # the boundary: Keras may raise anything
        raise KerasRaised(error) from error


@dataclass
class Session:
    """A scenario in progress: the model, the arrays, the recorder, and labelled states."""

    scenario: ScenarioFile
    engine: Engine
    arrays: Mapping[str, Array]
    model: Any
    recorder: Recorder
    custom: Mapping[str, Any] = field(default_factory=dict)
    snapshots: dict[str, Held] = field(default_factory=dict)
    allow_code: bool = False

    @classmethod
    def begin(
        cls,
        scenario: ScenarioFile,
        engine: Engine,
        built: BuiltModel,
        arrays: Mapping[str, Array],
        *,
        plan: Plan,
    ) -> Session:
        """Attach a recorder to a built model."""
        origins = Origins()
        recorder = Recorder.attach(engine, built.keras, origins, plan=plan)
        return cls(
            *(scenario, engine, arrays, built.keras, recorder),
            custom=built.custom,
            allow_code=built.allow_code,
        )

    def resolve(self, reference: Any) -> Any:
        """Put arrays in the place of their names; a list becomes a tuple of arrays."""
        if isinstance(reference, str):
            return self.arrays[reference]
        if isinstance(reference, dict):
            return {key: self.resolve(value) for key, value in reference.items()}
        if isinstance(reference, list):
            return [self.resolve(value) for value in reference]
        return reference

    def keywords(self, arguments: Arguments, path: Path) -> dict[str, Any]:
        """Return what was written, as keyword arguments of Keras's method."""
        written = {
            name: getattr(arguments, name)
            for name in arguments.model_fields_set
            if getattr(arguments, name) is not None
        }
        found = {
            name: self.resolve(value) if name in REFERENCES else value
            for name, value in written.items()
        }
        inputs = getattr(self.model, "input", None) if is_a(self.model, "Functional") else None
        if isinstance(written.get("x"), str) and isinstance(inputs, dict) and len(inputs) == 1:
            found["x"] = {next(iter(inputs)): found["x"]}
        if "validation_data" in written:
            found["validation_data"] = tuple(map(self.resolve, written["validation_data"]))
        if "callbacks" in written:
            objects = Objects(self.engine, self.scenario, self.custom, self.allow_code)
            here = (*path, "callbacks")
            found["callbacks"] = objects.value(written["callbacks"], "callbacks", here)
        return found

    def looping(self, arguments: Arguments, path: Path, *, fitting: bool = False) -> dict[str, Any]:
        """Return the keywords of a method that loops over batches, with the batch marker added."""
        keywords = {"verbose": 0, **self.keywords(arguments, path)}
        marker = batch_marker(self.engine, self.recorder, fitting=fitting)
        keywords["callbacks"] = [marker, *keywords.get("callbacks", [])]
        return keywords


class Perform(Protocol):
    """Does one operation and returns what Keras returned."""

    def __call__(self, session: Session, arguments: Any, path: Path) -> Any:
        """Do it; `path` is the place of the arguments in the file."""
        ...
