"""Reports built by hand, and the page they are shown on; no TensorFlow."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from lstm_state_probe.errors import Complaint
from lstm_state_probe.expectations.verdict import Broken, Spot, Verdict, Worst
from lstm_state_probe.recording.call import Call, Origin, State, Verified
from lstm_state_probe.recording.outcome import Failure, Outcome
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import LayerReport, OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.report.terminal.tables import Tables

MADE = Origin("zeros", "zeros: stateless, made for this call")

ENVIRONMENT = {
    "lstm_state_probe": "0",
    "python": "3",
    "tensorflow": "2",
    "numpy": "2",
    "platform": "Linux",
    "devices": ["CPU"],
    "keras": "3",
}


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
    def broken(**other: Any) -> Verdict:
        """A verdict that failed, as the judge makes it."""
        worst = Worst((0, 3), 5, 0.4361, None, 0.4361)
        broken = Broken("lstm/h", "zeros", "2 of 8 not zero", worst)
        at = Spot(18, 7, "      lstm/h: zeros")
        return replace(Verdict.failing("lstm/h", "zeros", broken, at=at), **other)

    @classmethod
    def suite(cls, *scenarios: ScenarioReport, **other: Any) -> SuiteReport:
        plain = {"environment": ENVIRONMENT, "complaints": (), "seconds": 2.0}
        return SuiteReport(scenarios=scenarios, **{**plain, **other})

    @classmethod
    def everything(cls) -> SuiteReport:
        """One scenario of each status, and a file that could not be read."""
        h = np.array([[0.1, np.nan, -0.0], [np.inf, -np.inf, 1e-8]], np.float32)
        zeros, steps = np.zeros_like(h), np.stack([h, h + 1])
        origin = Origin("learned", "learned: cell/<start>")
        call = cls.call(zeros, h, phase="train", epoch=1, steps=steps, origin=origin)
        both = {"gates": {"f": steps}, "kept": (0, 1), "timesteps": 2}
        half = cls.call(h.astype(np.float16), h.astype(np.float16), **both)
        masked = replace(half, mask=np.array([[True, False], [True, True]]), batch=1)
        result = {"loss": [0.5, float("nan")], "y": [h, 3]}
        good = cls.operation(
            call, masked, held={"lstm/h": h}, verdicts=(cls.verdict(),), result=result, label="up"
        )
        bad = cls.operation(
            replace(call, verified=Verified(True, 1e-7, "")),
            verdicts=(cls.verdict(), cls.broken()),
            index=1,
            source="  - predict: {x: x}",
        )
        raised = cls.operation(failure=("ValueError", "no: <b>\nnever\x1b[0m"), index=2)
        wrong = Complaint("b/c.yaml", 3, 5, "the batch is 2, found 3", "  layers: [x]")
        layers = (LayerReport("lstm", "LSTM", ("h",), True),)
        same: dict[str, Any] = {"layers": layers, "initialised": {"lstm/h": zeros}}
        where = {"file": "b/c.yaml", "engine": "tf_keras"}
        return cls.suite(
            cls.scenario(good, description="one: two\nthree | four", **same),
            cls.scenario(good, bad, **same, id="a.yaml::x", name="x", status="failed", exit_code=1,
                checks=(cls.verdict(selector="checks", condition="reset: pass"),),
            ),
            cls.scenario(
                good, bad, raised, **same, id="b/c.yaml::r", name="r", status="error",
                exit_code=3, not_done=2, **where,
            ),
            cls.scenario(
                id="b/c.yaml::w", name="w", status="error", exit_code=2, error=str(wrong),
                complaints=(wrong,), **where,
            ),
            cls.scenario(
                cls.operation(), id="b/c.yaml::n", name="n", status="no expectations", **where
            ),
            complaints=(Complaint("d.yaml", 1, 2, "unknown key 'modl'", "modl: 1"),),
            not_run=("e.yaml::left",),
        )  # fmt: skip

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
    options.setdefault("view", "table")
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
