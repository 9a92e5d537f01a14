"""What must fit together in a scenario, told before anything is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.errors import Complaint, nearest
from lstm_state_probe.layers.static import Quantities, static_quantities
from lstm_state_probe.scenario import classes, graph, sizes
from lstm_state_probe.scenario.base import names_in
from lstm_state_probe.scenario.conditions import Condition
from lstm_state_probe.scenario.document import Document, Path
from lstm_state_probe.scenario.operations import Operation
from lstm_state_probe.scenario.selectors import Selector, parse_reference, parse_selector
from lstm_state_probe.scenario.spec import Scenario

REFERENCES = ("x", "y", "mask", "sample_weight", "validation_data")
_COMPILED = ("train_on_batch", "test_on_batch", "fit", "evaluate")
_NO_CHANGE = ("initial",)


@dataclass
class Checker:
    """Walks a scenario once and collects complaints."""

    document: Document
    scenario: Scenario
    engine: str
    complaints: list[Complaint] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)

    def complain(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Note a complaint at a place of the file."""
        self.complaints.append(self.document.complaint(path, message, at_key=at_key))

    def run(self) -> list[Complaint]:
        """Return everything that does not fit."""
        layers = self.scenario.model.named_layers()
        self.quantities: Quantities = static_quantities(layers)
        for check in (classes.check, graph.check, sizes.check_memory):
            for path, message, at_key in check(self.scenario, self.engine):
                self.complain(path, message, at_key=at_key)
        self.operations(self.scenario.operations, ("operations",))
        return self.complaints

    def operations(self, operations: list[Operation], path: Path) -> None:
        """Check operations in the order in which they will be done."""
        for index, operation in enumerate(operations):
            self.operation(operation, (*path, index))

    def operation(self, operation: Operation, path: Path) -> None:
        """Check one operation: names, sizes, state values, label, expectations."""
        here = (*path, operation.name)
        self.data_names(operation, here)
        self.compiled(operation, here)
        self.layer_name(operation, here)
        for below, message, at_key in sizes.check_operation(self.scenario, operation):
            self.complain((*here, *below), message, at_key=at_key)
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
        for argument in REFERENCES:
            for name in names_in(getattr(operation.arguments, argument, None)):
                if name not in self.scenario.data:
                    known = ", ".join(self.scenario.data) or "none"
                    self.complain(
                        self.place(path, argument, name),
                        f"no array is named {name!r}; under 'data': {known}"
                        f"{nearest(name, self.scenario.data)}",
                    )

    def place(self, path: Path, argument: str, name: str) -> Path:
        """Find where a name stands below an argument: itself, in a list, or in a mapping."""
        base = (*path, argument)
        below = [key for key in self.document.values if key[: len(base)] == base]
        data = {key: _lookup(self.document.data, key) for key in below}
        return next((key for key, value in data.items() if value == name), base)

    def compiled(self, operation: Operation, path: Path) -> None:
        """Refuse training and evaluation of a model that has no 'compile'."""
        if operation.name in _COMPILED and self.scenario.model.compile is None:
            if operation.raises is None:
                self.complain(path, f"{operation.name} needs 'compile' in the model", at_key=True)

    def layer_name(self, operation: Operation, path: Path) -> None:
        """Refuse the reset of a layer that the model does not have."""
        layer = operation.reset_states.layer if operation.reset_states else None
        known = [name for name, _, _ in self.scenario.model.named_layers()]
        if layer is not None and layer.split("/")[0] not in known:
            listed = ", ".join(known)
            message = f"no layer is named {layer!r}; allowed: {listed}{nearest(layer, known)}"
            self.complain((*path, "layer"), message)

    def set_states(self, values: dict[str, Any], path: Path) -> None:
        """Check the addresses that are set, and the names that stand for values."""
        for text, value in values.items():
            selector = self.selector(text, (*path, text))
            if selector and (selector.is_result or selector.call is not None or "@" in text):
                self.complain((*path, text), f"{text!r} must be an address such as lstm/h", at_key=True)
            if not isinstance(value, str) or value == "zeros":
                continue
            data, label = value in self.scenario.data, value in self.labels
            known = ["zeros", *self.scenario.data, *self.labels]
            if data and label:
                self.complain((*path, text), f"{value!r} is both an array and a label; rename one")
            elif not (data or label):
                self.complain(
                    (*path, text),
                    f"{value!r} is neither 'zeros', an array under 'data', nor the label of an"
                    f" earlier operation; known: {', '.join(known)}{nearest(value, known)}",
                )

    def label(self, label: str, path: Path) -> None:
        """Refuse a label that was given before."""
        if label in self.labels:
            first = self.labels[label]
            self.complain(path, f"the label {label!r} stands first in line {first}")
        self.labels[label] = self.document.values.get(path, (1, 1))[0]

    def expectations(self, operation: Operation, path: Path) -> None:
        """Check every selector and what is expected of it."""
        for below, text, condition in operation.expect.all() if operation.expect else ():
            here = (*path, "expect", *below)
            selector = self.selector(text, here)
            if selector:
                for message in _mismatch(selector, condition):
                    self.complain(here, f"{text!r}: {message}")
            for entry in ("same_as", "differs_from"):
                reference = getattr(condition, entry)
                if reference is not None:
                    self.reference(reference, (*here, entry), path)

    def reference(self, text: str, path: Path, operation: Path) -> None:
        """Check the other side of `same_as` and `differs_from`."""
        try:
            label, selector = parse_reference(text)
        except ValueError as error:
            self.complain(path, str(error))
            return
        if label is not None and label not in self.labels:
            known = ", ".join(self.labels) or "none"
            self.complain(
                path,
                f"no earlier operation has the label {label!r}; labels: {known}"
                f"{nearest(label, self.labels)}",
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
        if selector.is_result or selector.matches(known.states) or not known.complete:
            return
        if any(gate for gate in known.gates if gate == selector.address):
            from lstm_state_probe.scenario.base import LATER

            self.complain(path, f"the gate {selector.address!r} {LATER}", at_key=at_key)
            return
        self.complain(path, selector.explain_no_match(known.states), at_key=at_key)


def _mismatch(selector: Selector, condition: Condition) -> Iterator[str]:
    """Yield why a condition makes no sense for a selector."""
    if condition.changed or condition.unchanged:
        if selector.is_result:
            yield "what an operation returns has nothing that it changed from; use differs_from"
        elif selector.when in _NO_CHANGE:
            yield "'changed' compares with where it started; @initial is where it started"
    if condition.origin is not None and (selector.is_result or selector.when == "held"):
        yield "an origin is told of where a call of a layer started"


def _lookup(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


CheckFunction = Callable[[Scenario, str], Iterator[tuple[Path, str, bool]]]
