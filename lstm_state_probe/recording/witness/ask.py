"""Brings a call and the evidence for its equations together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.base import CallTensors
from lstm_state_probe.engines.tap.dropout import Masks, kinds_of
from lstm_state_probe.engines.tap.kernel import computes_tf32
from lstm_state_probe.engines.tap.loop import cells_of
from lstm_state_probe.equations import NoEquations
from lstm_state_probe.layers.find import Recurrent
from lstm_state_probe.recording.call import WHEN_ASKED, Call, Verified
from lstm_state_probe.recording.steps import Steps
from lstm_state_probe.recording.witness.asking import asked
from lstm_state_probe.recording.witness.evidence import (
    WEIGHTS,
    Evidence,
    cost,
    equations_of,
    in_loop_order,
    wide,
)
from lstm_state_probe.recording.witness.replay import Replayed, replay
from lstm_state_probe.recording.witness.verify import verify


@dataclass(frozen=True)
class Witness:
    """Looks at the calls of one trace; `tensors` are the inputs, the weights, the dropout masks.

    `names` are those of the weights, `drawn` those of the masks that stay for a whole call. `why`
    says why there is nothing to look at; `dropped`, that the inputs went through the layer's
    dropout already.
    """

    part: Recurrent
    engine: str
    tensors: Sequence[Any]
    names: Sequence[tuple[int, str]]
    drawn: Sequence[tuple[int, str, int]]
    training: bool | None
    why: str = ""
    dropped: bool = False

    @classmethod
    def of(cls, part: Recurrent, engine: str, tensors: CallTensors, *, budget: float) -> Witness:
        """Find what the layer computes with, in the graph that is being traced.

        Nothing is taken out of the graph for a call that would cost more than `budget` seconds.
        """
        return asked(
            lambda: cls._of(part, engine, tensors, budget=budget),
            lambda why: cls(part, engine, (), (), (), tensors.training, why),
        )

    @classmethod
    def _of(cls, part: Recurrent, engine: str, tensors: CallTensors, *, budget: float) -> Witness:
        dropped = tensors.kernel.inputs is not None
        inputs = tensors.kernel.inputs if dropped else tensors.sequences
        why = _unable(part, engine, inputs, budget=budget)
        if why or not budget:
            return cls(part, engine, (), (), (), tensors.training, why)
        weights = {(k, name): _tensor(weight) for k, name, weight in _weights(part)}
        masks = {} if dropped else dict(tensors.dropout)
        found = [inputs, *weights.values(), *masks.values()]
        names = tuple(weights), tuple(masks)
        return cls(part, engine, found, *names, tensors.training, dropped=dropped)

    def look(
        self, call: Call, arrays: Sequence[Array], steps: Steps | None, *, left: float
    ) -> tuple[Verified | None, float]:
        """Compare a call, if that fits into the seconds that are left; return what it took."""
        return asked(
            lambda: self._look(call, arrays, steps, left=left),
            lambda why: (Verified(None, None, why), 0.0),
        )

    def _look(
        self, call: Call, arrays: Sequence[Array], steps: Steps | None, *, left: float
    ) -> tuple[Verified | None, float]:
        if self.why:
            return Verified(None, None, self.why), 0.0
        if left <= 0:
            unseen = Verified(None, None, TOO_LARGE) if self.tensors else None
            return unseen, 0.0
        shapes = [array.shape for array in arrays[: 1 + len(self.names)]]
        taken = cost(shapes[0], shapes[1:])
        if taken > left:
            return Verified(None, None, TOO_LARGE), 0.0
        masks = self._masks(call, arrays, steps)
        if masks is None:
            return Verified(None, None, "its dropout masks were not recorded"), 0.0
        evidence = self._evidence(arrays, masks)
        return verify(self.part, call, evidence, engine=self.engine), taken

    def replay(
        self, call: Call, arrays: Sequence[Array], kept: Sequence[int]
    ) -> tuple[Replayed | None, str]:
        """Compute the timesteps that a fused kernel did not show; or say why it cannot."""
        if not self.tensors:
            return None, self.why
        part, engine = self.part, self.engine

        def again() -> tuple[Replayed | None, str]:
            evidence = self._evidence(arrays, {})
            return replay(part, call, evidence, engine=engine, kept=kept), ""

        return asked(again, lambda why: (None, why))

    def _evidence(self, arrays: Sequence[Array], masks: Masks) -> Evidence:
        inputs, weights = arrays[0], arrays[1 : 1 + len(self.names)]
        cells: list[dict[str, Array | None]] = [
            dict.fromkeys(WEIGHTS) for _ in cells_of(self.part.layer)
        ]
        for (k, name), weight in zip(self.names, weights, strict=True):
            cells[k][name] = weight
        return Evidence(inputs, cells, masks, tf32=computes_tf32())

    def _masks(self, call: Call, arrays: Sequence[Array], steps: Steps | None) -> Masks | None:
        """Return all dropout masks of a call; None if one is missing.

        One with as many axes as the inputs is one that they went through before the loop.
        """
        if self.training is False or self.dropped:
            return {}
        axes = arrays[0].ndim
        kept = zip(self.drawn, arrays[1 + len(self.names) :], strict=True)
        before = {
            name: in_loop_order(call, wide(mask)) if mask.ndim == axes else mask
            for name, mask in kept
        }
        found = before | (steps.dropout(call.timesteps) if steps is not None else {})
        needed = {
            (k, kind) for k, cell in enumerate(cells_of(self.part.layer)) for kind in kinds_of(cell)
        }
        return found if needed <= {(k, kind) for k, kind, _ in found} else None


TOO_LARGE = f"too large to verify unasked {WHEN_ASKED}"


def drops(part: Recurrent) -> bool:
    """Tell whether a layer has dropout of any kind."""
    return any(True for cell in cells_of(part.layer) for _ in kinds_of(cell))


def wanted(part: Recurrent, engine: str, inputs: Any, *, budget: float) -> bool:
    """Tell whether a call with these inputs can be compared, and should be."""
    if not budget:
        return False
    return asked(lambda: not _unable(part, engine, inputs, budget=budget), lambda why: False)


def _affordable(part: Recurrent, inputs: Any, budget: float) -> bool:
    """Tell from static shapes whether a call costs at most `budget` seconds, where they tell."""
    shapes = [tuple(inputs.shape), *(tuple(weight.shape) for _, _, weight in _weights(part))]
    if any(dim is None for shape in shapes for dim in shape):
        return True
    return cost(shapes[0], shapes[1:]) <= budget


def _unable(part: Recurrent, engine: str, inputs: Any, *, budget: float) -> str:
    """Say why a call cannot be compared; '' if it can, or if nobody asked."""
    if not budget:
        return ""
    try:
        equations_of(part, engine)
    except NoEquations as error:
        return str(error)
    if getattr(part.layer, "time_major", False):
        return "time_major inputs"
    return "" if _affordable(part, inputs, budget) else TOO_LARGE


def _weights(part: Recurrent) -> Iterator[tuple[int, str, Any]]:
    for k, cell in enumerate(cells_of(part.layer)):
        for name in WEIGHTS:
            weight = getattr(cell, name, None)
            if weight is not None:
                yield k, name, weight


def _tensor(weight: Any) -> Any:
    """Return a weight as it is kept: read as Keras does, it comes in the dtype of the layer.

    A cell may have a policy of its own. The variable is below Keras's own in Keras 3, and in
    mixed precision in tf_keras (3.12 to 3.15, 2.16 to 2.21).
    """
    import tensorflow as tf

    for below in ("_value", "_variable"):
        weight = getattr(weight, below, weight)
    return tf.convert_to_tensor(weight)
