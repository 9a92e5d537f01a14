"""What moves a state, what resets it, and what loses it."""

from __future__ import annotations

from collections.abc import Iterator

from lstm_state_probe.report.answers.base import listed
from lstm_state_probe.report.answers.history import Event, History, all_zero, same


def moves(history: History) -> Iterator[str]:
    """Say which operations moved what the layer holds, and that it keeps what they leave."""
    moving = [e.name for e in history.events if e.calls and e.moved and not e.raised]
    if not moving:
        return
    one = len(set(moving)) == 1
    verb, left = ("moves", "that call") if one else ("move", "they")
    yield f"{listed(moving)} {verb} {history.layer.address}, and it keeps what {left} left."


def resets(history: History) -> Iterator[str]:
    """Say what each kind of reset did: zeros are back, something else stays, Keras raised."""
    yield from dict.fromkeys(
        words
        for event in history.events
        if event.name == "reset_states"
        for words in _reset(history, event)
    )


def _reset(history: History, event: Event) -> Iterator[str]:
    address, failure = history.layer.address, event.done.outcome.failure
    if failure is not None:
        stays = "stays as it was" if not event.moved else "is left half way"
        if event.after:
            yield f"reset_states raised {failure.type}, and {address} {stays}."
        return
    if not event.after:
        return
    if event.moved and all_zero(event.after):
        not_as_built = history.initialised and not all_zero(history.initialised)
        built = ", not what it was built with" if not_as_built else ""
        yield f"reset_states brings zeros back to {address}{built}."
    elif not event.moved and not all_zero(event.before):
        yield f"reset_states leaves {address} as it was."


def reloads(history: History) -> Iterator[str]:
    """Say whether what the layer held survived saving and loading."""
    for event in history.events:
        if event.name != "reload" or event.raised or not event.before or all_zero(event.before):
            continue
        address = history.layer.address
        if not event.moved:
            yield f"reload keeps what {address} held."
        elif _as_built(history, event) and not all_zero(event.after):
            yield f"reload loses what {address} held: it holds what it was built with."
        elif all_zero(event.after):
            yield f"reload loses what {address} held: it holds zeros after save and load."
        else:
            yield f"reload leaves {address} with something else than it held."


def _as_built(history: History, event: Event) -> bool:
    return all(same(history.initialised.get(n), held) for n, held in event.after.items())


def sets(history: History) -> Iterator[str]:
    """Say that the probe itself assigned a state, so that nobody takes it for Keras's doing."""
    assigned = [e for e in history.events if e.name == "set_states" and e.moved and not e.raised]
    if assigned:
        numbers = listed([str(event.number) for event in assigned])
        noun = "operation" if len(assigned) == 1 else "operations"
        yield f"set_states assigned {history.layer.address} ({noun} {numbers})."
