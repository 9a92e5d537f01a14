"""The operations of a scenario as they are written; the names and arguments are Keras's own."""

from __future__ import annotations

import re
import warnings
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from lstm_state_probe.errors import brief, nearest
from lstm_state_probe.scenario.written.base import (
    NUMBERS_REF,
    AlsoWritten,
    Label,
    Reference,
    Written,
    list_shape,
    wrong,
)
from lstm_state_probe.scenario.written.conditions import Expect

Count = Annotated[int, Field(ge=1)]
ClassWeight = Annotated[
    dict[int, float], Field(json_schema_extra={"propertyNames": {"pattern": "^[0-9]+$"}})
]


def _verbose(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if value is not None and not whole and value != "auto":
        raise wrong(f"expected a whole number or 'auto', found {brief(value)}")
    return value


def _shuffle(value: Any) -> Any:
    if value is not None and not isinstance(value, bool) and value != "batch":
        raise wrong(f"expected true, false or 'batch', found {brief(value)}")
    return value


def _frequency(value: Any) -> Any:
    epochs = value if isinstance(value, list) else [value]
    fits = [isinstance(e, int) and not isinstance(e, bool) and e >= 1 for e in epochs]
    if value is not None and not (fits and all(fits)):
        raise wrong(f"expected a whole number from 1, or a list of epochs, found {brief(value)}")
    return value


Verbose = Annotated[
    Any,
    BeforeValidator(_verbose),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"const": "auto"}]}),
]
Shuffle = Annotated[
    Any, BeforeValidator(_shuffle), WithJsonSchema({"enum": [True, False, "batch"]})
]
_EPOCH: dict[str, Any] = {"type": "integer", "minimum": 1}
Frequency = Annotated[
    Any,
    BeforeValidator(_frequency),
    WithJsonSchema({"anyOf": [_EPOCH, {"type": "array", "items": _EPOCH, "minItems": 1}]}),
]


class Arguments(Written):
    """The arguments of one operation; null is Keras's own None."""

    null_allowed: ClassVar[bool] = True


class Call(Arguments):
    """`model(x)`."""

    x: Reference
    training: bool | None = None
    mask: Reference | None = None


class PredictOnBatch(Arguments):
    """`model.predict_on_batch`."""

    x: Reference


class InnerOutput(Arguments):
    """`keras.Model(model.inputs, model.get_layer(layer).output)`, and its `predict_on_batch`."""

    layer: str = Field(description="the layer of the model whose output is read")
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

    class_weight: ClassWeight | None = None


class Predict(Arguments):
    """`model.predict`; batches of 32 unless `batch_size` says otherwise, as Keras does."""

    x: Reference
    batch_size: Count | None = None
    verbose: Verbose | None = None
    steps: Count | None = None
    callbacks: list[Any] | None = None
    max_queue_size: Count | None = None
    workers: Count | None = None
    use_multiprocessing: bool | None = None


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
    verbose: Verbose | None = None
    callbacks: list[Any] | None = None
    validation_split: Annotated[float, Field(ge=0, lt=1)] | None = None
    validation_data: Annotated[list[Reference], Field(min_length=1, max_length=3)] | None = None
    shuffle: Shuffle | None = None
    class_weight: ClassWeight | None = None
    sample_weight: Reference | None = None
    initial_epoch: Annotated[int, Field(ge=0)] | None = None
    steps_per_epoch: Count | None = None
    validation_steps: Count | None = None
    validation_batch_size: Count | None = None
    validation_freq: Frequency | None = None
    max_queue_size: Count | None = None
    workers: Count | None = None
    use_multiprocessing: bool | None = None


class ResetStates(Arguments):
    """Keras's own reset of the engine, of the whole model or of one layer."""

    layer: str | None = Field(None, description="one layer; all of them unless given")


def _state_value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if not isinstance(value, (list, int, float)):
        allowed = "zeros, a nested list, the name of an array, the label of an operation"
        raise wrong(f"a state cannot be set to {brief(value)}; allowed: {allowed}")
    list_shape(value)
    return value


