"""The JSON of `probe inspect` as models; the schema is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from lstm_state_probe.report.json.document import (
    DEFINITIONS,
    Answer,
    BadPlace,
    Environment,
    Part,
    Values,
)
from lstm_state_probe.scenario.written.schema import draft7

Axes = list[int | None]


class Input(Part):
    """An input of the calls; `high` is given for integers that were generated: below it."""

    name: str
    shape: list[int]
    dtype: str
    generated: bool
    low: int
    high: int | None


class State(Part):
    """A state of a layer; null in `shape` where any size will do, `held` what is held now."""

    name: str
    shape: Axes
    dtype: str
    stored: str | None
    origin: str | None
    origin_words: str | None
    held: Values | None


class Mask(Part):
    """The mask of a layer, and the layers that made it, none where the model does not tell.

    `received` is null where no call reached the layer.
    """

    supported: bool
    received: bool | None
    made_by: list[str]
    hides: Literal["nothing", "the end", "a whole row", "other timesteps"] | None
    zero_output: bool | None


class Reset(Part):
    """The reset of a layer; null where there is nothing to reset, or no such method."""

    methods: list[str]
    works: bool | None
    why: str
    by_model: bool | None
    model_why: str


class Kernel(Part):
    """What computes the layer here, and whether cuDNN would on a GPU."""

    here: str
    why: str
    cudnn: bool
    leaves: list[str]
    refuses: str
    refused: bool | None


class Change(Part):
    """What a call did to a state: (batch, units) at its start and its end."""

    origin: str
    origin_words: str
    initial: Values
    final: Values
    change: float | None
    carried: bool


class Call(Part):
    """One of the calls that were made."""

    name: str
    uses: int
    timesteps: int
    states: dict[str, Change]


class Layer(Part):
    """A recurrent layer."""

    address: str
    kind: str
    inside: str | None
    units: list[int]
    states: list[State]
    gates: list[str]
    stateful: bool
    batch: int | None
    return_sequences: bool
    return_state: bool
    direction: Literal["forward", "backward"]
    mask: Mask
    reset: Reset
    kernel: Kernel
    calls: list[Call]


class FirstBad(BadPlace):
    """The first NaN or infinity of the calls that were made; `call` is the name of one."""

    call: str


class InspectionDocument(Part):
    """What `probe inspect --json` prints; `notes` say what was loaded otherwise than saved."""

    schema_version: Annotated[int, Field(ge=1)]
    environment: Environment
    file: str | None
    model: str
    kind: str
    engine: Literal["keras3", "tf_keras"]
    inputs: list[Input]
    outputs: list[list[int]]
    failure: str | None
    unrecorded: int
    first_bad: FirstBad | None = None
    untrained: bool
    notes: list[str] = Field(default_factory=list)
    layers: list[Layer]
    answers: list[Answer]


def inspection_schema() -> dict[str, Any]:
    """Return the draft-07 schema of the JSON of `probe inspect`."""
    return draft7(InspectionDocument, definitions=DEFINITIONS, mode="serialization")
