"""Selectors: which quantity of which layer, of which call, at which moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lstm_state_probe.errors import brief, listed, nearest
from lstm_state_probe.layers.families import FAMILIES
from lstm_state_probe.scenario.written.operations import Operation

GATES = frozenset(gate for family in FAMILIES.values() for gate in family.gates)
MOMENTS = ("initial", "final", "held", "all")
RESULT = "result"
_SHAPE = re.compile(r"(?P<address>[^@\[\]:\s]+)(\[(?P<call>[^\[\]@]*)\])?(@(?P<when>[^@\[\]:]*))?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,9}")
_GLOB = frozenset("*?")


@dataclass(frozen=True)
class Selector:
    """`address[call]@when`; `call` is None where the last call is meant without saying so."""

    text: str
    address: str
    call: int | None = None
    when: str | int = "final"

    @property
    def is_result(self) -> bool:
        """Whether it names what the operation returned (or one entry of it: `result/loss`)."""
        return self.address == RESULT or self.address.startswith(f"{RESULT}/")

    def matches(self, addresses: Iterable[str]) -> list[str]:
        """Return the addresses that the selector names, in their order."""
        if not _GLOB.intersection(self.address):
            return [address for address in addresses if address == self.address]
        return [address for address in addresses if fnmatchcase(address, self.address)]

    def matches_gates(self, gates: Iterable[str]) -> list[str]:
        """Return the gates that the selector names; a glob names one only by its letter."""
        last = self.address.rpartition("/")[2]
        return [] if _GLOB.intersection(last) else self.matches(gates)

    def explain_no_match(self, addresses: Iterable[str]) -> str:
        """Say that nothing matched, what there is, and what was probably meant."""
        known = list(addresses)
        have = f"known: {listed(known)}" if known else "the model has no recurrent layer"
        near = nearest(self.address, known)
        return f"the selector {brief(self.text)} matches no state; {have}{near}"


def parse_selector(text: str) -> Selector:
    """Read a selector.

    Raises:
        ValueError: with the sentence for the user.
    """
    match = _SHAPE.fullmatch(text.strip())
    if not match:
        raise ValueError(
            f"{brief(text)} is not a selector; expected address, address[k] or address@when,"
            " such as lstm/h, lstm/h[0] or lstm/h@initial"
        )
    call, when = _call(text, match["call"]), _when(text, match["when"])
    selector = Selector(text, match["address"], call, when)
    if selector.is_result:
        if match["call"] is not None or match["when"] is not None:
            message = "'result' is what the operation returned; it has no [k], no @when"
            raise ValueError(f"{brief(text)}: {message}")
        return selector
    if "/" not in selector.address and not _GLOB.intersection(selector.address):
        raise ValueError(
            f"{brief(text)} is not an address; expected layer/state, such as"
            f" {selector.address:.40}/h, or 'result'{nearest(selector.address, [RESULT])}"
        )
    if when == "held" and call is not None:
        raise ValueError(f"{brief(text)}: what is held after an operation belongs to no call [k]")
    return selector


def parse_reference(text: str) -> tuple[str | None, Selector]:
    """Read `selector` or `label: selector`, as `same_as` and `differs_from` take it.

    Raises:
        ValueError: with the sentence for the user.
    """
    label, colon, rest = text.partition(":")
    if not colon:
        return None, parse_selector(text)
    if not label.strip():
        raise ValueError(f"{brief(text)} has no label before the colon; expected 'label: selector'")
    return label.strip(), parse_selector(rest)


def _call(text: str, found: str | None) -> int | None:
    if found is None:
        return None
    if not _WHOLE.fullmatch(found):
        expected = "a whole number such as [0], [-1]"
        raise ValueError(f"{brief(text)}: [{found:.40}] is not a call; expected {expected}")
    return int(found)


def _when(text: str, found: str | None) -> str | int:
    if found is None:
        return "final"
    if _WHOLE.fullmatch(found):
        return int(found)
    if found not in MOMENTS:
        allowed = ", ".join((*MOMENTS, "a timestep such as 0, -1"))
        near = nearest(found, MOMENTS)
        raise ValueError(f"{brief(text)}: @{found:.40} is not a moment; allowed: {allowed}{near}")
    return found


def names_a_gate(operations: Iterable[Operation]) -> bool:
    """Tell whether an expectation of any operation selects a gate, told by its letter."""
    return any(
        selector.address.rpartition("/")[2] in GATES
        for operation in operations
        for selector in _selectors(operation)
    )


def _selectors(operation: Operation) -> Iterator[Selector]:
    for _, text, condition in operation.expect.all() if operation.expect else ():
        yield parse_selector(text)
        for reference in (condition.same_as, condition.differs_from):
            if reference is not None:
                yield parse_reference(reference)[1]
    for inner in operation.repeat.operations if operation.repeat else ():
        yield from _selectors(inner)
