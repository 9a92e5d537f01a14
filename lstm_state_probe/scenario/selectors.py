"""Selectors: which quantity of which layer, of which call, at which moment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from lstm_state_probe.errors import nearest
from lstm_state_probe.scenario.base import LATER

MOMENTS = ("initial", "final", "held", "all")
RESULT = "result"
_SHAPE = re.compile(r"(?P<address>[^@\[\]]+)(\[(?P<call>[^\]]*)\])?(@(?P<when>.*))?")


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
        return [address for address in addresses if fnmatchcase(address, self.address)]

    def explain_no_match(self, addresses: Iterable[str]) -> str:
        """Say that nothing matched, what there is, and what was probably meant."""
        known = list(addresses)
        have = "known: " + ", ".join(known) if known else "the model has no recurrent layer"
        return f"the selector {self.text!r} matches no state; {have}{nearest(self.address, known)}"


def parse_selector(text: str) -> Selector:
    """Read a selector.

    Raises:
        ValueError: with the sentence for the user.
    """
    match = _SHAPE.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text!r} is not a selector; expected address, address[k] or address@when,"
            " such as lstm/h, lstm/h[0] or lstm/h@initial"
        )
    selector = Selector(
        text, match["address"].strip(), _call(text, match["call"]), _when(text, match["when"])
    )
    if selector.is_result and (match["call"] or match["when"]):
        raise ValueError(f"{text!r}: 'result' is what the operation returned; it has no [k], no @when")
    if not selector.is_result and "/" not in selector.address and "*" not in selector.address:
        raise ValueError(
            f"{text!r} is not an address; expected layer/state, such as {text.strip()}/h,"
            f" or 'result'{nearest(text, [RESULT])}"
        )
    return selector


def parse_reference(text: str) -> tuple[str | None, Selector]:
    """Read `selector` or `label: selector`, as `same_as` and `differs_from` take it."""
    label, colon, rest = text.partition(":")
    if colon:
        return label.strip(), parse_selector(rest.strip())
    return None, parse_selector(text)


def _call(text: str, found: str | None) -> int | None:
    if found is None:
        return None
    if not re.fullmatch(r"-?\d{1,9}", found):
        raise ValueError(f"{text!r}: [{found}] is no call; expected a whole number such as [0], [-1]")
    return int(found)


def _when(text: str, found: str | None) -> str | int:
    if found is None:
        return "final"
    if found == "all" or re.fullmatch(r"-?\d{1,9}", found):
        raise ValueError(f"{text!r}: a selector of timesteps (@{found}) {LATER}")
    if found not in MOMENTS:
        allowed = "initial, final, held"
        raise ValueError(f"{text!r}: @{found} is no moment; allowed: {allowed}{nearest(found, MOMENTS)}")
    return found
