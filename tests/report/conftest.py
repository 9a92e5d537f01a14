"""Reports built by hand, and the page they are shown on; no TensorFlow."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lstm_state_probe.expectations.judge import Verdict
from lstm_state_probe.recording.call import Call, Origin, State
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.report.table import Tables

MADE = Origin("zeros", "zeros: stateless, made for this call")


class Made:
    """Makes the parts of a report; whatever is not said has a plain default."""

    @staticmethod
    def call(initial: Any, final: Any, *, layer: str = "lstm", **other: Any) -> Call:
        """`steps` is h over the kept timesteps, `gates` name to the same, `mask` as of a Call."""
        steps = other.pop("steps", None)
        origin = other.pop("origin", MADE)
        states = {"h": State(np.asarray(initial), np.asarray(final), origin, steps)}
        count = 5 if steps is None else len(steps)
        place = {"phase": "predict", "epoch": -1, "batch": 0, "use": 0, "timesteps": count}
        kept = () if steps is None else tuple(range(count))
        return Call(layer=layer, **{"mask": None, "states": states, "kept": kept, **place, **other})

    @staticmethod
    def recorded(steps: Any, **other: Any) -> Call:
        """A call that starts at zeros and went through `steps`, (kept timesteps, batch, units)."""
        steps = np.asarray(steps)
        zeros = np.zeros(steps.shape[1:], steps.dtype)
        return Made.call(zeros, steps[-1] if len(steps) else zeros, steps=steps, **other)

    @staticmethod
    def verdict(**other: Any) -> Verdict:
        plain = {"selector": "lstm/h", "condition": "changed", "passed": True, "message": "it did"}
        return Verdict(**{**plain, "line": 18, "column": 7, **other})

    @staticmethod
    def operation(
        *calls: Call, verdicts: tuple[Verdict, ...] = (), **other: Any
    ) -> OperationReport:
        failure = other.pop("failure", None)
        outcome = Outcome(
            operation=other.get("operation", "predict"),
            label=other.get("label"),
            calls=calls,
            before=other.pop("before", {}),
            held=other.pop("held", {}),
            result=other.pop("result", None),
            failure=Failure(*failure) if failure else None,
            unrecorded=other.pop("unrecorded", 0),
            on_disk=other.pop("on_disk", 0),
        )
        plain = {"index": 0, "operation": "predict", "label": None, "line": 16, "column": 5}
        return OperationReport(outcome=outcome, verdicts=verdicts, **{**plain, **other})

    @staticmethod
    def scenario(*operations: OperationReport, **other: Any) -> ScenarioReport:
        plain = {
            "id": "a.yaml::story",
            "name": "story",
            "description": None,
            "file": "a.yaml",
            "engine": "keras3",
            "seed": 7,
            "status": "passed",
            "seconds": 1.0,
            "layers": (LayerReport("lstm", "LSTM", ("h",), other.pop("stateful", False)),),
            "initialised": {},
            "error": None,
            "exit_code": 0,
        }
        return ScenarioReport(operations=operations, **{"not_done": 0, **plain, **other})


def _page(
    *scenarios: ScenarioReport,
    width: int = 80,
    end: bool = False,
    encoding: str = "utf-8",
    console: dict[str, Any] | None = None,
    complaints: tuple[Any, ...] = (),
    **options: Any,
) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    tables = Tables(Console(file=file, width=width, **(console or {})), ShowOptions(**options))
    for report in scenarios:
        tables.scenario(report)
    if end:
        tables.end(SuiteReport({}, scenarios, complaints, 1.0))
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.fixture(scope="session")
def made() -> type[Made]:
    return Made


@pytest.fixture(scope="session")
def page() -> Callable[..., str]:
    """Show scenarios on a page of some width; return what was written."""
    return _page
