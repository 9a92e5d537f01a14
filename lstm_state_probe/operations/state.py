"""Operations on the states themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.operations.base import Session, asked
from lstm_state_probe.scenario.text.document import Path
from lstm_state_probe.scenario.written.operations import ResetStates
from lstm_state_probe.scenario.written.selectors import parse_selector


def reset_states(session: Session, arguments: ResetStates, path: Path) -> None:
    """Keras's own reset: of the model where it has one, else layer by layer."""
    if arguments.layer is None:
        layers = [part.layer for part in session.recorder.layers]
        with asked():
            session.engine.reset_states(session.model, layers)
        return
    layer = _layer(session, arguments.layer, (*path, "layer"))
    with asked():
        session.engine.reset_layer(layer)


def _layer(session: Session, name: str, path: Path) -> Any:
    """Find a layer by the address of a recurrent layer, or by the name of a top layer."""
    for part in session.recorder.layers:
        if part.address == name:
            return part.layer
    for part in session.recorder.layers:
        if part.top.name == name:
            return part.top
    known = ", ".join(part.address for part in session.recorder.layers) or "none"
    raise session.scenario.error(path, f"no recurrent layer is named {name!r}; known: {known}")


def set_states(session: Session, arguments: dict[str, Any], path: Path) -> None:
    """Assign states; every value is worked out and checked before the first is assigned."""
    recorder = session.recorder
    held = recorder.held()
    wanted: list[tuple[Recurrent, int, Array]] = []
    touched: list[str] = []
    for text, written in arguments.items():
        here = (*path, text)
        selector = parse_selector(text)
        addresses = selector.matches(recorder.addresses)
        if not addresses:
            raise session.scenario.error(here, selector.explain_no_match(recorder.addresses))
        for part in recorder.layers:
            for index, address in enumerate(part.addresses):
                if address in addresses:
                    wanted.append((part, index, _value(session, written, address, held, here)))
                    touched.append(address)
    for part, index, value in wanted:
        with asked():
            session.engine.assign(part.layer, {index: value})
    recorder.origins.assigned(recorder.held(), touched)


def _value(session: Session, written: Any, address: str, held: Any, path: Path) -> Array:
    if address not in held:
        message = f"{address!r} is held by no stateful layer, so that it cannot be set"
        raise session.scenario.error(path, message)
    value = _written(session, written, address, held[address].shape, path)
    if value.shape != held[address].shape:
        raise session.scenario.error(
            path,
            f"{address!r} has the shape {held[address].shape}, the value that is set has"
            f" {value.shape}",
        )
    return value


def _written(
    session: Session, written: Any, address: str, shape: tuple[int, ...], path: Path
) -> Array:
    if not isinstance(written, str):
        values = np.array(written, dtype=np.float64)
        return values if values.ndim else np.full(shape, values)
    if written == "zeros":
        return np.zeros(shape)
    if written in session.arrays:
        return session.arrays[written]
    snapshot = session.snapshots.get(written, {})
    if address not in snapshot:
        known = ", ".join(snapshot) or "none"
        message = f"the snapshot {written!r} has no {address!r}; it has: {known}"
        raise session.scenario.error(path, message)
    return snapshot[address]