StateValue = Annotated[
    Any,
    AfterValidator(_state_value),
    WithJsonSchema({"anyOf": [{"type": "string"}, NUMBERS_REF]}),
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise wrong(f"not a regular expression: {error}") from error
    return value


Regex = Annotated[
    str, AfterValidator(_regular_expression), Field(json_schema_extra={"format": "regex"})
]

Raises = Regex | Literal[False]


def _some_engine(schema: dict[str, Any]) -> None:
    schema["minProperties"] = 1


class EngineRaises(Written):
    """An error that is expected on one engine alone."""

    model_config = ConfigDict(json_schema_extra=_some_engine)

    keras3: Raises | None = Field(None, description="must match the error on keras3")
    tf_keras: Raises | None = Field(None, description="must match the error on tf_keras")

    @model_validator(mode="after")
    def _something(self) -> EngineRaises:
        if self.keras3 is None and self.tf_keras is None:
            raise wrong("expected a regular expression, or one under keras3 or tf_keras")
        return self

    def on(self, engine: str) -> str | None:
        """Return the regular expression that an engine's error must match."""
        found: str | bool | None = getattr(self, engine)
        return found if isinstance(found, str) else None

    def forbidden_on(self, engine: str) -> bool:
        """Tell whether an error is an expectation not met, and no end in an error."""
        return getattr(self, engine) is False


def _raises_form(value: Any) -> Any:
    if isinstance(value, str) or value is False:
        return {"keras3": value, "tf_keras": value}
    if not isinstance(value, dict):
        raise wrong(
            f"expected a regular expression, or false, found {brief(value)}; a number wants quotes"
        )
    return value


RaisesField = Annotated[
    EngineRaises,
    BeforeValidator(_raises_form),
    AlsoWritten(({"type": "string", "format": "regex"}, {"const": False})),
]


def _one_operation(schema: dict[str, Any]) -> None:
    schema["oneOf"] = [{"required": [name]} for name in OPERATIONS]
    for name in BARE:
        schema["properties"][name] = {"anyOf": [schema["properties"][name], {"type": "null"}]}


class Operation(Written):
    """One operation: exactly one name with its arguments, and what is said about it."""

    model_config = ConfigDict(json_schema_extra=_one_operation)

    call: Call | None = None
    predict: Predict | None = None
    predict_on_batch: PredictOnBatch | None = None
    inner_output: InnerOutput | None = None
    train_on_batch: TrainOnBatch | None = None
    test_on_batch: TestOnBatch | None = None
    fit: Fit | None = None
    evaluate: Evaluate | None = None
    reset_states: ResetStates | None = None
    set_states: Annotated[dict[str, StateValue], Field(min_length=1)] | None = Field(
        None, description="{address: zeros | a list | the name of an array | a label}"
    )
    reload: Reload | None = None
    repeat: Repeat | None = None

    label: Label | None = Field(None, description="a name to refer to this operation by")
    expect: Expect | None = Field(None, description="selectors and what must hold of them")
    raises: RaisesField | None = Field(
        None,
        description="a regular expression that the operation's error must match; false: none",
    )
    allow_partial_batch: bool = Field(
        False, description="let Keras have a batch that does not fit a stateful layer"
    )

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
BARE = ("reset_states", "reload")


def _allowed() -> str:
    return "allowed: " + ", ".join(OPERATIONS)


def _bare_form(value: Any) -> Any:
    """Let `reset_states` stand for `reset_states: {}`, as a word or with nothing after it."""
    if isinstance(value, str):
        if value not in OPERATIONS:
            raise wrong(
                f"{brief(value)} is not an operation; {_allowed()}{nearest(value, OPERATIONS)}"
            )
        return {value: {}}
    if not isinstance(value, dict):
        raise wrong(f"expected an operation, found {brief(value)}; {_allowed()}")
    return {k: {} if k in OPERATIONS and v is None else v for k, v in value.items()}


OperationField = Annotated[
    Operation,
    BeforeValidator(_bare_form),
    AlsoWritten(({"enum": list(BARE)},)),
    Field(description="one operation, a word or a mapping with exactly one operation's name"),
]
Repeat.model_rebuild()
Operation.model_rebuild()
