"""Brings a call and the evidence for its equations together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors
from lstm_state_probe.engines.kernel import computes_tf32
from lstm_state_probe.equations import NoEquations
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import Call, Verified
from lstm_state_probe.recording.replay import Replayed, replay
from lstm_state_probe.recording.steps import Steps
from lstm_state_probe.recording.verify import (
    WEIGHTS,
    Evidence,
    cells_of,
    cost,
    equations_of,
    verify,
)


@dataclass(frozen=True)
class Witness:
    """Looks at the calls of one trace; `tensors` are the inputs and the weights, in order.

    `why` says why it has nothing to look at; `dropped`, that the inputs went through the layer's
    dropout already.
    """

    part: Recurrent
    engine: str
    tensors: Sequence[Any]
    names: Sequence[tuple[int, str]]
    training: bool | None
    why: str = ""
    dropped: bool = False

    @classmethod
    def of(cls, part: Recurrent, engine: str, tensors: CallTensors, *, budget: float) -> Witness:
        """Find what the layer computes with, in the graph that is being traced.

        Nothing is taken out of the graph for a call that would cost more than `budget` seconds.
        """
        if not budget:
            return cls(part, engine, (), (), tensors.training)
        try:
            equations_of(part, engine)
        except NoEquations as error:
            return cls(part, engine, (), (), tensors.training, str(error))
        if getattr(part.layer, "time_major", False):
            return cls(part, engine, (), (), tensors.training, "time_major inputs")
        names: list[tuple[int, str]] = []
        dropped = tensors.kernel.inputs is not None
        found = [tensors.kernel.inputs if dropped else tensors.sequences]
        for k, cell in enumerate(cells_of(part)):
            for name in WEIGHTS:
                weight = getattr(cell, name, None)
                if weight is not None:
                    names.append((k, name))
                    found.append(_tensor(weight))
        if _static_seconds(found) > budget:
            return cls(part, engine, (), (), tensors.training, TOO_LARGE)
        return cls(part, engine, found, names, tensors.training, dropped=dropped)

    def look(
        self, call: Call, arrays: Sequence[Array], steps: Steps | None, *, left: float
    ) -> tuple[Verified | None, float]:
        """Compare a call, if that fits into the seconds that are left; return what it took."""
        why = self.why or self._unknown_dropout(call, steps)
        if why:
            return Verified(None, None, why), 0.0
        if left <= 0:
            unseen = Verified(None, None, TOO_LARGE) if self.tensors else None
            return unseen, 0.0
        inputs, *weights = arrays
        batch, timesteps = inputs.shape[:2]
        taken = cost(batch, timesteps, sum(weight.size for weight in weights))
        if taken > left:
            return Verified(None, None, TOO_LARGE), 0.0
        masks = steps.dropout if steps is not None and self._drops(call) else {}
        evidence = self._evidence(arrays, masks)
        return verify(self.part, call, evidence, engine=self.engine), taken

    def replay(self, call: Call, arrays: Sequence[Array], kept: Sequence[int]) -> Replayed | None:
        """Compute the timesteps that a fused kernel did not show; None if it cannot."""
        if not self.tensors:
            return None
        evidence = self._evidence(arrays, {})
        return replay(self.part, call, evidence, engine=self.engine, kept=kept)

    def _evidence(
        self, arrays: Sequence[Array], masks: Mapping[tuple[int, str, int], Array]
    ) -> Evidence:
        inputs, *weights = arrays
        cells: list[dict[str, Array | None]] = [dict.fromkeys(WEIGHTS) for _ in cells_of(self.part)]
        for (k, name), weight in zip(self.names, weights, strict=True):
            cells[k][name] = weight
        return Evidence(inputs, cells, masks, tf32=computes_tf32())

    def _drops(self, call: Call) -> bool:
        rates = [getattr(cell, name, 0) for cell in cells_of(self.part) for name in _RATES]
        return not self.dropped and any(rates) and (self.training is True or call.phase == "train")

    def _unknown_dropout(self, call: Call, steps: Steps | None) -> str:
        if not self._drops(call):
            return ""
        if self.engine == "tf_keras":
            return "the dropout masks of tf_keras are not recorded"
        return "" if steps is not None else "dropout masks are recorded with the timesteps alone"


_RATES = ("dropout", "recurrent_dropout")
TOO_LARGE = "too large to verify unasked (--verify)"


def _static_seconds(tensors: Sequence[Any]) -> float:
    """Estimate the cost of a call from static shapes; 0 where they do not tell."""
    shapes = [tuple(tensor.shape) for tensor in tensors]
    if len(shapes[0]) != 3 or any(dim is None for shape in shapes for dim in shape):
        return 0.0
    batch, timesteps, _ = shapes[0]
    return cost(batch, timesteps, sum(math.prod(shape) for shape in shapes[1:]))


def _tensor(weight: Any) -> Any:
    import tensorflow as tf

    return tf.convert_to_tensor(weight)
