"""A model that a scenario loads."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from lstm_state_probe.errors import CouldNotRun, ProbeError
from lstm_state_probe.model.code import Code
from lstm_state_probe.model.load import LeftUncompiled, LoadedAsAnother, load
from lstm_state_probe.model.load.base import How
from lstm_state_probe.model.objects import Objects
from lstm_state_probe.scenario.fits.check import COMPILED
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import Operation

_HERE: Path = ("model", "load")


def from_file(objects: Objects, code: Code) -> Any:
    """Load the file that `load` names; what is wrong is told at that key.

    The scenario's `compile` goes in the place of what the file was compiled with.

    Raises:
        ScenarioError: if the file is not to be loaded.
        CouldNotRun: if Keras cannot load it, or cannot restore a compilation that is needed.
    """
    scenario, spec = objects.scenario, objects.scenario.spec.model
    weights = None if spec.weights is None else scenario.beside(spec.weights)
    how = How(code.allowed, code.names, spec.compile is None, spec.dtype_policy)
    place = scenario.beside(spec.load or "")
    try:
        loaded = load(place, objects.engine, how, weights=weights)
    except CouldNotRun as error:
        raise CouldNotRun(scenario.error(_HERE, str(error))) from error
    except ProbeError as error:
        raise scenario.error(_HERE, str(error)) from error
    note = loaded.uncompiled
    if note is not None and _trains_or_tests(scenario.spec.operations):
        raise CouldNotRun(scenario.error(_HERE, f"{note}; give 'compile' in the model"))
    told: list[tuple[str, type[Warning]]] = [(one, LoadedAsAnother) for one in loaded.notes]
    if note is not None:
        told.append((f"{note}; it is left uncompiled", LeftUncompiled))
    line = scenario.document.complaint(_HERE, "").line
    for words, kind in told:
        warnings.warn_explicit(words, kind, str(scenario.path), line)
    return loaded.model


def _trains_or_tests(operations: Sequence[Operation]) -> bool:
    """Tell whether an operation needs a compiled model."""
    return any(
        operation.name in COMPILED
        or (operation.repeat is not None and _trains_or_tests(operation.repeat.operations))
        for operation in operations
    )
