"""Reset methods: which there are, and whether they work, found out by trying them.

Whoever asks puts the states back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.engines.starts.starting import makes_its_start
from lstm_state_probe.inspection.data import ResetInspection
from lstm_state_probe.layers.find import Recurrent

NAMES = ("reset_state", "reset_states")
STATELESS = "the layer is stateless"
UNBUILT = "the layer holds no states yet"


def try_resets(
    engine: Engine, model: Any, parts: Sequence[Recurrent]
) -> Mapping[str, ResetInspection]:
    """Try every reset on states of ones; return what happened to each layer, by address."""
    names = methods_of(model)
    raised = _after_ones(engine, parts, lambda: _call(model, names)) if names else None
    reached = {part.address: _is_zero(engine, part) for part in parts}
    found = {}
    for part in parts:
        by_model = reached[part.address] if names and engine.held(part.layer) else None
        why = _model_why(engine, names, raised, reached=by_model)
        found[part.address] = _layer(engine, part, by_model, why)
    return found


def methods_of(owner: Any) -> tuple[str, ...]:
    """Name the reset methods of a layer or a model."""
    return tuple(name for name in NAMES if callable(getattr(owner, name, None)))


def _layer(
    engine: Engine, part: Recurrent, by_model: bool | None, model_why: str
) -> ResetInspection:
    methods = methods_of(part.layer)
    if not engine.held(part.layer):
        why = UNBUILT if part.stateful else STATELESS
        return ResetInspection(methods, None, why, by_model, model_why)
    why = "" if methods else "the layer has no reset method"
    works = bool(methods)
    for name in methods:
        raised = _after_ones(engine, [part], getattr(part.layer, name))
        if raised or not _is_zero(engine, part):
            works = False
            why = f"{name}() {f'raises {raised}' if raised else 'leaves the states as they are'}"
            break
    if works and makes_its_start(part.layer):
        why = "to zeros, and not to what the cell starts from"
    return ResetInspection(methods, works, why, by_model, model_why)


def _call(model: Any, names: Sequence[str]) -> None:
    for name in names:
        getattr(model, name)()


def _after_ones(engine: Engine, parts: Sequence[Recurrent], reset: Callable[[], Any]) -> str | None:
    """Fill the states with ones and reset; return what was raised."""
    for part in parts:
        held = engine.held(part.layer)
        if held:
            engine.assign(part.layer, {k: np.ones_like(value) for k, value in enumerate(held)})
    try:
        reset()
    except Exception as error:  # noqa: BLE001 - the boundary: whether it raises is the question
        return described(error)
    return None


def _is_zero(engine: Engine, part: Recurrent) -> bool:
    return not any(np.any(value) for value in engine.held(part.layer))


def _model_why(
    engine: Engine, names: Sequence[str], raised: str | None, *, reached: bool | None
) -> str:
    if not names:
        return f"a model of {engine.name} has no reset"
    told = f"the model's {names[0]}()"
    if raised:
        return f"{told} raises {raised}"
    if reached is None:
        return ""
    return f"{told} {'reaches' if reached else 'does not reach'} it"
