"""What an engine must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from lstm_state_probe.arrays import Array
from lstm_state_probe.engines.starts.starting import Starts
from lstm_state_probe.engines.tap.recipe import Leaf, Recipe
from lstm_state_probe.engines.wrapping import Release

GENERIC, CUDNN = "generic", "cudnn"
"""The kernels: Keras's own loop, and the fused one of a GPU."""


@dataclass
class Kernel:
    """The kernel of one call while it is traced, or runs eagerly.

    `runtime` is a tensor where TensorFlow chooses as it runs. `inputs` is what a fused kernel was
    given: (batch, timesteps, features) after the layer's dropout. `forced` says that the loop
    computes only because the fused kernel was kept away.
    """

    name: str = GENERIC
    runtime: Any | None = None
    inputs: Any | None = None
    forced: bool = False

    @property
    def may_be_fused(self) -> bool:
        """Whether nothing per timestep may come of the call."""
        return self.name == CUDNN or self.runtime is not None


@dataclass(frozen=True)
class CallTensors:
    """The tensors of one call of a recurrent layer, eager or in a graph that is being traced.

    `initial` and `final` are flat, in the order in which Keras keeps the states: (batch, units).
    `dropout` holds the masks that stay for the whole call, (batch, n), by (cell, kind, number); one
    that the inputs went through before the loop is (batch, timesteps, n), in their order.
    `given` tells whether the call starts from states that it was given: a tensor of one boolean
    where that is decided as it runs. `start` tells what each of the initial ones was made from.
    `frame` is one for the timesteps and the call itself; `lost` says why timesteps or gates are
    missing. Nested `sequences` are as the layer was given them; with `time_major` their first axis
    is time.
    """

    sequences: Any
    initial: Sequence[Any]
    final: Sequence[Any]
    mask: Any | None
    given: Any
    training: bool | None
    kernel: Kernel = field(default_factory=Kernel)
    start: Starts = field(default_factory=dict)
    dropout: Mapping[tuple[int, str, int], Any] = field(default_factory=dict)
    frame: Any = None
    lost: str = ""
    time_major: bool = False


Quantity = int | Leaf | tuple[int, str] | tuple[int, str, int]
"""What a loop keeps: the flat index of a state, what gates are made from, (cell, gate) where it is
the gate itself, or (cell, kind, number) of a mask."""


@dataclass(frozen=True)
class StepTensors:
    """What one call's loop gave: for each group a tensor, or a list of tensors (a variant).

    It is (timesteps, quantities, batch, …), or (timesteps, batch, …) for a group of one, kept as
    `kept_as`, which may be integers. `names` tells the quantities of each group; dropout masks
    are in groups of their own. `recipes` tells how gates are made from leaves.
    """

    names: tuple[tuple[Quantity, ...], ...]
    dtypes: tuple[Any, ...]
    kept_as: tuple[Any, ...]
    arrays: tuple[Any, ...]
    recipes: Mapping[tuple[int, str], Recipe] = field(default_factory=dict)
    frame: Any = None


Observe = Callable[[CallTensors], None]


@dataclass(frozen=True)
class Watch:
    """What is to be observed of a layer.

    `steps` gets the timesteps of a call, in the graph in which its loop runs and before `call`
    gets the call itself; None where they are not wanted. `states` and `gates` tell what is. `masks`
    tells from the inputs of a call whether dropout masks are, where they change with the timestep.
    `generic` asks for Keras's own loop where a GPU has a fused kernel. `written` is told the flat
    index of a state that somebody else than the layer assigned. `missed` is told why a call is not
    recorded at all; `refusal` says, while one is traced, why it cannot be ('' if it can);
    `compiled`, whether it is traced for XLA.
    """

    call: Observe
    reset: Callable[[], None]
    steps: Callable[[StepTensors], None] | None = None
    states: bool = True
    gates: bool = False
    masks: Callable[[Any], bool] = lambda inputs: False
    compiled: Callable[[], bool] = lambda: False
    generic: bool = False
    written: Callable[[int], None] = lambda index: None
    missed: Callable[[str], None] = lambda why: None
    refusal: Callable[[], str] = lambda: ""


class Engine(Protocol):
    """The verbs in which the two Kerases differ."""

    name: str
    package: str
    keras: ModuleType

    def version(self) -> str:
        """Return the version of the Keras package."""
        ...

    def seed(self, seed: int) -> None:
        """Seed Python, NumPy and the framework, as Keras's own utility does."""
        ...

    def clear(self) -> None:
        """Forget the models and graphs of the session."""
        ...

    def policy(self, name: str | None) -> AbstractContextManager[None]:
        """Make a dtype policy the default for as long as layers are made."""
        ...

    def build_optimizer(self, model: Any) -> None:
        """Make the optimizer's variables, so that the first training is traced once."""
        ...

    def jit_compiled(self, model: Any) -> bool:
        """Tell whether the model's functions are compiled by XLA."""
        ...

    def steps_per_execution(self, model: Any) -> int:
        """Return how many batches one execution of the model's functions runs."""
        ...

    def retrace(self, model: Any) -> None:
        """Forget the traced functions of a model; the next operation traces anew."""
        ...

    def held(self, layer: Any) -> list[Array]:
        """Return copies of what a stateful layer holds, flat; [] for any other."""
        ...

    def assign(self, layer: Any, values: dict[int, Array]) -> None:
        """Assign values to state variables by their flat index.

        Raises:
            ValueError: if the layer holds no states, or a shape differs.
        """
        ...

    def streams(self, model: Any) -> list[Any]:
        """Return the variables of the random streams that the model's layers own."""
        ...

    def reset_states(self, model: Any, layers: Sequence[Any]) -> None:
        """Reset the states by Keras's own means for a whole model with these recurrent layers."""
        ...

    def reset_layer(self, layer: Any) -> None:
        """Reset the states of one layer by Keras's own method."""
        ...

    def reset_apis(self) -> dict[str, str]:
        """Say which reset methods a layer and a model have, for `probe doctor`."""
        ...

    def noting_builds(self) -> AbstractContextManager[None]:
        """Note in the block what stateful layers are built with, for `starting.built_with`."""
        ...

    def preserve(self, model: Any) -> Release:
        """Note all that a call of a model may move; the result puts it back, bit for bit."""
        ...

    def intercept(self, layer: Any, watch: Watch) -> Release:
        """Have every call and every reset of a recurrent layer observed, until released."""
        ...


def to_numpy(value: Any) -> Array:
    """Copy a variable or tensor to NumPy."""
    return np.array(value.numpy() if hasattr(value, "numpy") else value)
