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
Number = float | Literal["NaN", "Infinity", "-Infinity"]
Status = Literal["passed", "failed", "error", "no expectations"]


class Part(BaseModel):
    """A part of the report; a later version may add keys."""

    # pydantic before 2.10 keeps names that begin with `model_` for itself, and warns of ours
    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


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
    """The scenarios that ran by status, those left out, how many expectations were judged."""

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

    dtype: str
    initial: Values
    final: Values
    timesteps: Values | None = None


class Gate(Part):
    """One gate at the kept timesteps: (kept timesteps, batch, units)."""

    dtype: str
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


class Worst(Part):
    """The element that speaks most against a condition; `place` names it in words.

    `index` is (sample, unit, ...) in the array of the quantity, `timestep` counts in the loop.
    """

    index: list[int]
    timestep: int | None
    found: Number
    expected: Number | None
    deviation: Number | None
    place: str


class Broken(Part):
    """One entry of a condition that a quantity does not meet."""

    quantity: str
    expected: str
    found: str
    worst: Worst | None


class Expectation(Part):
    """A verdict, the place of the expectation in the scenario file, and that line.

    `broken` is empty where the expectation was met.
    """

    selector: str
    condition: str
    passed: bool
    message: str
    line: int
    column: int
    broken: list[Broken]
    source: str


class MissedCall(Part):
    """A call that happened and could not be recorded."""

    layer: str
    phase: str
    epoch: int
    batch: int
    why: str
    after: int = -1


class Operation(Part):
    """One operation: what it returned, what it called, what is held after it.

    `raises` tells that an error was expected of it; `inputs` are its arguments as they are written,
    "" where nobody knows; `dtypes` has an entry for each array in
    `result` and `held`.
    """

    index: int
    operation: str
    label: str | None
    status: Status
    seconds: float
    result: Any
    error: str | None
    line: int
    column: int
    source: str
    raises: bool
    inputs: str = ""
    unrecorded: int
    on_disk: int
    missed: list[MissedCall] = []
    calls: list[Call]
    held: dict[str, dict[str, Values]]
    dtypes: dict[str, str]
    expectations: list[Expectation]


class Complaint(Part):
    """What was wrong at one place of a file; `fault` the traceback of a fault of the probe."""

    file: str
    line: int
    column: int
    message: str
    source: str
    fault: str = ""


class Layer(Part):
    """A recurrent layer of the model; `lost_mask` says which mask is destroyed on the way to it."""

    address: str
    kind: str
    states: list[str]
    stateful: bool
    lost_mask: str = ""


class BadPlace(Part):
    """Where the first NaN or infinity is: `index` is (sample, unit, ...) of a state or gate.

    `timestep` is one of the loop, or null at a moment that is none.
    """

    layer: str
    name: str
    moment: Literal["initial", "timestep", "final", "held"]
    timestep: int | None
    index: list[int]
    value: Literal["NaN", "Infinity", "-Infinity"]
    words: str


class FirstBad(BadPlace):
    """That of a scenario; `operation` and `call` count from 0, `call` is null where none had it."""

    operation: int
    call: int | None


class Answer(Part):
    """One sentence about what was seen: its kind, the layer that it is about."""

    word: str
    layer: str
    sentence: str


class Scenario(Part):
    """One scenario on one engine; `complaints` are the places of `error`, where it has any.

    `fault` is the traceback of an error that is the probe's own.
    `cached` is when it passed, where nothing changed since and it was not run again: then there
    are its verdicts, and no states.
    """

    id: str
    name: str
    description: str | None
    file: str
    engine: Literal["keras3", "tf_keras"]
    seed: int | None
    status: Status
    seconds: float
    error: str | None
    fault: str | None = None
    complaints: list[Complaint]
    exit_code: int
    cached: str | None = None
    layers: list[Layer]
    initialised: dict[str, dict[str, Values]]
    dtypes: dict[str, str]
    not_done: int
    first_bad: FirstBad | None = None
    operations: list[Operation]
    answers: list[Answer] = []
    checks: list[Expectation]


class Report(Part):
    """The report of one call of `probe run`; `not_run` are the ids that Ctrl-C left over."""

    schema_version: Annotated[int, Field(ge=1)]
    environment: Environment
    summary: Summary
    scenarios: list[Scenario]
    complaints: list[Complaint]
    interrupted: bool
    not_run: list[str]
