"""What feeds the model: the scenario's own arrays, or generated ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.model.arrays import draw_arrays
from lstm_state_probe.model.takes.inputs import InputSpec, structured
from lstm_state_probe.scenario.read import ScenarioFile, scenarios_in
from lstm_state_probe.scenario.text.writing import as_text
from lstm_state_probe.scenario.written.base import names_in
from lstm_state_probe.scenario.written.operations import Operation

MOST_ROWS = 8
"""Samples of a batch, where the model leaves it open."""
TIMESTEPS = 6
SPACE = 8
"""What an open axis of a generated input becomes: timesteps, and any other."""
TRAINING = ("train_on_batch", "test_on_batch", "fit", "evaluate")


@dataclass(frozen=True)
class Feed:
    """A reference to the arrays of a batch, how they are written, and what they are."""

    x: Any
    data: Mapping[str, Any]
    arrays: Mapping[str, Array]


def fed(scenario: ScenarioFile) -> Feed | None:
    """Take the arrays of the first operation that has an x and that is not meant to fail."""
    for operation in every(scenario.spec.operations):
        x = getattr(operation.arguments, "x", None)
        if x is not None and operation.raises is None:
            drawn = draw_arrays(scenario)
            arrays = {name: drawn[name] for _, name in names_in(x)}
            return Feed(x, scenario.document.data["data"], arrays)
    return None


def every(operations: Sequence[Operation]) -> Iterator[Operation]:
    """Yield operations, and those inside a `repeat`."""
    for operation in operations:
        yield operation
        yield from every(operation.repeat.operations if operation.repeat else ())


def generated(scenario: ScenarioFile, model: Any, specs: Sequence[InputSpec]) -> Feed:
    """Write arrays for a model of which no scenario says what feeds it."""
    names = [f"x{k}" if len(specs) > 1 else "x" for k in range(len(specs))]
    data = {name: _entry(spec) for name, spec in zip(names, specs, strict=True)}
    written: dict[str, Any] = {
        "seed": scenario.spec.seed,
        "model": scenario.document.data["model"],
        **beside(scenario),
        "data": data,
        "operations": ["reset_states"],
    }
    (drawn,) = scenarios_in(
        as_text(written), scenario.path, shown=str(scenario.path), engine=scenario.engine
    )
    keyed: dict[str, Any] = dict(zip((spec.name for spec in specs), names, strict=True))
    return Feed(structured(model, keyed), data, draw_arrays(drawn))


def _entry(spec: InputSpec) -> dict[str, Any]:
    open_axes = [MOST_ROWS, TIMESTEPS, *[SPACE] * len(spec.shape)]
    shape = [want if dim is None else dim for dim, want in zip(spec.shape, open_axes, strict=False)]
    if spec.high is not None:
        return {"integers": {"low": spec.low, "high": spec.high, "shape": shape}}
    return {"normal": {"shape": shape}}


def indices(name: str, feed: Feed, specs: Sequence[InputSpec]) -> bool:
    """Tell whether an array holds indices that a layer looks up."""
    return spec_of(name, feed, specs).high is not None


def spec_of(name: str, feed: Feed, specs: Sequence[InputSpec]) -> InputSpec:
    """Return what the model says of the input that an array is for."""
    by_name = {spec.name: spec for spec in specs}
    for (path, found), spec in zip(names_in(feed.x), specs, strict=False):
        if found == name:
            return by_name.get(str(path[0]), spec) if path else spec
    return specs[0]


def sequences_in(feed: Feed, specs: Sequence[InputSpec]) -> list[str]:
    """Name the arrays that have timesteps: three axes, or two of indices that are looked up."""
    return [
        name
        for name, array in feed.arrays.items()
        if array.ndim >= 3 or (array.ndim == 2 and indices(name, feed, specs))
    ]


def target(scenario: ScenarioFile, model: Any, feed: Feed) -> tuple[Any, Mapping[str, Any]]:
    """Return a y for the x of the subject, and how its arrays are written."""
    for operation in every(scenario.spec.operations):
        arguments = operation.arguments
        y = getattr(arguments, "y", None) if operation.name in TRAINING else None
        if y is not None and arguments.x == feed.x:
            return y, {}
    shapes = getattr(model, "output_shape", None)
    if feed.x is None or not isinstance(shapes, tuple) or None in shapes[2:]:
        return None, {}
    rows, *rest = next(iter(feed.arrays.values())).shape
    kept = [dim if dim is not None else rest[0] for dim in shapes[1:]]
    sparse = "sparse" in str(getattr(model, "loss", "")).lower()
    entry = {"zeros": {"shape": [rows, *(kept[:-1] if sparse else kept)]}}
    name = "target"
    while name in feed.data:
        name += "_"
    return name, {name: entry}


def beside(scenario: ScenarioFile) -> dict[str, Any]:
    """Return the further keys of a scenario that its model needs."""
    data = scenario.document.data
    return {key: data[key] for key in ("custom_objects",) if key in data}


def rows_of(array: Array, size: int) -> Array:
    """Take a batch; fewer samples than that are repeated."""
    return array[np.arange(size) % len(array)]


def others_in(arrays: Sequence[Array], size: int) -> tuple[int, ...]:
    """Return for each row of a batch the index of a sample unlike it; () where there is none."""
    rows = min(len(array) for array in arrays)

    def unlike(a: int, b: int) -> bool:
        return any(not np.array_equal(array[a], array[b], equal_nan=True) for array in arrays)

    second = next((k for k in range(1, rows) if unlike(0, k)), None)
    if second is None:
        return ()
    found = []
    for k in range(size):
        row = k % rows
        near = (row + 1) % rows
        found.append(near if unlike(row, near) else second if unlike(row, second) else 0)
    return tuple(found)
