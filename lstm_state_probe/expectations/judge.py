"""Judges the expectations of one operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
    wanted = operation.raises.on(bench.scenario.engine) if operation.raises else None
    if wanted is not None:
        verdicts.append(_judge_raises(bench, wanted, (*path, RAISES)))
    if operation.expect is not None:
        for below, text, condition in operation.expect.on(bench.scenario.engine):
            verdicts.append(_judge(bench, text, condition, (*path, "expect", *below)))
    return tuple(verdicts)


def _judge_raises(bench: Bench, pattern: str, path: Path) -> Verdict:
    failure = bench.outcome.failure
    matched = failure is not None and re.search(pattern, str(failure)) is not None
    found = f"raised {failure}" if failure else f"{bench.outcome.operation} raised nothing"
    return Verdict(RAISES, pattern, matched, found, *bench.scenario.position(path))


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
                seen = CONDITIONS[name](quantity, resolve(quantity), condition)
                found.append(f"{quantity.name}: {seen}")
            except Finding as finding:
                broken.append(f"{quantity.name}: expected {_entry(condition, name)}, but {finding}")
    message = "; ".join(broken or found)
    return Verdict(text, str(condition), not broken, message, *bench.scenario.position(path))


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
    named = [Quantity(f"{label}: {q.name}" if label else q.name, q.value) for q in others]
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
