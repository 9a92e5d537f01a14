"""A whole scenario as it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lstm_state_probe.scenario.base import LATER, Name, Written, wrong
from lstm_state_probe.scenario.data import DataField
from lstm_state_probe.scenario.model import Model
from lstm_state_probe.scenario.operations import OperationField


def _later(value: Any) -> Any:
    raise wrong(LATER)


class Scenario(Written):
    """One scenario: a model, named arrays, and the operations to show and to judge."""

    name: Annotated[str, Field(min_length=1)] | None = None
    description: str | None = None
    tags: list[str] = []
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    engine: Literal["keras3", "tf_keras"] = "keras3"
    model: Model
    data: dict[Name, DataField] = {}
    operations: Annotated[list[OperationField], Field(min_length=1)]
    custom_objects: Annotated[list[str], BeforeValidator(_later)] | None = None
