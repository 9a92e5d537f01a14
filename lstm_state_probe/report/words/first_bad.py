"""The first NaN or infinity of a scenario, for every view: where it is, and in words."""

from __future__ import annotations

from typing import Any

from lstm_state_probe.recording.finite import NotFinite
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.report.values import values
from lstm_state_probe.report.words.layout import element
from lstm_state_probe.report.words.numbers import digits

PRECISION = 4


def first_bad(report: ScenarioReport) -> tuple[OperationReport, NotFinite] | None:
    """Find the operation that had the first NaN or infinity, and where in it."""
    for done in report.operations:
        if done.operation != "repeat" and done.first_bad is not None:
            return done, done.first_bad
    return None


def first_bad_words(report: ScenarioReport) -> str:
    """Say where the first NaN or infinity of a scenario was; '' where all is finite."""
    found = first_bad(report)
    if found is None:
        return ""
    done, bad = found
    label = "" if done.label is None else f' "{done.label}"'
    where = f"operation {done.index + 1}, {done.operation}{label}"
    return f"{not_finite(bad, PRECISION)}, in {where}"


def first_bad_data(report: ScenarioReport) -> dict[str, Any] | None:
    """Return the same as plain data."""
    found = first_bad(report)
    if found is None:
        return None
    done, bad = found
    return {
        "operation": done.index,
        "call": bad.call if bad.calls else None,
        **first_bad_place(bad),
        "words": first_bad_words(report),
    }


def first_bad_place(bad: NotFinite) -> dict[str, Any]:
    """Return which element of which layer it is; `timestep` is None at a moment that is none."""
    return {
        "layer": bad.layer,
        "name": bad.name,
        "moment": bad.moment,
        "timestep": bad.timestep,
        "index": list(bad.where),
        "value": values(bad.value),
    }


def not_finite(found: NotFinite, precision: int) -> str:
    """Say what it is and where: 'first NaN or Inf: lstm/h is NaN at timestep 3, sample 0, u1'."""
    value = digits(found.value, precision)
    when = found.moment if found.timestep is None else f"timestep {found.timestep}"
    call = "" if found.calls <= 1 else f"call {found.call + 1} of {found.calls}, "
    name, at = f"{found.layer}/{found.name}", element(found.where)
    return f"first NaN or Inf: {name} is {value} at {call}{when}, {at}"
