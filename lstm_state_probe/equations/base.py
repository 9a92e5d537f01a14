"""What the equations of a cell take and give, and what a run of them holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Activation: TypeAlias = Callable[[Array], Array]
Blocks: TypeAlias = tuple[Array, ...]
"""One array for each block of units in Keras's kernel, in its order: LSTM i f g o, GRU z r g."""


class NoEquations(KeyError):
    """The witness knows nothing of this family of layers, or of this activation."""

    def __str__(self) -> str:
        """Return the message as written; a KeyError would quote it."""
        return str(self.args[0])


class Parameters(NamedTuple):
    """The weights of a layer, cut into blocks of units."""

    W: Blocks  # kernel, each (features, units); of a convolution (…, channels, filters)
    U: Blocks  # recurrent kernel, each (units, units), or (…, filters, filters)
    b: Blocks  # bias, each (units,); zeros where the layer has none
    d: Blocks  # recurrent bias, each (units,); zeros but in a GRU that resets after


class Before(NamedTuple):
    """What a timestep starts from: the state before it and the input at it.

    `x` (batch, features) and `h` (batch, units) come once for each block, because each may have
    gone through a dropout mask of its own; `states`, each (batch, units), went through none.
    """

    x: Blocks
    h: Blocks
    states: Mapping[str, Array]


class After(NamedTuple):
    """The states and gates that a timestep computed, each (batch, units)."""

    states: Mapping[str, Array]
    gates: Mapping[str, Array]


class Equations(Protocol):
    """A family of recurrent layers as its papers write it down."""

    states: ClassVar[tuple[str, ...]]
    gates: ClassVar[tuple[str, ...]]
    blocks: ClassVar[int]

    @classmethod
    def from_config(cls, config: Mapping[str, object], *, engine: str) -> Equations:
        """Read what the equations depend on from Keras's `get_config()`."""
        ...

    def state_shape(self, features: tuple[int, ...], parameters: Parameters) -> tuple[int, ...]:
        """Return the shape of a state of one sample, for inputs of this shape a timestep."""
        ...

    def step(self, before: Before, parameters: Parameters) -> After:
        """Compute one timestep."""
        ...


@dataclass(frozen=True)
class Trajectory:
    """Every state and gate of one run, each (timesteps, batch, units), as read-only copies.

    Of a convolution they are (timesteps, batch, …, filters). The timesteps are in the order of
    processing. At a masked timestep a state is the held one, a gate is what was computed and then
    not used. `final` holds each state after the last timestep, (batch, units): the initial one if
    there was no timestep.
    """

    states: Mapping[str, Array]
    gates: Mapping[str, Array]
    final: Mapping[str, Array]

    def __post_init__(self) -> None:
        for name in ("states", "gates", "final"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))


def _read_only(arrays: Mapping[str, Array]) -> Mapping[str, Array]:
    copies = {name: array.copy() for name, array in arrays.items()}
    for copy in copies.values():
        copy.flags.writeable = False
    return MappingProxyType(copies)
