"""What is checked: one model, a batch for it, and what is known of both before a check is drawn."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lstm_state_probe.checks.lengths import Lengths
from lstm_state_probe.checks.masks import Masks
from lstm_state_probe.scenario.read import ScenarioFile
from lstm_state_probe.scenario.written.conditions import TOLERANCE


class DoesNotApply(Exception):
    """A property has no sense for a subject; the message says why, as part of a sentence."""


@dataclass(frozen=True)
class Part:
    """A recurrent layer of the subject; `top` is the layer of the model that holds it.

    `nested` tells that `top` is a model of its own, `sliced` that it calls the layer for each of
    several slices, `readable` that its output can be read by a second model. The rest is what a
    call of the model showed: whether it moved a state, how often the layer ran, over how many
    timesteps and rows, and whether these `follow` the timesteps of the input; `sizes` are max|.| of
    each state at the end. `empty` tells that what a stateful layer holds when it is built is zero.
    """

    address: str
    states: tuple[str, ...]
    gates: tuple[str, ...]
    stateful: bool
    top: str
    nested: bool = False
    sliced: bool = False
    backwards: bool = False
    readable: bool = True
    empty: bool = True
    moved: bool = True
    uses: int = 1
    timesteps: int = 0
    rows: int | None = None
    follows: bool = True
    sizes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """A model as it is written, the arrays that feed it, and what the built model says.

    `x` and `y` are references into `data`, as an operation takes them. `sequences` names the
    arrays whose second axis counts timesteps. `free` is the model with any number of timesteps,
    None where it takes only its own; `lengths` is what such a model made of other numbers.
    `masks` says how it is padded with a mask. `highest` is the largest number of an array of
    indices. `others` has for each row of a batch the index of a sample unlike it, and is empty
    where all are the same. `repeats` tells whether the same input gives the same bits again.
    `fits` are the arguments of the scenario's own fits, none where Keras's defaults are meant, None
    where nothing is fitted. `noisy` tells that training draws something anew, `apart` that its
    passes differ from predictions. `close` is the tolerance of a comparison of numbers near 1,
    `results` has max|.| of each array that the model returns, None for one without a row a sample.
    `untrained` says that Keras drew the weights. `beside` are further keys of the scenario.
    """

    file: ScenarioFile
    engine: str
    model: Mapping[str, Any]
    free: Mapping[str, Any] | None
    data: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]
    highest: Mapping[str, int]
    x: Any
    y: Any
    sequences: tuple[str, ...]
    batch: int
    rows: int
    parts: tuple[Part, ...]
    others: tuple[int, ...] = ()
    masks: Masks = field(default_factory=Masks)
    lengths: Lengths = field(default_factory=Lengths)
    repeats: bool = True
    compiled: bool = False
    noisy: bool = False
    apart: bool = False
    fits: tuple[Mapping[str, Any], ...] | None = None
    close: float = TOLERANCE
    results: tuple[float | None, ...] = ()
    untrained: bool = False
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stateful(self) -> tuple[Part, ...]:
        """The layers that keep their states from call to call."""
        return tuple(part for part in self.parts if part.stateful)

    @property
    def timesteps(self) -> int:
        """The timesteps of the first sequence; 0 where there is none."""
        return self.shapes[self.sequences[0]][1] if self.sequences else 0


def freed(model: Mapping[str, Any], inputs: Sequence[str | None]) -> dict[str, Any] | None:
    """Return a written model that takes any number of timesteps at these inputs.

    `None` names the input of a chain. None is returned for a model that is not written out.
    """
    made = copy.deepcopy(dict(model))
    for name in inputs:
        shape = made.get("batch_shape") if name is None else _shape(made, name)
        if not isinstance(shape, list) or len(shape) < 2:
            return None
        shape[1] = None
    return made


def _shape(model: Mapping[str, Any], name: str) -> Any:
    return ((model.get("inputs") or {}).get(name) or {}).get("batch_shape")
