"""Which call `[k]` means: one of those that happened, not of those that were kept."""

from __future__ import annotations

from collections.abc import Sequence

from lstm_state_probe.recording.call import Call
from lstm_state_probe.scenario.selectors import Selector


class NoSuchQuantity(Exception):
    """A selector names what this operation does not have; the message says what it has."""


def which(selector: Selector, calls: Sequence[Call], operation: str, address: str) -> int:
    """Return where among the recorded calls of a layer the one is that a selector names.

    Raises:
        NoSuchQuantity: if the operation made no such call, or it was not recorded.
    """
    if selector.call is None:
        return len(calls) - 1
    numbers, count = numbered(calls)
    wanted = selector.call + count if selector.call < 0 else selector.call
    made = f"{address}[{selector.call}]: {operation} made {count} call{'s'[: count != 1]}"
    if not 0 <= wanted < count:
        raise NoSuchQuantity(made)
    if wanted not in numbers:
        recorded = ", ".join(f"[{number}]" for number in numbers)
        raise NoSuchQuantity(
            f"{made}, and this one was not recorded: XLA ran several batches before their states"
            f" could be read; recorded: {recorded}"
        )
    return numbers.index(wanted)


def numbered(calls: Sequence[Call]) -> tuple[list[int], int]:
    """Return the number of each recorded call among those that happened, and how many did.

    Where runs of a graph were overwritten, all of their calls came before those that are left,
    which are the uses of the layer in the last run.
    """
    numbers: list[int] = []
    count = 0
    for run in _runs(calls):
        count += sum(call.skipped for call in run)
        numbers += range(count, count + len(run))
        count += len(run)
    return numbers, count


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
