"""The verdict of `--verify`: do the calls of an operation agree with the equations?"""

from __future__ import annotations

from collections.abc import Iterator

from lstm_state_probe.expectations.verdict import Broken, Spot, Verdict
from lstm_state_probe.recording.outcome import Outcome

VERIFIED = "verified"


def judge_verified(outcome: Outcome, at: Spot) -> tuple[Verdict, ...]:
    """Return a failed verdict for each call that is off, or one that says what was compared.

    Calls that could not be compared are told and do not fail; if none could, there is no verdict.
    """
    off = tuple(_off(outcome, at))
    agreeing = [call.verified for call in outcome.calls if call.verified and call.verified.agrees]
    if off or not agreeing:
        return off
    largest = max(verified.deviation or 0.0 for verified in agreeing)
    found = f"{_calls(len(agreeing))} with the equations within {largest:.3g}"
    others = len(outcome.calls) - len(agreeing)
    why = {c.verified.why for c in outcome.calls if c.verified and c.verified.agrees is None}
    rest = f"; {others} not compared: {', '.join(sorted(why))}" if others else ""
    return (Verdict("*", VERIFIED, True, found + rest, at.line, at.column, source=at.source),)


def _off(outcome: Outcome, at: Spot) -> Iterator[Verdict]:
    counts: dict[str, int] = {}
    for call in outcome.calls:
        number = counts.get(call.layer, 0)
        counts[call.layer] = number + 1
        if call.verified is not None and call.verified.agrees is False:
            name = f"{call.layer}[{number}]"
            found = f"{call.verified.why} ({call.where})"
            broken = Broken(name, VERIFIED, found)
            yield Verdict.failing(name, VERIFIED, broken, at=at)


def _calls(count: int) -> str:
    return "1 call agrees" if count == 1 else f"{count} calls agree"
