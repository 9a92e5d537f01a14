"""What went wrong: the first value that is not finite, what Keras raised, a mask that holds all."""

from __future__ import annotations

import math
from collections.abc import Iterator

from lstm_state_probe.recording.finite import NotFinite, first_not_finite
from lstm_state_probe.report.answers.history import Event, History
from lstm_state_probe.report.words.findings import masked as count_masked
from lstm_state_probe.report.words.layout import element


def not_finite(history: History) -> Iterator[str]:
    """Name the first NaN or infinity of the layer: operation, call, timestep, element."""
    for event in history.events:
        first = first_not_finite(history.layer.address, event.calls)
        if first is not None:
            yield _first(event, first)
            return


def _first(event: Event, first: NotFinite) -> str:
    kind = "NaN" if math.isnan(first.value) else "infinity"
    call = event.calls[first.call] if first.calls > 1 else None
    batch = "" if call is None else f", {call.where}"
    moment = first.moment if first.timestep is None else f"timestep {first.timestep}"
    return (
        f"The first {kind} of {first.layer}/{first.name} stands in operation {event.number}"
        f" ({event.name}{batch}), {moment}, {element(first.where)}."
    )


def raised(history: History) -> Iterator[str]:
    """Say in which operation Keras raised, and whether what the layer held had moved by then."""
    for event in history.events:
        failure = event.done.outcome.failure
        if failure is None or event.name == "reset_states":  # a reset tells of its own
            continue
        state = "it had moved by then" if event.moved else "it holds what it held before"
        held = f" {history.layer.address}: {state}." if event.after else ""
        expected = ", as expected" if event.done.raises else ""
        yield f"{event.name} (operation {event.number}) raised {failure.type}{expected}.{held}"


def masked(history: History) -> Iterator[str]:
    """Say how many timesteps a mask held, over all calls of the layer."""
    address = history.layer.address
    held = count_masked(address, [call for _, call in history.calls])
    if held is not None:
        yield f"A mask holds {address} at {held.held} of {held.count} timesteps of all samples."
