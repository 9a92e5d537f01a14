"""A recording from a file that `save`, or `probe run --report`, wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lstm_state_probe.api.place import Place
from lstm_state_probe.api.recorded.recording import Recording, restored
from lstm_state_probe.api.session import Operation
from lstm_state_probe.errors import UsageError, listed, nearest
from lstm_state_probe.report.about import read_arrays
from lstm_state_probe.report.data import ScenarioReport, SuiteReport
from lstm_state_probe.report.json.read import read_report

READERS: Mapping[str, Callable[[Path], SuiteReport]] = {".json": read_report, ".npz": read_arrays}


def load_recording(path: str | os.PathLike[str], *, scenario: str | None = None) -> Recording:
    """Read a recording from a `.json` or `.npz` file; no Keras is imported for it.

    `scenario` is the id of one, where a report of `probe run` has several.

    Raises:
        UsageError: if the file cannot be read, has another form, or it is not clear which
            scenario is meant.
    """
    file = Path(path)
    if file.suffix not in READERS:
        raise UsageError(f"{str(file)!r} cannot be loaded; allowed suffixes: {listed(READERS)}")
    report = READERS[file.suffix](file)
    return _recording(_chosen(report.scenarios, scenario, file), report.environment)


def _chosen(scenarios: Sequence[ScenarioReport], wanted: str | None, file: Path) -> ScenarioReport:
    names = [one.id for one in scenarios]
    found = [one for one in scenarios if wanted in (None, one.id)]
    if len(found) == 1:
        return found[0]
    if wanted is not None and not found:
        hint = nearest(wanted, names)
        raise UsageError(f"{str(file)!r} has no scenario {wanted!r}; it has: {listed(names)}{hint}")
    raise UsageError(f"{str(file)!r} has {len(found)} recordings to choose from: {listed(names)}")


def _recording(scenario: ScenarioReport, made_with: Mapping[str, object]) -> Recording:
    place = Place(scenario.file, scenario.operations[0].line if scenario.operations else 1)
    done = tuple(
        Operation(one.outcome, Place(one.file or scenario.file, one.line))
        for one in scenario.operations
        if one.operation != "repeat"
    )
    gates = {f"{c.layer}/{gate}": None for one in done for c in one.calls for gate in c.gates}
    return restored(
        scenario.engine,
        place,
        scenario.layers,
        tuple(gates),
        scenario.initialised,
        done,
        dict(made_with),
    )
