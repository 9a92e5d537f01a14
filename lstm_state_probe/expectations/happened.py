"""Which call `[k]` means: one of those that happened, not of those that were kept."""

from __future__ import annotations

from collections.abc import Sequence

from lstm_state_probe.recording.call import Call
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.scenario.written.selectors import Selector

OVERWRITTEN = "XLA ran several batches before their states could be read"


class NoSuchQuantity(Exception):
    """A selector names what this operation does not have; the message says what it has."""


def which(selector: Selector, calls: Sequence[Call], outcome: Outcome, address: str) -> int:
    """Return where among the recorded calls of a layer the one is that a selector names.

    Raises:
        NoSuchQuantity: if the operation made no such call, or it was not recorded.
    """
    layer = layer_of(address, outcome)
    missed = [one for one in outcome.missed if one.layer == layer and one.after >= 0]
    if selector.call is None and not missed:
        return len(calls) - 1
    numbers, count = numbered(calls, [one.after for one in missed])
    asked = -1 if selector.call is None else selector.call
    wanted = asked + count if asked < 0 else asked
    name = address if selector.call is None else f"{address}[{asked}]"
    made = f"{name}: {outcome.operation} made {count} call{'s'[: count != 1]}"
    if not 0 <= wanted < count:
        raise NoSuchQuantity(made)
    if wanted not in numbers:
        recorded = ", ".join(f"[{number}]" for number in numbers) or "none"
        why = "; ".join(dict.fromkeys(one.why for one in missed)) or OVERWRITTEN
        raise NoSuchQuantity(f"{made}, and this one was not recorded: {why}; recorded: {recorded}")
    return numbers.index(wanted)


def layer_of(address: str, outcome: Outcome) -> str:
    """Name the layer whose state or gate it is, if the operation called it; else ''."""
    layers = {one.layer for one in outcome.calls} | {one.layer for one in outcome.missed}
    return max((one for one in layers if address.startswith(f"{one}/")), key=len, default="")


def numbered(calls: Sequence[Call], missed: Sequence[int] = ()) -> tuple[list[int], int]:
    """Return the number of each recorded call among those that happened, and how many did.

    Where runs of a graph were overwritten, all of their calls came before those that are left,
    which are the uses of the layer in the last run. `missed` has for each call that could not be
    recorded how many recorded ones came before it.
    """
    numbers: list[int] = []
    count = 0
    for run in _runs(calls):
        count += sum(call.skipped for call in run)
        numbers += range(count, count + len(run))
        count += len(run)
    before = [sum(after <= place for after in missed) for place in range(len(numbers))]
    return [n + more for n, more in zip(numbers, before, strict=True)], count + len(missed)


def _runs(calls: Sequence[Call]) -> list[list[Call]]:
    """Put the uses of a layer in one run of a graph together."""
    runs: list[list[Call]] = []
    for call in calls:
        last = runs[-1][-1] if runs else None
        same = last is not None and _batch(last) == _batch(call) and last.use < call.use
        if same:
            runs[-1].append(call)
        else:
            runs.append([call])
    return runs


def _batch(call: Call) -> tuple[str, int, int]:
    return call.phase, call.epoch, call.batch
