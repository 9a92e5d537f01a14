"""Judges the expectations of one operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lstm_state_probe.expectations.conditions import CONDITIONS, Finding
from lstm_state_probe.expectations.quantity import NoSuchQuantity, Quantity, find_quantities
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.scenario.conditions import Condition
from lstm_state_probe.scenario.document import Path
from lstm_state_probe.scenario.operations import Operation
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.selectors import parse_reference, parse_selector

RAISES = "raises"
_REFERENCES = ("same_as", "differs_from")


@dataclass(frozen=True)
class Bench:
    """What the judge knows: the file, the addresses, this outcome and the labelled ones."""

    scenario: ScenarioFile
    addresses: Sequence[str]
    outcome: Outcome
    labelled: Mapping[str, tuple[Outcome, Sequence[str]]]


def judge_operation(bench: Bench, operation: Operation, path: Path) -> tuple[Verdict, ...]:
    """Return a verdict for each expectation, and for `raises`.

    Raises:
        ScenarioError: if a selector names what the operation does not have.
    """
    verdicts = []
    engine = bench.scenario.engine
    wanted = operation.raises.on(engine) if operation.raises else None
    if wanted is not None:
        verdicts.append(_judge_raises(bench, wanted, (*path, RAISES)))
    if operation.raises and operation.raises.forbidden_on(engine):
        verdicts.append(_judge_raises_nothing(bench, (*path, RAISES)))
        if bench.outcome.failure is not None:
            return tuple(verdicts)  # what else is expected is of an operation that was done
    if operation.expect is not None:
        for below, text, condition in operation.expect.on(bench.scenario.engine):
            verdicts.append(_judge(bench, text, condition, (*path, "expect", *below)))
    return tuple(verdicts)


def _judge_raises(bench: Bench, pattern: str, path: Path) -> Verdict:
    failure = bench.outcome.failure
    matched = failure is not None and re.search(pattern, str(failure)) is not None
    found = f"raised {failure}" if failure else f"{bench.outcome.operation} raised nothing"
    return Verdict(RAISES, pattern, matched, found, *bench.scenario.position(path))


def _judge_raises_nothing(bench: Bench, path: Path) -> Verdict:
    failure = bench.outcome.failure
    found = f"raised {failure}" if failure else f"{bench.outcome.operation} raised nothing"
    return Verdict(RAISES, "false", failure is None, found, *bench.scenario.position(path))


def _judge(bench: Bench, text: str, condition: Condition, path: Path) -> Verdict:
    try:
        quantities = find_quantities(parse_selector(text), bench.outcome, bench.addresses)
        resolved = {name: _resolve(bench, name, value) for name, value in condition.entries.items()}
    except NoSuchQuantity as error:
        raise bench.scenario.error(path, str(error)) from error
    found: list[str] = []
    broken: list[str] = []
    for quantity in quantities:
        for name, resolve in resolved.items():
            try:
                seen = CONDITIONS[name](
                    chosen(quantity, condition), chosen(resolve(quantity), condition), condition
                )
                found.append(f"{quantity.name}: {seen}")
            except Finding as finding:
                broken.append(f"{quantity.name}: expected {_entry(condition, name)}, but {finding}")
    message = "; ".join(broken or found)
    return Verdict(text, str(condition), not broken, message, *bench.scenario.position(path))


def chosen(quantity: Any, condition: Condition) -> Any:
    """Leave the samples that a condition chooses; what is no quantity stays as it is.

    Raises:
        Finding: if there is no such sample.
    """
    if condition.samples is None or not isinstance(quantity, Quantity):
        return quantity
    count = quantity.samples
    absent = [k for k in condition.samples if k >= count]
    if absent:
        raise Finding(f"it has {count} samples, none of index {absent[0]}")
    return quantity.of_samples(condition.samples)


def _entry(condition: Condition, name: str) -> str:
    value = condition.entries[name]
    return name if value is True else f"{name}: {value}"


def _resolve(bench: Bench, name: str, value: Any) -> Callable[[Quantity], Any]:
    """Return what an entry is compared with: the value, or the other quantity of a reference."""
    if name not in _REFERENCES:
        return lambda quantity: value
    label, selector = parse_reference(value)
    outcome, addresses = bench.outcome, bench.addresses
    if label is not None:
        if label not in bench.labelled:
            raise NoSuchQuantity(f"the operation labelled {label!r} was not done")
        outcome, addresses = bench.labelled[label]
    others = find_quantities(selector, outcome, addresses)
    named = [replace(q, name=f"{label}: {q.name}" if label else q.name) for q in others]
    return lambda quantity: _partner(quantity, named)


def _partner(quantity: Quantity, others: list[Quantity]) -> Quantity:
    """Pair a quantity with the one of the same address where the reference names several."""
    if len(others) == 1:
        return others[0]
    address = quantity.name.partition("@")[0].partition("[")[0]
    for other in others:
        if other.name.rpartition(": ")[2].partition("@")[0].partition("[")[0] == address:
            return other
    names = ", ".join(other.name for other in others)
    raise Finding(f"the reference names several quantities and none of this address: {names}")
