"""Shapes that a model does not take, and batches that a stateful one refuses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.base import names_in
from lstm_state_probe.scenario.written.data import shape_of
from lstm_state_probe.scenario.written.operations import Operation
from lstm_state_probe.scenario.written.spec import Scenario

Found = tuple[Path, str, bool]
Shapes = dict[str | None, list[int | None]]
KERAS_BATCH = 32
_WHOLE = ("call", "predict_on_batch", "inner_output", "train_on_batch", "test_on_batch")
_LOOPING = ("predict", "evaluate", "fit")


def check_operation(scenario: Scenario, operation: Operation) -> Iterator[Found]:
    """Yield the shapes, the numbers of samples and the batches that cannot be right."""
    if operation.name not in (*_WHOLE, *_LOOPING):
        return
    arguments = operation.arguments
    validation = getattr(arguments, "validation_data", None) or [None]
    yield from _inputs(scenario, arguments.x, ("x",))
    if validation[0] is not None:
        yield from _inputs(scenario, validation[0], ("validation_data", 0))
    samples = _samples(scenario, arguments.x)
    if samples is None:
        return
    yield from _same_samples(scenario, arguments, samples)
    if not operation.allow_partial_batch:
        yield from _stateful_batches(scenario, operation, samples)


def _inputs(scenario: Scenario, x: Any, path: Path) -> Iterator[Found]:
    """Yield arrays that do not fit the model's inputs."""
    shapes = scenario.model.input_shapes()
    trouble = _wrong_inputs(x, shapes)
    if trouble:
        below, message, at_key = trouble
        yield (*path, *below), message, at_key
        return
    for below, name, expected in _pairs(x, shapes):
        found = _shape(scenario, name)
        if found is not None and not _fits(found, expected):
            yield (
                (*path, *below),
                f"the array {brief(name)} has the shape {_text(found)}, the model's input takes"
                f" {_text(expected)}",
                False,
            )


def _wrong_inputs(x: Any, shapes: Shapes) -> Found | None:
    """Return the complaint about arrays that do not name the model's inputs."""
    names = [name for name in shapes if name is not None]
    if isinstance(x, dict):
        if not names:
            return (), "the model is a chain with one input; expected the name of one array", False
        extra = next((key for key in x if key not in names), None)
        missing = next((name for name in names if name not in x), None)
        if extra is not None:
            hint = f"allowed: {listed(names)}{nearest(extra, names)}"
            return (extra,), f"the model has no input {brief(extra)}; {hint}", True
        if missing is not None:
            return (), f"the model's input {brief(missing)} is not given", False
    given = len(x) if isinstance(x, (list, dict)) else 1
    if given != len(shapes):
        expected = ", ".join(f"{name}: …" for name in names) or "the name of one array"
        want = f"the model has {len(shapes)} input{'s' * (len(shapes) > 1)}"
        return (), f"{want}, found {given}; expected {expected}", False
    return None


def _pairs(x: Any, shapes: Shapes) -> Iterator[tuple[Path, str, list[int | None]]]:
    if isinstance(x, dict):
        yield from (((key,), name, shapes[key]) for key, name in x.items())
    elif isinstance(x, list):
        for k, (name, expected) in enumerate(zip(x, shapes.values(), strict=True)):
            yield (k,), name, expected
    else:
        yield (), x, next(iter(shapes.values()))


def _shape(scenario: Scenario, name: str) -> list[int] | None:
    return shape_of(scenario.data, name)


def _text(shape: Sequence[int | None]) -> str:
    return "(" + ", ".join("any" if dim is None else str(dim) for dim in shape) + ")"


def _fits(found: Sequence[int], expected: Sequence[int | None]) -> bool:
    """Compare all axes but the batch; Keras adds or drops a last axis of one."""
    have, want = list(found), list(expected)
    if len(have) == len(want) + 1 and have[-1] == 1:
        have.pop()
    elif len(want) == len(have) + 1 and want[-1] in (1, None):
        want.pop()
    if not have or len(have) != len(want):
        return False
    pairs = zip(have[1:], want[1:], strict=True)
    return all(wanted is None or dim == wanted for dim, wanted in pairs)


def _samples(scenario: Scenario, x: Any) -> int | None:
    """Return the number of samples, by the first array whose shape is written."""
    shapes = (_shape(scenario, name) for _, name in names_in(x))
    return next((shape[0] for shape in shapes if shape), None)


def _same_samples(scenario: Scenario, arguments: Any, samples: int) -> Iterator[Found]:
    for argument in ("x", "y", "sample_weight"):
        for below, name in names_in(getattr(arguments, argument, None)):
            shape = _shape(scenario, name)
            if shape and shape[0] != samples:
                message = f"{brief(name)} has {shape[0]} samples, x has {samples}"
                yield (argument, *below), message, False


def _stateful_batches(scenario: Scenario, operation: Operation, samples: int) -> Iterator[Found]:
    stateful = scenario.model.stateful_layers()
    batch = next((s[0] for s in scenario.model.input_shapes().values() if s[0]), None)
    if not stateful or batch is None:
        return
    for where, sizes, said in _batches(scenario, operation, samples):
        odd = next((size for size in sizes if size != batch), None)
        if odd is not None:
            yield (
                where,
                f"the stateful layer {brief(stateful[0])} was built for batches of {batch}, but"
                f" {said} a batch of {odd}; allowed: batches of {batch} only (to show what Keras"
                " does with another, say allow_partial_batch: true, or raises)",
                False,
            )


def _batches(
    scenario: Scenario, operation: Operation, samples: int
) -> Iterator[tuple[Path, list[int], str]]:
    """Yield (argument, the sizes of its batches, a clause that says where they come from)."""
    arguments = operation.arguments
    if operation.name in _WHOLE:
        yield ("x",), [samples], f"{_count(samples)} make"
        return
    split = getattr(arguments, "validation_split", None) or 0.0
    train = math.floor(samples * (1.0 - split))
    size, where = arguments.batch_size, ("batch_size",)
    steps = getattr(arguments, "steps", None) or getattr(arguments, "steps_per_epoch", None)
    if not steps:
        yield _loop(train, size, where if size else ("x",), "")
    if getattr(arguments, "validation_steps", None):
        return
    own = getattr(arguments, "validation_batch_size", None)
    where = ("validation_batch_size",) if own else where
    data = (getattr(arguments, "validation_data", None) or [None])[0]
    held_out = _samples(scenario, data) if data is not None else samples - train
    if held_out:
        place: Path = ("validation_data", 0) if data is not None else ("x",)
        yield _loop(held_out, own or size, where if own or size else place, " for validation")


def _loop(samples: int, size: int | None, where: Path, why: str) -> tuple[Path, list[int], str]:
    default = "" if size else " (Keras's default)"
    full, rest = divmod(samples, size or KERAS_BATCH)
    sizes = [size or KERAS_BATCH] * bool(full) + [rest] * bool(rest)
    return where, sizes, f"{_count(samples)}{why} in batches of {size or KERAS_BATCH}{default} make"


def _count(samples: int) -> str:
    return f"{samples} sample{'' if samples == 1 else 's'}"
