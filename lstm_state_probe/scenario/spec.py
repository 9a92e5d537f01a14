"""A whole scenario as it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from lstm_state_probe.scenario.base import Name, Written, later
from lstm_state_probe.scenario.data import DataField
from lstm_state_probe.scenario.model import Model
from lstm_state_probe.scenario.operations import OperationField
from lstm_state_probe.scenario.record import Record


def _as_it_is_read(schema: dict[str, Any]) -> None:
    """Leave out what is refused, and refuse names that are none."""
    del schema["properties"]["custom_objects"]
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
    model: Model
    data: dict[Name, DataField] = Field(
        default_factory=dict, description="a name for each array; drawn by NumPy from the seed"
    )
    operations: Annotated[list[OperationField], Field(min_length=1)] = Field(
        description="what is done, in order"
    )
    record: Record = Field(Record(), description="what is recorded, and kept")
    custom_objects: Annotated[list[str] | None, BeforeValidator(later)] = None
