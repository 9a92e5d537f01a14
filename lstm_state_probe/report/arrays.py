"""Everything that was recorded as arrays, in one `.npz` file with readable keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array, widened
from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.outcome import leaves
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.safe import one_line
from lstm_state_probe.whole import replacing

ABOUT = "about.json"


def write(report: SuiteReport, path: Path) -> None:
    """Write the arrays of every scenario.

    A key is `scenario@engine/operation/label/layer/call/state/moment`: the scenario by its id, in
    which `|` stands for `/`, as it does in a label; the operation by its number and name; `-`
    where it has no label; the call by its number in the operation; and as moments `initial`,
    `final`, `timesteps` (kept timesteps, batch, units) and `kept`, which timesteps those are.
    What is held stands under `held` in the place of the call. `about.json` is the JSON report
    without these arrays.
    """
    from lstm_state_probe.report.about import without_arrays
    from lstm_state_probe.report.json.writer import text

    found: dict[str, Any] = {key: widened(array) for key, array in keyed(report)}
    found[ABOUT] = np.array(text(without_arrays(report), seen=report))
    with replacing(path) as file:
        np.savez_compressed(file, **found)


def keyed(report: SuiteReport) -> Iterator[tuple[str, Array]]:
    """Yield each array with its key."""
    for scenario in report.scenarios:
        for done in scenario.operations:
            if done.operation != "repeat":
                # a zip file ends a name at a NUL
                yield from ((one_line(key), a) for key, a in _operation(scenario, done))


def _operation(scenario: ScenarioReport, done: OperationReport) -> Iterator[tuple[str, Array]]:
    prefix = prefix_of(scenario, done)
    for leaf, array in leaves(done.outcome.result):
        if in_npz(array):
            yield f"{prefix}/{leaf}", array
    counts: dict[str, int] = {}
    for call in done.outcome.calls:
        number = counts.get(call.layer, 0)
        counts[call.layer] = number + 1
        yield from _call(f"{prefix}/{call.layer}/{number}", call)
    for address, array in done.outcome.held.items():
        layer = next(p.address for p in scenario.layers if address.startswith(f"{p.address}/"))
        yield f"{prefix}/{layer}/held/{address[len(layer) + 1 :]}", array


def prefix_of(scenario: ScenarioReport, done: OperationReport) -> str:
    """Return how the keys of an operation begin."""
    label = (done.label or "-").replace("/", "|")
    name = scenario.id.replace("/", "|")
    return f"{name}@{scenario.engine}/{done.index}_{done.operation}/{label}"


def in_npz(array: Array) -> bool:
    """Tell whether a result is one of numbers; texts stand in the JSON alone."""
    return array.dtype.kind in "bifuV"


def _call(prefix: str, call: Call) -> Iterator[tuple[str, Array]]:
    for name, state in call.states.items():
        yield f"{prefix}/{name}/initial", state.initial
        yield f"{prefix}/{name}/final", state.final
        if state.timesteps is not None:
            yield f"{prefix}/{name}/timesteps", state.timesteps
    for name, gate in call.gates.items():
        yield f"{prefix}/{name}/timesteps", gate
    if call.kept:
        yield f"{prefix}/kept", np.array(call.kept)
    if call.mask is not None:
        yield f"{prefix}/mask", call.mask
