"""Findings in words, one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lstm_state_probe.amounts import plural
from lstm_state_probe.expectations.health import FACTOR, SATURATED
from lstm_state_probe.recording.finite import NotFinite
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.report.words.findings import Finding, LostMask, Masked, findings, lost_mask
from lstm_state_probe.report.words.findings_growth import Growth, growth_per_call
from lstm_state_probe.report.words.findings_units import Dead, Saturated
from lstm_state_probe.report.words.first_bad import not_finite
from lstm_state_probe.report.words.layout import unit
from lstm_state_probe.report.words.numbers import digits, share

_UNITS = 6
"""Dead units that are named; of more, only the first ones and how many they are."""


def in_words(
    report: ScenarioReport, done: OperationReport, precision: int
) -> Iterator[tuple[str, str]]:
    """Yield the style and the words of each finding.

    Of a `repeat` only what its operations do not show alone.
    """
    calls = {
        layer.address: [call for call in done.outcome.calls if call.layer == layer.address]
        for layer in report.layers
    }
    found: Iterable[Finding] = (
        (growth for layer, own in calls.items() for growth in growth_per_call(layer, own))
        if done.operation == "repeat"
        else findings(calls)
    )
    lost = (
        ()
        if done.operation == "repeat"
        else (lost_mask(x, calls[x.address]) for x in report.layers)
    )
    for finding in filter(None, (*found, *lost)):
        style, words = _WORDS[type(finding)]
        yield style, words(finding, precision)


def lost_masks_words(report: ScenarioReport) -> Iterator[str]:
    """Say which layers never got the mask that was made for them, once for all operations."""
    calls = [call for done in report.operations for call in done.outcome.calls]
    for layer in report.layers:
        found = lost_mask(layer, [call for call in calls if call.layer == layer.address])
        if found is not None:
            yield _lost_mask(found, 0)


def _saturated(found: Saturated, precision: int) -> str:
    whole = share(found.low + found.high, found.count)
    low, high = (share(part, found.count) for part in (found.low, found.high))
    return (
        f"saturated gate: {found.layer}/{found.gate}: {whole} of {found.count} values"
        f" ({low} below {SATURATED[0]}, {high} above {SATURATED[1]})"
    )


def _dead(found: Dead, precision: int) -> str:
    width = 1
    for axis in found.shape[1:]:
        width *= axis
    count = len(found.columns)
    named = [unit(found.shape, column) for column in found.columns[:_UNITS]]
    more = f" and {count - _UNITS} more" if count > _UNITS else ""
    units = "every unit" if count == width else f"{', '.join(named)}{more}"
    whose = f"{count} of {width}" if count < width else f"all {width}"
    calls = f" of {plural(found.calls, 'call')}" if found.calls > 1 else ""
    return (
        f"dead units: {found.layer}/{found.state}: {units} ({whose}) exactly 0 at all"
        f" {found.timesteps} recorded timesteps{calls}"
    )


def _growth(found: Growth, precision: int) -> str:
    start, end = (digits(size, precision) for size in (found.start, found.end))
    first, last = found.first, found.last
    where = ""
    if found.over == "call":
        first, last = first + 1, last + 1
    elif found.calls > 1:
        where = f" of call {found.call + 1} of {found.calls}"
        where += f" (and so in {found.times} calls)" if found.times > 1 else ""
    return (
        f"growth: max|{found.layer}/{found.state}| rose at every {found.over} from {first} to"
        f" {last}{where}, from {start} to {end} (x{FACTOR} or more, not slowing down)"
    )


def _masked(found: Masked, precision: int) -> str:
    samples = "" if found.samples == 1 else f" of {found.samples} samples"
    wholly = f"; {plural(found.wholly, 'sample')} masked wholly" if found.wholly else ""
    return (
        f"mask: {found.layer} was held at {found.held} of {plural(found.count, 'timestep')}"
        f"{samples}{wholly}"
    )


def _lost_mask(found: LostMask, precision: int) -> str:
    return f"mask: {found.layer} got none: {found.why}, so that every timestep counts"


_WORDS: dict[type, tuple[str, Callable[[Any, int], str]]] = {
    NotFinite: ("bad", not_finite),
    Saturated: ("unsure", _saturated),
    Dead: ("unsure", _dead),
    Growth: ("unsure", _growth),
    Masked: ("faint", _masked),
    LostMask: ("unsure", _lost_mask),
}
"""The kind of finding to its style and its words."""
