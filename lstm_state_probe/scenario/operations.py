"""The operations of a scenario as they are written; the names and arguments are Keras's own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from lstm_state_probe.scenario.base import Label, Reference, Written, list_shape, wrong
from lstm_state_probe.scenario.conditions import Expect

Count = Annotated[int, Field(ge=1)]


class Arguments(Written):
    """The arguments of one operation."""


class Call(Arguments):
    """`model(x)`."""

    x: Reference
    training: bool | None = None
    mask: Reference | None = None


class PredictOnBatch(Arguments):
    """`model.predict_on_batch`."""

    x: Reference


class TestOnBatch(Arguments):
    """`model.test_on_batch`."""

    x: Reference
    y: Reference | None = None
    sample_weight: Reference | None = None
    return_dict: bool | None = None
    reset_metrics: bool | None = None


class TrainOnBatch(TestOnBatch):
    """`model.train_on_batch`."""

    class_weight: dict[int, float] | None = None


class Predict(Arguments):
    """`model.predict`; batches of 32 unless `batch_size` says otherwise, as Keras does."""

    x: Reference
    batch_size: Count | None = None
    verbose: int | Literal["auto"] | None = None
    steps: Count | None = None
    callbacks: list[Any] | None = None


class Evaluate(Predict):
    """`model.evaluate`."""

    y: Reference | None = None
    sample_weight: Reference | None = None
    return_dict: bool | None = None


class Fit(Arguments):
    """`model.fit`."""

    x: Reference
    y: Reference | None = None
    batch_size: Count | None = None
    epochs: Count | None = None
    verbose: int | Literal["auto"] | None = None
    callbacks: list[Any] | None = None
    validation_split: Annotated[float, Field(ge=0, lt=1)] | None = None
    validation_data: Annotated[list[Reference], Field(min_length=1, max_length=3)] | None = None
    shuffle: bool | Literal["batch"] | None = None
    class_weight: dict[int, float] | None = None
    sample_weight: Reference | None = None
    initial_epoch: Annotated[int, Field(ge=0)] | None = None
    steps_per_epoch: Count | None = None
    validation_steps: Count | None = None
    validation_batch_size: Count | None = None
    validation_freq: Count | list[int] | None = None


class ResetStates(Arguments):
    """Keras's own reset of the engine, of the whole model or of one layer."""

    layer: str | None = None


def _state_value(value: Any) -> Any:
    if isinstance(value, (str, dict)):
        if isinstance(value, str):
            return value
        raise wrong("a state is set to zeros, a nested list, a data name, or a snapshot's label")
    list_shape(value)
    return value


StateValue = Annotated[
    Any,
    AfterValidator(_state_value),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"$ref": "#/definitions/numbers"}]}),
]


class Reload(Arguments):
    """Save the model, load it, and go on with the loaded one."""

    format: Literal["keras", "h5"] = "keras"


class Repeat(Arguments):
    """Do operations several times."""

    times: Count
    operations: Annotated[list[OperationField], Field(min_length=1)]


def _regular_expression(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise wrong(f"not a regular expression: {error}") from error
    return value


Regex = Annotated[str, AfterValidator(_regular_expression)]


class EngineRaises(Written):
    """An error that is expected on one engine alone."""

    keras3: Regex | None = None
    tf_keras: Regex | None = None


def _raises_form(value: Any) -> Any:
    return {"keras3": value, "tf_keras": value} if isinstance(value, str) else value


RaisesField = Annotated[
    EngineRaises,
    BeforeValidator(_raises_form),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "regex"},
                {
                    "type": "object",
                    "properties": {"keras3": {"type": "string"}, "tf_keras": {"type": "string"}},
                    "additionalProperties": False,
                },
            ],
            "description": "a regular expression that the operation's error must match",
        }
    ),
]


class Operation(Written):
    """One operation: exactly one name with its arguments, and what is said about it."""

    call: Call | None = None
    predict: Predict | None = None
    predict_on_batch: PredictOnBatch | None = None
    train_on_batch: TrainOnBatch | None = None
    test_on_batch: TestOnBatch | None = None
    fit: Fit | None = None
    evaluate: Evaluate | None = None
    reset_states: ResetStates | None = None
    set_states: Annotated[dict[str, StateValue], Field(min_length=1)] | None = None
    reload: Reload | None = None
    repeat: Repeat | None = None

    label: Label | None = None
    expect: Expect | None = None
    raises: RaisesField | None = None
    allow_partial_batch: bool = False

    @model_validator(mode="after")
    def _exactly_one(self) -> Operation:
        named = [name for name in OPERATIONS if getattr(self, name) is not None]
        if len(named) != 1:
            found = f"found {' and '.join(named)}" if named else "found none"
            raise wrong(f"an entry holds exactly one operation, {found}; {_allowed()}")
        return self

    @property
    def name(self) -> str:
        """The operation's name, such as `train_on_batch`."""
        return next(name for name in OPERATIONS if getattr(self, name) is not None)

    @property
    def arguments(self) -> Any:
        """The arguments as they were written."""
        return getattr(self, self.name)


_ABOUT = ("label", "expect", "raises", "allow_partial_batch")
OPERATIONS = tuple(name for name in Operation.model_fields if name not in _ABOUT)


def _allowed() -> str:
    return "allowed: " + ", ".join(OPERATIONS)


def _bare_form(value: Any) -> Any:
    """Let `reset_states` stand for `reset_states: {}`, as a word or with nothing after it."""
    from lstm_state_probe.errors import nearest

    if isinstance(value, str):
        if value not in OPERATIONS:
            raise wrong(f"{value!r} is not an operation; {_allowed()}{nearest(value, OPERATIONS)}")
        return {value: {}}
    if isinstance(value, dict):
        return {k: {} if k in OPERATIONS and v is None else v for k, v in value.items()}
    return value


OperationField = Annotated[
    Operation,
    BeforeValidator(_bare_form),
    Field(description="one operation, a word or a mapping with exactly one operation's name"),
]
Repeat.model_rebuild()
Operation.model_rebuild()
