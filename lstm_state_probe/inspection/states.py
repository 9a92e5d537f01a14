"""The states of a layer: shapes, dtypes, what is held; and the batch that it was built for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lstm_state_probe.engines import Engine
from lstm_state_probe.inspection.calls import Made
from lstm_state_probe.inspection.data import StateInspection
from lstm_state_probe.layers.families import STACKED_CELLS, TIME_DISTRIBUTED, family_of, is_a
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import frozen


def inspect_states(
    engine: Engine, part: Recurrent, made: Sequence[Made], *, batch: int | None
) -> tuple[StateInspection, ...]:
    """Describe each state by what is held and by what the first call started from.

    A state of which nothing is known, because no call reached the layer, has the shape ().
    """
    held = [frozen(value) for value in engine.held(part.layer)]
    calls = [call for one in made for call in one.calls if call.layer == part.address]
    found = []
    for k, name in enumerate(part.states):
        stored = held[k] if k < len(held) else None
        seen = calls[0].states[name].initial if calls else stored
        shape = (batch, *seen.shape[1:]) if seen is not None else ()
        dtype = seen.dtype.name if seen is not None else "unknown"
        other = stored.dtype.name if stored is not None and stored.dtype.name != dtype else None
        found.append(StateInspection(name, shape, dtype, other, stored))
    return tuple(found)


def built_for(engine: Engine, part: Recurrent, model: Any) -> int | None:
    """Return the batch that a layer was built for; None if any will do.

    A stateful layer holds a row for each sample; any other takes what the model takes.
    """
    held = engine.held(part.layer)
    if held:
        return int(held[0].shape[0])
    if is_a(part.top, TIME_DISTRIBUTED):
        return None
    batches = {tensor.shape[0] for tensor in getattr(model, "inputs", None) or ()}
    return next(iter(batches)) if len(batches) == 1 else None


def units_of(layer: Any) -> tuple[str, tuple[int, ...]]:
    """Return what a layer's size is called, and the sizes: one, or one for each stacked cell."""
    family = family_of(layer)
    if family is not None:
        return family.size, (int(getattr(layer, family.size)),)
    cells = layer.cell.cells if is_a(layer.cell, STACKED_CELLS) else [layer.cell]
    return "units", tuple(size for cell in cells for size in _sizes(cell))


def _sizes(cell: Any) -> list[int]:
    units = getattr(cell, "units", None)
    if isinstance(units, int):
        return [units]
    size = cell.state_size
    return [int(n) for n in (size if isinstance(size, (list, tuple)) else [size]) if _whole(n)]


def _whole(size: Any) -> bool:
    return isinstance(size, int)
