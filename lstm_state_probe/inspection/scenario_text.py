"""A working scenario for a saved model: what was seen becomes what is expected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lstm_state_probe.errors import CouldNotRun
from lstm_state_probe.inspection.data import Inspection, LayerInspection, UsedInput
from lstm_state_probe.inspection.expected import (
    after_reset,
    first_call,
    reset_expected,
    reset_raises,
    second_call,
)
from lstm_state_probe.inspection.saved import Opened
from lstm_state_probe.inspection.training import Training, training_of
from lstm_state_probe.model.takes.input_files import GivenInput
from lstm_state_probe.safe import one_line
from lstm_state_probe.scenario.text.writing import inline


def scenario_text(opened: Opened, *, folder: Path) -> str:
    """Write a commented scenario for a file in `folder`; paths are relative to it.

    Raises:
        CouldNotRun: if Keras cannot call the model.
        UsageError: if the model has no recurrent layers, or does not say what it takes.
    """
    found = opened.inspect()
    if found.failure is not None:
        raise CouldNotRun(f"{str(opened.saved.path)!r} cannot be called: {found.failure}")
    training = training_of(opened, {u.name: u.shape for u in found.inputs}, found.outputs)
    names = _data_names(found.inputs)
    return "\n".join(
        [
            *_head(opened, found, folder),
            "",
            "data:                        # drawn from the seed, or read from a file",
            *_data(opened.given, found.inputs, names, folder=folder),
            *_targets(training),
            "",
            "operations:                  # Keras's own methods, in this order",
            *_operations(found, names, training),
            "",
        ]
    )


def _head(opened: Opened, found: Inspection, folder: Path) -> Iterator[str]:
    saved = opened.saved
    code = " --allow-code" if saved.allow_code else ""
    yield "# yaml-language-server: $schema=probe.schema.json"
    yield f"# Written by probe init --from. Run it with: probe run{code} FILE"
    yield f"# What it expects was seen on {found.engine} {found.version}."
    yield ""
    yield f"name: {inline(found.model)}"
    yield "description: What do two calls do to the states, and what does a reset?"
    yield "seed: 0                      # Python, NumPy and the framework are seeded with it"
    yield f"engine: {found.engine}"
    if saved.custom_objects:
        files = ", ".join(_path(Path(file), folder) for file in saved.custom_objects)
        yield f"custom_objects: [{files}]  # Python code: it runs only with --allow-code"
    yield ""
    yield "model:"
    yield f"  load: {_path(saved.path, folder)}"
    if saved.weights is not None:
        yield f"  weights: {_path(saved.weights, folder)}"
    yield from (f"  # {one_line(note)}" for note in found.notes)
    yield from (f"  # {_layer(layer)}" for layer in found.layers)


def _layer(layer: LayerInspection) -> str:
    states = ", ".join(state.name for state in layer.states)
    kept = "stateful" if layer.stateful else "stateless"
    return one_line(f"{layer.address}: {layer.kind}, {kept}, states {states}")


def _data_names(inputs: Sequence[UsedInput]) -> Mapping[str, str]:
    """Name the data: x, or as the inputs are named, where that can be a name."""
    if len(inputs) == 1:
        return {inputs[0].name: "x"}
    plain = all(re.fullmatch(r"[A-Za-z_]\w*", used.name) for used in inputs)
    return {used.name: used.name if plain else f"x{k}" for k, used in enumerate(inputs)}


def _data(
    given: Sequence[GivenInput],
    inputs: Sequence[UsedInput],
    names: Mapping[str, str],
    *,
    folder: Path,
) -> Iterator[str]:
    files = {one.name or inputs[0].name: one for one in given}
    for used in inputs:
        if used.name in files:
            one = files[used.name]
            key = f", key: {inline(one.key)}" if one.key is not None else ""
            yield f"  {inline(names[used.name])}: {{file: {_path(one.path, folder)}{key}}}"
        elif used.high is not None:
            arguments = {"low": used.low, "high": used.high, "dtype": used.dtype}
            yield _drawn(names[used.name], "integers", arguments, used.shape)
        else:
            arguments = {} if used.dtype == "float32" else {"dtype": used.dtype}
            yield _drawn(names[used.name], "normal", arguments, used.shape)


def _drawn(name: str, generator: str, arguments: Mapping[str, Any], shape: Sequence[int]) -> str:
    written = "".join(f"{key}: {value}, " for key, value in arguments.items())
    return f"  {inline(name)}: {{{generator}: {{{written}shape: {list(shape)}}}}}"


def _targets(training: Training) -> Iterator[str]:
    for name, target in zip(_target_names(training), training.targets, strict=True):
        yield _drawn(name, target.generator, target.arguments, target.shape)


def _target_names(training: Training) -> list[str]:
    count = len(training.targets)
    return ["target"] if count == 1 else [f"target{k}" for k in range(count)]


def _operations(found: Inspection, names: Mapping[str, str], training: Training) -> Iterator[str]:
    x = _feed(names)
    yield from _operation(f"predict_on_batch: {{x: {x}}}", first_call(found), label="first call")
    yield from _operation(f"predict_on_batch: {{x: {x}}}", second_call(found), label="second call")
    if any(layer.stateful for layer in found.layers):
        yield "  # Keras's own reset: of the model where it has one, else layer by layer"
        raises = reset_raises(found)
        yield from _operation("reset_states", reset_expected(found), raises=raises)
        if raises is None:
            yield from _operation(f"predict_on_batch: {{x: {x}}}", after_reset(found))
    if training.why:
        yield f"  # nothing is trained: {one_line(training.why)}"
        return
    targets = _target_names(training)
    y = targets[0] if len(targets) == 1 else f"[{', '.join(targets)}]"
    yield from _operation(f"train_on_batch: {{x: {x}, y: {y}}}", {"result": "finite"})


def _feed(names: Mapping[str, str]) -> str:
    return inline(next(iter(names.values())) if len(names) == 1 else dict(names))


def _operation(
    written: str,
    expected: Mapping[str, Any],
    *,
    label: str | None = None,
    raises: str | None = None,
) -> Iterator[str]:
    more = label is not None or raises is not None or bool(expected)
    yield f"  - {written}" if ":" in written or not more else f"  - {written}:"
    if label is not None:
        yield f"    label: {label}"
    if raises is not None:
        yield f"    raises: {inline(raises)}"
    if expected:
        yield "    expect:"
        yield from (f"      {inline(key)}: {inline(value)}" for key, value in expected.items())


def _path(path: Path, folder: Path) -> str:
    return inline(Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix())
