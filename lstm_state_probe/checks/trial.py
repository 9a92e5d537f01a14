"""Calls of the built model before anything is asked: what they show of its recurrent layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines import Engine
from lstm_state_probe.engines.messages import described
from lstm_state_probe.recording.call import Call, Held
from lstm_state_probe.recording.origin import Origins
from lstm_state_probe.recording.outcome import leaves, plain
from lstm_state_probe.recording.plan import Plan
from lstm_state_probe.recording.recorder import Recorder

_EAGER = 32
"""Timesteps up to which an eager call is quicker than one that has to be traced."""


class Refused(Exception):
    """The model cannot be called so; the message says what Keras raised."""


@dataclass(frozen=True)
class Seen:
    """One recurrent layer in one call of the model: its last use, of as many as `uses`.

    `rows` and `timesteps` are those of the layer's own input, which another layer may have folded
    or thinned out. `finals` are its states at the end, by name: (rows, units).
    """

    uses: int
    rows: int
    timesteps: int
    masked: bool
    moved: bool
    finals: Mapping[str, Array]


@dataclass(frozen=True)
class Shown:
    """What one call of a model showed: its layers by their address, and what it returned."""

    layers: Mapping[str, Seen]
    result: Sequence[Array]

    def same_as(self, other: Shown) -> bool:
        """Tell whether two calls gave the same bits; NaN is NaN."""
        pairs = list(zip(self._arrays(), other._arrays(), strict=False))
        return all(a.shape == b.shape and np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    def near(self, other: Shown, close: float) -> bool:
        """Tell whether two calls gave about the same."""
        pairs = list(zip(self._arrays(), other._arrays(), strict=False))
        return all(a.shape == b.shape and np.allclose(a, b, close, close) for a, b in pairs)

    def _arrays(self) -> Iterator[Array]:
        yield from self.result
        for seen in self.layers.values():
            yield from seen.finals.values()


@dataclass
class Trials:
    """Calls a model with a recorder attached; its states move, so that it is used up."""

    engine: Engine
    model: Any
    recorder: Recorder = field(init=False)
    begun: Held = field(init=False)

    def __post_init__(self) -> None:
        plan = Plan(timesteps="final", witness=0.0)
        self.recorder = Recorder.attach(self.engine, self.model, Origins(), plan=plan)
        self.begun = self.recorder.held()

    def close(self) -> None:
        """Leave the model unobserved."""
        self.recorder.detach()

    def call(self, x: Any, *, training: bool = False, **keywords: Any) -> Shown:
        """Call the model from states that are all zero.

        Raises:
            Refused: with what Keras raised.
        """
        self._zero()
        try:
            result = plain(self._called(x, training=training, **keywords))
            calls, _ = self.recorder.take()
        except Exception as error:  # the boundary: Keras may raise anything
            self.recorder.take()
            raise Refused(described(error)) from error
        arrays = [array for _, array in leaves(result) if array.dtype.kind in "biuf"]
        return Shown(_seen(calls), arrays)

    def _called(self, x: Any, *, training: bool, **keywords: Any) -> Any:
        alone = not training and not keywords and self.engine.steps_per_execution(self.model) == 1
        if alone and max((a.shape[1] for a in _arrays(x) if a.ndim > 1), default=0) > _EAGER:
            return self.model.predict_on_batch(x)
        return self.model(x, training=training, **keywords)

    def _zero(self) -> None:
        for part in self.recorder.layers:
            held = self.engine.held(part.layer)
            if held:
                zeros = {k: np.zeros_like(value) for k, value in enumerate(held)}
                self.engine.assign(part.layer, zeros)


def _arrays(x: Any) -> Iterator[Array]:
    if isinstance(x, (dict, list)):
        for item in x.values() if isinstance(x, dict) else x:
            yield from _arrays(item)
    else:
        yield x


def _seen(calls: Sequence[Call]) -> dict[str, Seen]:
    uses: dict[str, int] = {}
    for call in calls:
        uses[call.layer] = uses.get(call.layer, 0) + 1
    return {call.layer: _one(call, uses[call.layer]) for call in calls}  # the last use of each


def _one(call: Call, uses: int) -> Seen:
    finals = {name: state.final for name, state in call.states.items()}
    moved = any(
        not np.array_equal(state.initial, state.final, equal_nan=True)
        for state in call.states.values()
    )
    rows = next((len(value) for value in finals.values()), 0)
    return Seen(uses, rows, call.timesteps, call.mask is not None, moved, finals)
