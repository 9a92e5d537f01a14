"""What must fit together in a scenario, told before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any

from lstm_state_probe.errors import Complaint, brief, listed, nearest
from lstm_state_probe.layers.static import Quantities, static_quantities
from lstm_state_probe.scenario.fits import batches, classes, graph, sizes
from lstm_state_probe.scenario.fits.custom import (
    KERAS_ALONE,
    CustomNames,
    custom_names,
    layer_names,
)
from lstm_state_probe.scenario.saved import loaded
from lstm_state_probe.scenario.text.document import Document, Path
from lstm_state_probe.scenario.written.base import names_in
from lstm_state_probe.scenario.written.checks import unknown_check
from lstm_state_probe.scenario.written.conditions import Condition
from lstm_state_probe.scenario.written.data import Derived, derived_from, shape_of
from lstm_state_probe.scenario.written.operations import Operation
from lstm_state_probe.scenario.written.selectors import Selector, parse_reference, parse_selector
from lstm_state_probe.scenario.written.spec import Scenario

REFERENCES = ("x", "y", "mask", "sample_weight", "validation_data")
_TF_KERAS_ALONE = ("reset_metrics", "max_queue_size", "workers", "use_multiprocessing")
COMPILED = ("train_on_batch", "test_on_batch", "fit", "evaluate")
_COMPARED = ("same_as", "differs_from")
Check = Callable[[Scenario, str], Iterable[classes.Found]]


@dataclass
class Checker:
    """Walks a scenario once and collects complaints.

    `unknown` names the parts ('model', 'data') that are wrong themselves and only stood in for:
    what depends on them is left alone.
    """

    document: Document
    scenario: Scenario
    engine: str
    complaints: list[Complaint] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    folder: FilePath = FilePath()

    def complain(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note a complaint at a place of the file."""
        self.complaints.append(self.document.complaint(path, message, at_key=at_key))

    def run(self) -> list[Complaint]:
        """Return everything that does not fit."""
        checks: list[Check] = [sizes.check_arrays]
        if self.has_model:
            named = partial(classes.check, custom=self.custom)
            checks += [named, graph.check, sizes.check_model]
        for check in checks:
            for path, message, at_key in check(self.scenario, self.engine):
                self.complain(path, message, at_key=at_key)
        if self.has_model:
            self.loaded_files()
        self.recorded_layers()
        self.derived_arrays()
        self.checks()
        self.operations(self.scenario.operations, ("operations",))
        return self.complaints

    def loaded_files(self) -> None:
        """Refuse files of the model that are there and broken."""
        for key, message in loaded.check(self.scenario.model, self.folder):
            self.complain(("model", key), message)

    @property
    def has_model(self) -> bool:
        """Whether the model was read."""
        return "model" not in self.unknown

    @property
    def has_layers(self) -> bool:
        """Whether the layers are written in the file, rather than in a saved model or in code."""
        return self.has_model and self.scenario.model.is_written

    @cached_property
    def custom(self) -> CustomNames:
        """The class names that may be the user's own."""
        files = self.scenario.custom_objects
        return KERAS_ALONE if files is None else custom_names(files, self.folder)

    @cached_property
    def layers(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The layers as (name, class name, arguments)."""
        return self.scenario.model.named_layers()

    @cached_property
    def quantities(self) -> Quantities:
        """The addresses that the model will have, as far as they can be known."""
        if not self.has_layers:
            return Quantities((), (), complete=False)
        found = static_quantities(self.layers)
        known = classes.Keras(classes.PACKAGES[self.engine]).layers
        custom = self.custom
        if any(custom.may_be(kind, known=kind in known) for kind in layer_names(self.layers)):
            return replace(found, complete=False)
        return found

    def recorded_layers(self) -> None:
        """Refuse a pattern of `record: layers` that names no recurrent layer."""
        if "layers" not in self.scenario.record.model_fields_set:
            return
        parts = [address.split("/") for address in self.quantities.states]
        known = {"/".join(names[:end]) for names in parts for end in range(1, len(names))}
        for index, pattern in enumerate(self.scenario.record.layers):
            if self.quantities.complete and not any(fnmatchcase(name, pattern) for name in known):
                message = f"{brief(pattern)} names no recurrent layer; known: {listed(known)}"
                path = ("record", "layers", index)
                self.complain(path, message + nearest(pattern, known))

    def checks(self) -> None:
        """Refuse properties that do not exist, and one that stands twice."""
        written = self.document.data.get("checks") if self.scenario.checks else None
        names = list(written or ())
        for k, name in enumerate(names):
            path: Path = ("checks", name if isinstance(written, dict) else k)
            message = unknown_check(name)
            if message is None and name in names[:k]:
                message = f"{brief(name)} stands twice"
            if message is not None:
                self.complain(path, message, at_key=isinstance(written, dict))

    def derived_arrays(self) -> None:
        """Refuse an array that is made of none, of itself, or of samples that are not there."""
        data = self.scenario.data
        for name, entry in data.items():
            if entry.derived is None:
                continue
            source, path = entry.derived.of, ("data", name, "derived")
            if source not in data:
                message = f"no array is named {brief(source)}; under 'data': {listed(data)}"
                self.complain((*path, "of"), message + nearest(source, data))
            elif name in derived_from(data, source):
                self.complain((*path, "of"), f"{brief(name)} would be made of itself")
            else:
                self.derived_samples(entry.derived, path)

    def derived_samples(self, derived: Derived, path: Path) -> None:
        """Refuse samples, and timesteps, that the other array does not have."""
        shape = shape_of(self.scenario.data, derived.of)
        if not shape:
            return
        for k, sample in enumerate(derived.samples or ()):
            if sample >= shape[0]:
                message = f"{brief(derived.of)} has {shape[0]} samples, counted from 0"
                self.complain((*path, "samples", k), f"{message}; found {sample}")
        if len(shape) < 2 and (derived.timesteps or derived.padding):
            self.complain(path, f"{brief(derived.of)} has no second axis of timesteps")

    def operations(self, operations: list[Operation], path: Path) -> None:
        """Check operations in the order in which they will be done."""
        for index, operation in enumerate(operations):
            self.operation(operation, (*path, index))

    def operation(self, operation: Operation, path: Path) -> None:
        """Check one operation: names, sizes, state values, label, expectations."""
        here = (*path, operation.name)
        self.data_names(operation, here)
        if self.has_model:
            self.fits_the_model(operation, here)
        if operation.repeat is not None:
            self.operations(operation.repeat.operations, (*here, "operations"))
        if operation.set_states is not None:
            self.set_states(operation.set_states, here)
        if operation.label is not None:
            self.label(operation.label, (*path, "label"))
        if operation.expect is not None:
            self.expectations(operation, path)

    def data_names(self, operation: Operation, path: Path) -> None:
        """Refuse names of arrays that 'data' does not have."""
        known = self.scenario.data
        for argument in REFERENCES:
            for below, name in names_in(getattr(operation.arguments, argument, None)):
                if name not in known and "data" not in self.unknown:
                    self.complain(
                        (*path, argument, *below),
                        f"no array is named {brief(name)}; under 'data': {listed(known)}"
                        f"{nearest(name, known)}",
                    )

    def fits_the_model(self, operation: Operation, path: Path) -> None:
        """Refuse what the model cannot do, unless the error is what the scenario is about."""
        self.layer_name(operation, path)
        if operation.raises is not None and operation.raises.on(self.engine) is not None:
            return
        compiled = self.scenario.model.compile is not None or not self.has_layers
        if operation.name in COMPILED and not compiled:
            self.complain(path, f"{operation.name} needs 'compile' in the model", at_key=True)
        for name in _TF_KERAS_ALONE if self.engine == "keras3" else ():
            if getattr(operation.arguments, name, None) is not None:
                message = f"Keras 3 has no argument {name!r}; it is one of tf_keras"
                self.complain((*path, name), message, at_key=True)
        checked = batches.check_operation(self.scenario, operation) if self.has_layers else ()
        for below, message, at_key in checked:
            self.complain((*path, *below), message, at_key=at_key)

    def layer_name(self, operation: Operation, path: Path) -> None:
        """Refuse a layer that the model does not have."""
        layer = operation.reset_states.layer if operation.reset_states else None
        layer = operation.inner_output.layer if operation.inner_output else layer
        known = [name for name, _, _ in self.layers]
        if layer is not None and self.has_layers and layer.split("/")[0] not in known:
            message = f"no layer is named {brief(layer)}; allowed: {listed(known)}"
            self.complain((*path, "layer"), message + nearest(layer, known))

    def set_states(self, values: dict[str, Any], path: Path) -> None:
        """Check the addresses that are set, and the names that stand for values."""
        for text, value in values.items():
            here = (*path, text)
            selector = self.selector(text, here)
            if selector and (selector.is_result or selector.call is not None or "@" in text):
                message = f"{brief(text)} must be an address such as lstm/h"
                self.complain(here, message, at_key=True)
            if selector and selector.matches_gates(self.quantities.gates):
                self.complain(here, f"{brief(text)}: a gate is computed, not held", at_key=True)
            if isinstance(value, str):
                self.state_name(value, here)

    def state_name(self, value: str, path: Path) -> None:
        """Refuse a word that is neither `zeros` nor the name of one thing."""
        data = self.scenario.data
        kinds = (("the word", ("zeros",)), ("an array", data), ("a label", self.labels))
        meant = [what for what, names in kinds if value in names]
        if len(meant) > 1:
            self.complain(path, f"{brief(value)} is both {' and '.join(meant)}; rename one")
        elif not meant and "data" not in self.unknown:
            known = ["zeros", *data, *self.labels]
            self.complain(
                path,
                f"{brief(value)} is neither 'zeros', an array under 'data', nor the label of an"
                f" earlier operation; known: {listed(known)}{nearest(value, known)}",
            )

    def label(self, label: str, path: Path) -> None:
        """Refuse a label that was given before."""
        first = self.labels.get(label)
        if first is not None:
            self.complain(path, f"the label {brief(label)} stands first in line {first}")
        self.labels.setdefault(label, self.document.values.get(path, (1, 1))[0])

    def expectations(self, operation: Operation, path: Path) -> None:
        """Check every selector and what is expected of it."""
        for below, text, condition in operation.expect.all() if operation.expect else ():
            here = (*path, "expect", *below)
            selector = self.selector(text, here)
            for message in self.mismatch(selector, condition) if selector else ():
                self.complain(here, f"{brief(text)}: {message}")
            for entry in _COMPARED:
                reference = getattr(condition, entry)
                if reference is not None:
                    self.reference(reference, (*here, entry))

    def mismatch(self, selector: Selector, condition: Condition) -> Iterator[str]:
        """Yield why a condition makes no sense for a selector."""
        yield from _mismatch(selector, condition)
        if selector.matches_gates(self.quantities.gates):
            yield from _gate_mismatch(selector, condition)

    def reference(self, text: str, path: Path) -> None:
        """Check the other side of `same_as` and `differs_from`."""
        try:
            label, selector = parse_reference(text)
        except ValueError as error:
            self.complain(path, str(error))
            return
        if label is not None and label not in self.labels:
            self.complain(
                path,
                f"no earlier operation has the label {brief(label)}; labels:"
                f" {listed(self.labels)}{nearest(label, self.labels)}",
            )
        self.matching(selector, path, at_key=False)

    def selector(self, text: str, path: Path) -> Selector | None:
        """Parse a selector that stands as a key, and see that it can match."""
        try:
            selector = parse_selector(text)
        except ValueError as error:
            self.complain(path, str(error), at_key=True)
            return None
        self.matching(selector, path, at_key=True)
        return selector

    def matching(self, selector: Selector, path: Path, *, at_key: bool) -> None:
        """Complain where every name is known and none matches."""
        known = self.quantities
        found = selector.matches(known.states) or selector.matches_gates(known.gates)
        if not selector.is_result and not found and known.complete:
            message = selector.explain_no_match((*known.states, *known.gates))
            self.complain(path, message, at_key=at_key)


def _gate_mismatch(selector: Selector, condition: Condition) -> Iterator[str]:
    """Yield why a condition makes no sense for a gate, which is computed at every timestep."""
    if condition.bounded or condition.alive:
        yield "'bounded' and 'alive' are told of a state"
    if selector.when in ("initial", "held"):
        yield f"a gate is computed at every timestep and has no @{selector.when} value"
    for name in ("changed", "unchanged", "origin"):
        if getattr(condition, name) is not None:
            yield f"{name!r} compares with an initial state; a gate has none"


def _mismatch(selector: Selector, condition: Condition) -> Iterator[str]:
    """Yield why a condition makes no sense for a selector."""
    if condition.bounded and (selector.is_result or selector.when not in ("final", "all")):
        yield "'bounded' looks along the calls (lstm/h), or along the timesteps of one (lstm/h@all)"
    if (condition.alive or condition.unsaturated) and selector.when != "all":
        yield "'alive' and 'unsaturated' look at every timestep (@all)"
    if condition.changed or condition.unchanged:
        if selector.is_result:
            yield "what an operation returns has nothing that it changed from; use differs_from"
        elif selector.when == "initial":
            yield "'changed' compares with where it started; @initial is where it started"
    if condition.origin is not None and (selector.is_result or selector.when == "held"):
        yield "an origin is told of where a call of a layer started"
