"""Judges the expectations of one operation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lstm_state_probe.expectations.conditions import CONDITIONS
from lstm_state_probe.expectations.happened import NoSuchQuantity
from lstm_state_probe.expectations.judging import Finding
from lstm_state_probe.expectations.quantity import Quantity, find_quantities
from lstm_state_probe.expectations.verdict import Broken, Spot, Verdict
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.conditions import Condition
from lstm_state_probe.scenario.written.operations import Operation
from lstm_state_probe.scenario.written.selectors import parse_reference, parse_selector

RAISES = "raises"
_REFERENCES = ("same_as", "differs_from")
_LONG = 60
"""Characters of what an entry expects that a message repeats; a longer one stands in the file."""


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


def spot(scenario: ScenarioFile, path: Path) -> Spot:
    """Return where something is written, with the line itself."""
    at = scenario.document.complaint(path, "", at_key=path in scenario.document.keys)
    return Spot(at.line, at.column, at.source)


def _judge_raises(bench: Bench, pattern: str, path: Path) -> Verdict:
    failure, at = bench.outcome.failure, spot(bench.scenario, path)
    if failure is not None and re.search(pattern, str(failure)) is not None:
        found = f"raised {failure}"
        return Verdict(RAISES, pattern, True, found, at.line, at.column, source=at.source)
    found = str(failure) if failure else "no error"
    broken = Broken(bench.outcome.operation, f"an error that matches {pattern!r}", found)
    return Verdict.failing(RAISES, pattern, broken, at=at)


def _judge_raises_nothing(bench: Bench, path: Path) -> Verdict:
    failure, at = bench.outcome.failure, spot(bench.scenario, path)
    if failure is None:
        found = f"{bench.outcome.operation} raised nothing"
        return Verdict(RAISES, "false", True, found, at.line, at.column, source=at.source)
    broken = Broken(bench.outcome.operation, "no error", f"raised {failure}")
    return Verdict.failing(RAISES, "false", broken, at=at)


def _judge(bench: Bench, text: str, condition: Condition, path: Path) -> Verdict:
    try:
        quantities = find_quantities(parse_selector(text), bench.outcome, bench.addresses)
        resolved = {name: _resolve(bench, name, value) for name, value in condition.entries.items()}
    except NoSuchQuantity as error:
        raise bench.scenario.error(path, str(error)) from error
    found: list[str] = []
    broken: list[Broken] = []
    for quantity in quantities:
        for name, resolve in resolved.items():
            try:
                seen = CONDITIONS[name](
                    chosen(quantity, condition), chosen(resolve(quantity), condition), condition
                )
                found.append(f"{quantity.name}: {seen}")
            except Finding as finding:
                wanted = _entry(condition, name)
                said = f"{finding}{_began(quantity, name)}"
                broken.append(Broken(quantity.name, wanted, said, finding.worst))
    at = spot(bench.scenario, path)
    if broken:
        return Verdict.failing(text, str(condition), *broken, at=at)
    message = "; ".join(found)
    return Verdict(text, str(condition), True, message, at.line, at.column, source=at.source)


def _began(quantity: Quantity, entry: str) -> str:
    """Say of an initial state where it came from, as far as that is known."""
    if quantity.origin is None or entry == "origin" or not quantity.name.endswith("@initial"):
        return ""
    return f" ({quantity.origin.words})"


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
    words = name if value is True else f"{name}: {value}"
    return words if len(words) <= _LONG else f"{words[:_LONG]}…"


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
    raise Finding(f"several quantities named by the reference, none of this address: {names}")
