"""The JSON report as models: what is written conforms to them, and the schema is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

_SPECIAL = ("NaN", "Infinity", "-Infinity")
_VALUES: dict[str, Any] = {
    "anyOf": [
        {"type": ["number", "boolean"]},
        {"enum": list(_SPECIAL)},
        {"type": "array", "items": {"$ref": "#/definitions/values"}},
    ]
}
Values = Annotated[Any, WithJsonSchema({"$ref": "#/definitions/values"})]
DEFINITIONS = {"values": _VALUES}
Status = Literal["passed", "failed", "error", "no expectations"]


class Part(BaseModel):
    """A part of the report; a later version may add keys."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Environment(Part):
    """What the report was made with; one entry more for each engine."""

    lstm_state_probe: str
    python: str
    tensorflow: str
    numpy: str
    platform: str
    devices: list[str]
    keras: str | None = None
    tf_keras: str | None = None


class Summary(Part):
    """The scenarios by status, and how many expectations were judged."""

    scenarios: int
    passed: int
    failed: int
    errors: int
    no_expectations: int
    cached: int
    not_run: int
    expectations: int
    seconds: float


class State(Part):
    """One state in one call: (batch, units); `timesteps` is (kept timesteps, batch, units)."""

    initial: Values
    final: Values
    timesteps: Values | None = None


class Gate(Part):
    """One gate at the kept timesteps: (kept timesteps, batch, units)."""

    timesteps: Values


class Call(Part):
    """One call of one recurrent layer; `batch` and `epoch` count from 0."""

    layer: str
    batch: int
    epoch: int | None
    phase: Literal["train", "test", "predict"]
    use: int
    timesteps: int
    mask: Values | None
    origin: dict[str, str]
    origin_words: dict[str, str]
    verified: bool | None
    deviation: float | None
    verified_why: str
    note: str
    kernel: Literal["generic", "cudnn"]
    replayed: float | Literal["NaN", "Infinity"] | None
    kept: list[int]
    backwards: bool
    states: dict[str, State]
    gates: dict[str, Gate]


class Expectation(Part):
    """A verdict and the place of the expectation in the scenario file."""

    selector: str
    condition: str
    passed: bool
    message: str
    line: int
    column: int


class Operation(Part):
    """One operation: what it returned, what it called, what is held after it."""

    index: int
    operation: str
    label: str | None
    status: Status
    seconds: float
    result: Any
    error: str | None
    line: int
    column: int
    unrecorded: int
    calls: list[Call]
    held: dict[str, dict[str, Values]]
    expectations: list[Expectation]


class Layer(Part):
    """A recurrent layer of the model."""

    address: str
    kind: str
    states: list[str]
    stateful: bool


class Scenario(Part):
    """One scenario on one engine.

    `cached` is when it passed, where nothing changed since and it was not run again: then there
    are its verdicts, and no states.
    """

    id: str
    name: str
    description: str | None
    file: str
    engine: Literal["keras3", "tf_keras"]
    seed: int
    status: Status
    seconds: float
    error: str | None
    cached: str | None
    layers: list[Layer]
    initialised: dict[str, dict[str, Values]]
    not_done: int
    operations: list[Operation]


class Complaint(Part):
    """What was wrong in a file that could not be read."""

    file: str
    line: int
    column: int
    message: str


class Report(Part):
    """The report of one call of `probe run`; `not_run` are the ids that Ctrl-C left over."""

    schema_version: Annotated[int, Field(ge=1)]
    environment: Environment
    summary: Summary
    scenarios: list[Scenario]
    complaints: list[Complaint]
    interrupted: bool
    not_run: list[str]
