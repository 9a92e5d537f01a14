"""What an inspection answers: whether a layer keeps its state, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from lstm_state_probe.arrays import widened
from lstm_state_probe.inspection.data import CallInspection, Inspection, LayerInspection
from lstm_state_probe.report.answers.base import Answer
from lstm_state_probe.report.words.numbers import digits

Tell = Callable[[LayerInspection], Iterator[str]]
_DIGITS = 3


def keeps(layer: LayerInspection) -> Iterator[str]:
    """Say whether the layer goes on where the call before ended, and what that changes."""
    if len(layer.calls) < 2 or not layer.calls[1].states:
        return
    first, second, *_ = layer.calls
    if not any(change.carried for change in second.states.values()):
        yield f"{layer.address} starts every call anew ({_origins(layer)}): it keeps nothing."
        return
    yield (
        f"{layer.address} carries its state from call to call:"
        f" the second call on the same input {_differs(first, second)}."
    )


def _origins(layer: LayerInspection) -> str:
    found = [origin for state in layer.states if (origin := layer.origin(state.name)) is not None]
    return ", ".join(dict.fromkeys(origin.word for origin in found))


def _differs(first: CallInspection, second: CallInspection) -> str:
    """Say by how much the calls end apart: the largest difference, and in which state."""
    apart: dict[str, float] = {}
    for name in second.states:
        a, b = (widened(call.states[name].final) for call in (first, second))
        if a.shape == b.shape and a.size:
            apart[name] = float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())
    if not apart or not max(apart.values()):
        return "ends in the same states"
    name = max(apart, key=apart.__getitem__)
    return f"ends elsewhere (by {digits(apart[name], _DIGITS)} in {name})"


def remedy(layer: LayerInspection) -> Iterator[str]:
    """Say how to start afresh, by a reset that was tried and works; else by what does work."""
    reset = layer.reset
    if not layer.stateful or reset.works is None:
        return
    if not reset.works:
        yield f"Its own reset fails: {reset.why}. To start afresh: lstm_state_probe.reset(model)."
    elif reset.by_model:
        yield "To start afresh: model.reset_states(), before each sequence."
    elif reset.methods and "/" not in layer.address:
        call = f'model.get_layer("{layer.address}").{reset.methods[0]}()'
        yield f"Nothing in this model resets it. To start afresh: {call}, before each sequence."
    else:
        yield (
            "Nothing in this model resets it. To start afresh: lstm_state_probe.reset(model),"
            " before each sequence."
        )


def holds(layer: LayerInspection) -> Iterator[str]:
    """Say that the model comes with a state that is not zero."""
    held = [state.name for state in layer.states if state.held is not None and np.any(state.held)]
    if held:
        names = ", ".join(held)
        yield f"{layer.address} holds a state already ({names}): its first call starts there."


def not_finite(layer: LayerInspection) -> Iterator[str]:
    """Name the first call after which a state is not finite."""
    for call in layer.calls:
        for name, change in call.states.items():
            if not np.isfinite(widened(change.final)).all():
                yield f"{layer.address}/{name} is not finite after the {call.name}."
                return


def masked(layer: LayerInspection) -> Iterator[str]:
    """Say that a mask reaches the layer, and who makes it."""
    if layer.mask.received:
        makers = ", ".join(layer.mask.made_by)
        made = f" made by {makers}" if makers else ""
        yield f"A mask{made} reaches {layer.address}: a masked timestep holds its state."


INSPECTED: Mapping[str, Tell] = {
    "holds": holds,
    "keeps": keeps,
    "masked": masked,
    "not finite": not_finite,
    "remedy": remedy,
}
"""Kind of sentence to what makes it, in the order in which they are told of a layer."""


def inspected(found: Inspection) -> tuple[Answer, ...]:
    """Tell what was seen of each layer, and what to do."""
    told = tuple(
        Answer(word, layer.address, sentence)
        for layer in found.layers
        for word, tell in INSPECTED.items()
        for sentence in tell(layer)
    )
    raised = Answer("raised", "", f"Keras raised in a call: {found.failure}.")
    return (*told, raised) if found.failure is not None else told
