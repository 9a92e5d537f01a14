"""How the layers of a model hang together, as far as it can be seen in what is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.entries import SIBLINGS
from lstm_state_probe.scenario.written.model import FORMS, GOES_WITH, Model, says
from lstm_state_probe.scenario.written.selectors import RESULT
from lstm_state_probe.scenario.written.spec import Scenario

Found = tuple[Path, str, bool]
_WRITABLE = re.compile(r"[^/@\[\]*?:\s]+")


def check(scenario: Scenario, engine: str) -> Iterator[Found]:
    """Yield what does not fit: names that stand twice, references to nothing, no static batch."""
    model = scenario.model
    yield from _words_of_another_form(model)
    if not model.is_written:
        return
    yield from _names(model)
    yield from _static_batch(model)
    yield from _references(model) if model.inputs is not None else _words_of_a_graph(model)


def _words_of_another_form(model: Model) -> Iterator[Found]:
    """Yield the keys that belong to another form of a model than this one."""
    for word, forms in GOES_WITH.items():
        if getattr(model, word) is not None and model.form not in forms:
            homes = " or ".join(f"{FORMS[name]} (with {name!r})" for name in forms)
            yield ("model", word), f"{word!r} belongs to {homes}, this is {FORMS[model.form]}", True


def _names(model: Model) -> Iterator[Found]:
    seen = dict.fromkeys(model.inputs or {}, "an input")
    for index, (name, kind, arguments) in enumerate(model.named_layers()):
        path: Path = ("model", "layers", index, kind)
        given = arguments.get("name")
        if given is not None and not isinstance(given, str):
            yield (
                (*path, "name"),
                f"a name is a text, found {brief(given)}; put quotes around it",
                False,
            )
        elif not _WRITABLE.fullmatch(name) or name == RESULT:
            yield (*path, "name"), f"the name {brief(name)} cannot stand in a selector", False
        if name in seen:
            hint = "" if given is not None else "; give this one another name"
            here = (*path, "name") if given is not None else path
            message = f"{seen[name]} is named {brief(name)} already{hint}"
            yield here, message, given is None
        seen.setdefault(name, "a layer")


def _static_batch(model: Model) -> Iterator[Found]:
    stateful = model.stateful_layers()
    for name, shape in model.input_shapes().items():
        if stateful and shape[0] is None:
            path: Path = ("model",) if name is None else ("model", "inputs", name)
            yield (
                (*path, "batch_shape", 0),
                f"the stateful layer {brief(stateful[0])} keeps a state for each sample, so the"
                " batch size must be a number, found null",
                False,
            )


def _words_of_a_graph(model: Model) -> Iterator[Found]:
    """Yield what only a graph has, in a chain."""
    for index, entry in enumerate(model.layers or ()):
        for word in SIBLINGS:
            if getattr(entry, word) is not None:
                message = f"{word!r} beside {entry.class_name} belongs to a graph (with 'inputs')"
                yield ("model", "layers", index, word), message, True


def _references(model: Model) -> Iterator[Found]:
    returning: dict[str, bool] = dict.fromkeys(model.inputs or {}, True)
    layers: list[str] = []
    for index, (name, _, arguments) in enumerate(model.named_layers()):
        entry = (model.layers or [])[index]
        place: Path = ("model", "layers", index)
        for word in SIBLINGS:
            for below, source in _each(getattr(entry, word)):
                if source not in returning:
                    yield (*place, word, *below), _unknown(source, list(returning)), False
        written = entry.initial_state
        if isinstance(written, str) and not returning.get(written, True):
            message = f"the layer {brief(written)} returns no states; give it return_state: true"
            yield (*place, "initial_state"), message, False
        returning[name] = says(arguments, "return_state")
        layers.append(name)
    for below, name in _each(model.outputs):
        if name not in layers:
            yield ("model", "outputs", *below), _unknown(name, layers), False


def _each(written: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(written, list):
        yield from (((k,), name) for k, name in enumerate(written))
    elif written is not None:
        yield (), written


def _unknown(name: str, known: list[str]) -> str:
    message = f"no input or earlier layer is named {brief(name)}; known: {listed(known)}"
    return message + nearest(name, known)
