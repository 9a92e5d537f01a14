"""A whole scenario as it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from lstm_state_probe.errors import brief
from lstm_state_probe.scenario.text.matrix import MATRIX_SCHEMA
from lstm_state_probe.scenario.written.base import Name, Written, wrong
from lstm_state_probe.scenario.written.checks import ChecksField
from lstm_state_probe.scenario.written.data import DataField
from lstm_state_probe.scenario.written.model import Model
from lstm_state_probe.scenario.written.operations import OperationField
from lstm_state_probe.scenario.written.record import Record


def _python_file(value: str) -> str:
    if not value.endswith(".py"):
        raise wrong(f"expected a Python file that ends in .py, found {brief(value)}")
    return value


PythonFile = Annotated[
    str, AfterValidator(_python_file), Field(json_schema_extra={"pattern": r"\.py$"})
]


def _as_it_is_read(schema: dict[str, Any]) -> None:
    """Refuse names that are none."""
    schema["properties"]["data"]["additionalProperties"] = False


class Scenario(Written):
    """One scenario: a model, named arrays, and the operations to show and to judge."""

    model_config = ConfigDict(json_schema_extra=_as_it_is_read)

    name: Annotated[str, Field(pattern=r"\S")] | None = Field(
        None, description="what the report calls it; the file's stem unless given"
    )
    description: str | None = Field(None, description="the question that the scenario answers")
    tags: list[str] = Field(default_factory=list, description="words to select scenarios by")
    seed: Annotated[int, Field(ge=0, lt=2**32)] = Field(
        0, description="seeds Python, NumPy and the framework"
    )
    engine: Literal["keras3", "tf_keras"] = Field("keras3", description="which Keras runs it")
    vars: dict[Name, Any] = Field(
        default_factory=dict,
        description="values for ${name} in the file; --var name=value counts more",
    )
    matrix: Annotated[Any, WithJsonSchema(MATRIX_SCHEMA)] = Field(
        None,
        description="lists of values for ${name}; each combination is a scenario",
    )
    model: Model
    data: dict[Name, DataField] = Field(
        default_factory=dict, description="a name for each array; drawn by NumPy from the seed"
    )
    operations: Annotated[list[OperationField], Field(min_length=1)] = Field(
        description="what is done, in order"
    )
    record: Record = Field(Record(), description="what is recorded, and kept")
    checks: ChecksField | None = Field(
        None,
        description="properties of the model, as `probe check` asks them, and the verdicts that"
        " are expected; a list of names: each must hold, or not apply",
    )
    custom_objects: Annotated[list[PythonFile], Field(min_length=1)] | None = Field(
        None,
        description="Python files, relative to the scenario file, whose classes and functions may"
        " be used by name; they run only with --allow-code",
    )

    @property
    def runs_code(self) -> str | None:
        """The key that runs Python code of the user's, if there is one."""
        if self.custom_objects is not None:
            return "custom_objects"
        return "factory" if self.model.factory is not None else None
