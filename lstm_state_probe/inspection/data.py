"""What an inspection found: plain, frozen data without a Keras object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lstm_state_probe.arrays import Array
from lstm_state_probe.recording.call import Origin
from lstm_state_probe.recording.finite import NotFinite

Shape = tuple[int | None, ...]
"""None where any size will do."""


@dataclass(frozen=True)
class UsedInput:
    """An input of the calls that were made: generated, or given."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    generated: bool
    low: int = 0
    high: int | None = None
    """Integers were drawn from low, …, high - 1; None for other numbers."""


@dataclass(frozen=True)
class StateInspection:
    """One state: (batch, units); `stored` is the dtype of the variable where it differs.

    `held` is what a stateful layer held before the inspection, and holds again.
    """

    name: str
    shape: Shape
    dtype: str
    stored: str | None
    held: Array | None


@dataclass(frozen=True)
class MaskInspection:
    """Masks: whether the layer takes one, gets one in this model, and what it hides.

    `received` is None where no call was seen. `hides` is 'nothing', 'the end' of rows, 'a whole
    row', or 'other timesteps'; `made_by` names the layers that made this mask, none where the model
    does not tell.
    """

    supported: bool
    received: bool | None
    made_by: tuple[str, ...]
    hides: str | None
    zero_output: bool | None


@dataclass(frozen=True)
class ResetInspection:
    """The reset methods of a layer, and whether they reset it.

    `works` is None where there is nothing to reset. `by_model` tells whether the model's own
    reset reaches the layer; None if it has none.
    """

    methods: tuple[str, ...]
    works: bool | None
    why: str
    by_model: bool | None
    model_why: str


@dataclass(frozen=True)
class KernelInspection:
    """What computes the layer: here, and on a GPU.

    `leaves` are the arguments that keep it from cuDNN; `refuses` says which mask cuDNN does not
    take and what happens then ('' without cuDNN), `refused` whether that of the calls is one.
    """

    here: str
    why: str
    cudnn: bool
    leaves: tuple[str, ...]
    refuses: str
    refused: bool | None


@dataclass(frozen=True)
class StateChange:
    """What one call did to one state; from the layer's first use in it to its last.

    `change` is the largest absolute one; None where it is not a number. `carried` tells whether
    the call started from where the one before had ended.
    """

    initial: Array
    final: Array
    origin: Origin
    change: float | None
    carried: bool


@dataclass(frozen=True)
class CallInspection:
    """A call of a layer; `uses` counts how often the layer ran in it."""

    name: str
    uses: int
    timesteps: int
    states: Mapping[str, StateChange]


@dataclass(frozen=True)
class LayerInspection:
    """All that is known of one recurrent layer; `inside` names what it is wrapped in."""

    address: str
    kind: str
    inside: str | None
    size: str
    units: tuple[int, ...]
    states: tuple[StateInspection, ...]
    gates: tuple[str, ...]
    stateful: bool
    batch: int | None
    return_sequences: bool
    return_state: bool
    backwards: bool
    mask: MaskInspection
    reset: ResetInspection
    kernel: KernelInspection
    calls: tuple[CallInspection, ...]

    def origin(self, state: str) -> Origin | None:
        """Tell where a state starts: the first call tells, unless the second shows it random."""
        found = [call.states[state].origin for call in self.calls[:2]]
        return next((o for o in reversed(found) if o.word == "random"), found[0] if found else None)


@dataclass(frozen=True)
class Inspection:
    """A model: its inputs, its recurrent layers, what a first and a second call do.

    `failure` is what Keras raised in a call, which ended the calls. `unrecorded` counts uses of
    layers that XLA overwrote before they could be read. `first_bad` is the first NaN or infinity,
    with the name of the call that had it. `untrained` tells that only an architecture was given, so
    that Keras drew the weights. `notes` say what was loaded otherwise than it was saved.
    """

    model: str
    kind: str
    engine: str
    version: str
    devices: tuple[str, ...]
    inputs: tuple[UsedInput, ...]
    outputs: tuple[tuple[int, ...], ...]
    layers: tuple[LayerInspection, ...]
    failure: str | None
    unrecorded: int
    first_bad: tuple[str, NotFinite] | None = None
    untrained: bool = False
    notes: tuple[str, ...] = ()
