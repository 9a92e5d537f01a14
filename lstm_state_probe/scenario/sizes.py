"""Sizes that cannot fit: shapes, batches of a stateful model, memory."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from typing import Any

from lstm_state_probe.layers.families import FAMILIES
from lstm_state_probe.scenario.document import Path
from lstm_state_probe.scenario.operations import Operation
from lstm_state_probe.scenario.spec import Scenario

Found = tuple[Path, str, bool]
KERAS_BATCH = 32
_FLOAT = 4
_BATCHED = ("predict", "evaluate", "fit")


def check_memory(scenario: Scenario, engine: str) -> Iterator[Found]:  # noqa: ARG001 - one signature for all checks
    """Yield arrays, inputs and layers that would not fit into this machine's memory."""
    limit = memory_limit()
    total = 0
    for name, data in scenario.data.items():
        size = data.static_bytes()
        total += size
        if size > limit:
            yield ("data", name), _too_large(f"the array {name!r}", size, limit), True
    if total > limit and scenario.data:
        yield ("data",), _too_large("the arrays under 'data' together", total, limit), True
    batch = 1
    for name, shape in scenario.model.input_shapes().items():
        batch = max(batch, shape[0] or 1)
        size = math.prod(dim or 1 for dim in shape) * _FLOAT
        if size > limit:
            path = ("model", "inputs", name) if name is not None else ("model",)
            yield (*path, "batch_shape"), _too_large("one batch of the input", size, limit), False
    yield from _layers(scenario, batch, limit)


def _layers(scenario: Scenario, batch: int, limit: int) -> Iterator[Found]:
    for index, entry in enumerate(scenario.model.layers or ()):
        path: Path = ("model", "layers", index, entry.class_name)
        for below, units, gates in _recurrent_units(entry.class_name, entry.arguments):
            size = (units * units * max(gates, 1) + batch * units) * _FLOAT
            if size > limit:
                what = f"the recurrent kernel and the states of {units:,} units"
                yield (*path, *below), _too_large(what, size, limit), False


def _recurrent_units(kind: str, arguments: Any) -> Iterator[tuple[Path, int, int]]:
    if not isinstance(arguments, dict):
        return
    family = FAMILIES.get(kind)
    units = arguments.get("units")
    if family and isinstance(units, int) and not isinstance(units, bool):
        yield ("units",), units, len(family.gates)
    for key, value in arguments.items():
        for k, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict) and len(item) == 1:
                (inner, below), *_ = item.items()
                step: Path = (key, k, inner) if isinstance(value, list) else (key, inner)
                for path, *rest in _recurrent_units(str(inner), below):
                    yield (*step, *path), rest[0], rest[1]


def memory_limit() -> int:
    """Return the physical memory of this machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _too_large(what: str, size: int, limit: int) -> str:
    return f"{what} would take {human(size)}; this machine has {human(limit)} of memory"


def human(size: int) -> str:
    """Write a number of bytes with a binary unit."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:,.0f} PiB"


def check_operation(scenario: Scenario, operation: Operation) -> Iterator[Found]:
    """Yield shapes that the model does not take, and batches that a stateful model refuses."""
    if operation.raises is not None:
        return
    shapes = scenario.model.input_shapes()
    x = getattr(operation.arguments, "x", None)
    for where, name, expected in _pairs(x, shapes):
        found = _shape(scenario, name)
        if found is not None and not _fits(found, expected):
            message = (
                f"the array {name!r} has the shape {_text(found)}, the model's input takes"
                f" {_text(expected)}"
            )
            yield where, message, False
    samples = _samples(scenario, x)
    yield from _same_samples(scenario, operation, samples)
    if samples is not None and not operation.allow_partial_batch:
        yield from _stateful_batches(scenario, operation, samples)


def _pairs(x: Any, shapes: dict[str | None, list[int | None]]) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(x, str) and len(shapes) == 1:
        yield ("x",), x, next(iter(shapes.values()))
    elif isinstance(x, dict):
        for key, name in x.items():
            if key in shapes:
                yield ("x", key), name, shapes[key]
    elif isinstance(x, list) and len(x) == len(shapes):
        for k, (name, expected) in enumerate(zip(x, shapes.values())):
            yield ("x", k), name, expected


def _shape(scenario: Scenario, name: str) -> list[int] | None:
    data = scenario.data.get(name)
    return data.static_shape() if data else None


def _text(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("any" if dim is None else str(dim) for dim in shape) + ")"


def _fits(found: Sequence[int], expected: Sequence[int | None]) -> bool:
    """Compare all axes but the batch; Keras adds or drops a last axis of one."""
    if len(found) != len(expected):
        return abs(len(found) - len(expected)) == 1 and 1 in (found[-1:] + list(expected[-1:]))
    return all(want is None or have == want for have, want in zip(found[1:], expected[1:]))


def _samples(scenario: Scenario, x: Any) -> int | None:
    name = x if isinstance(x, str) else next(iter(x.values() if isinstance(x, dict) else x or []), "")
    shape = _shape(scenario, name)
    return shape[0] if shape else None


def _same_samples(scenario: Scenario, operation: Operation, samples: int | None) -> Iterator[Found]:
    for argument in ("y", "sample_weight"):
        name = getattr(operation.arguments, argument, None)
        shape = _shape(scenario, name) if isinstance(name, str) else None
        if shape and samples is not None and shape[0] != samples:
            yield (argument,), f"{name!r} has {shape[0]} samples, x has {samples}", False


def _stateful_batches(scenario: Scenario, operation: Operation, samples: int) -> Iterator[Found]:
    stateful = scenario.model.stateful_layers()
    batch = next((s[0] for s in scenario.model.input_shapes().values() if s[0]), None)
    if not stateful or batch is None:
        return
    for where, sizes, said in _batches(operation, samples):
        odd = next((size for size in sizes if size != batch), None)
        if odd is not None:
            yield (
                (where,),
                f"the stateful layer {stateful[0]!r} was built for batches of {batch}, but"
                f" {said} a batch of {odd}; allowed: batches of {batch} only (to show what Keras"
                " does with another, say allow_partial_batch: true, or raises)",
                False,
            )


def _batches(operation: Operation, samples: int) -> Iterator[tuple[str, set[int], str]]:
    """Yield (argument, the sizes of its batches, a clause that says where they come from)."""
    arguments = operation.arguments
    if operation.name not in _BATCHED:
        if operation.name in ("call", "predict_on_batch", "train_on_batch", "test_on_batch"):
            yield "x", {samples}, f"{samples} samples make"
        return
    if getattr(arguments, "steps", None) or getattr(arguments, "steps_per_epoch", None):
        return
    size = arguments.batch_size or KERAS_BATCH
    default = "" if arguments.batch_size else " (Keras's default)"
    where = "batch_size" if arguments.batch_size else "x"
    split = getattr(arguments, "validation_split", None) or 0.0
    train = math.floor(samples * (1.0 - split))
    for part, count in (("", train), (" for validation", samples - train)):
        if count:
            said = f"{count} samples{part} in batches of {size}{default} make"
            yield where, _sizes(count, size), said


def _sizes(samples: int, batch: int) -> set[int]:
    full, rest = divmod(samples, batch)
    return ({batch} if full else set()) | ({rest} if rest else set())
