"""What is said of an operation around its tables: heading, result, error, verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.recording.outcome import Outcome
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.report.tables_numbers import digits, largest_change
from lstm_state_probe.report.tables_page import Page, Part, plural, seconds
from lstm_state_probe.report.tables_words import kind_words
from lstm_state_probe.report.told import complaints_about
from lstm_state_probe.scenario.memory import say_bytes

_SMALL = 8
"""Elements of an array in a result that are shown; a larger one is told by its shape."""
_LIST = 6
"""Items of a list in a result that are shown; of a longer one the first and the last."""


def heading(page: Page, report: ScenarioReport, done: OperationReport) -> None:
    """Write which operation it is, where it stands, how long it took, what it returned."""
    label: list[Part] = [] if done.label is None else [f' "{done.label}"']
    page.say(
        (f"{done.index + 1}. {done.operation}", "heading"),
        *label,
        (f"  {done.file or report.file}:{done.line}  {seconds(done.outcome.seconds)}", "faint"),
        hang=2,
    )
    if done.outcome.result is not None:
        page.say(("result: ", "faint"), brief(done.outcome.result, page.options), indent=2, hang=2)


def brief(value: Any, options: ShowOptions) -> str:
    """Write a result in short: numbers, small arrays whole, mappings by their entries."""
    if isinstance(value, np.ndarray):
        words = f"array {kind_words(value).partition(', columns')[0]}"
        return f"{words} {brief(value.tolist(), options)}" if 0 < value.size <= _SMALL else words
    if isinstance(value, dict):
        return ", ".join(f"{key} {brief(item, options)}" for key, item in value.items()) or "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_items(value, options))}]"
    if isinstance(value, float):
        text = digits(value, max(options.precision, 4))
        return f"{text} (not finite!)" if text in ("NaN", "Inf", "-Inf") else text
    return str(value)


def _items(values: Sequence[Any], options: ShowOptions) -> list[str]:
    if len(values) <= _LIST or options.full:
        return [brief(value, options) for value in values]
    first = [brief(value, options) for value in values[: _LIST - 2]]
    return [*first, f"({len(values) - _LIST + 1} more: --full)", brief(values[-1], options)]


def failure(page: Page, done: OperationReport) -> None:
    """Write what Keras raised, and how far the states had come."""
    raised = done.outcome.failure
    if raised is None:
        return
    tone = "faint" if done.raises else "bad"
    mark = "raised" if done.raises else f"{page.symbols['error']} error: {done.operation} raised"
    page.block(f"{mark} {raised}", tone, indent=2)
    page.say((stopped(done.outcome, page.options.precision), tone), indent=2)


def unrecorded(page: Page, done: OperationReport) -> None:
    """Say how many calls nothing is known of, and why."""
    if count := done.outcome.unrecorded:
        words = f"{plural(count, 'further call')} could not be recorded: XLA ran them at one go"
        page.say((words, "unsure"), indent=2)
    for (layer, why), count in Counter((one.layer, one.why) for one in done.outcome.missed).items():
        words = f"{layer or 'something'}: {plural(count, 'call')} not recorded: {why}"
        page.say((words, "unsure"), indent=2)


def on_disk(page: Page, done: OperationReport) -> None:
    """Say how many timesteps were kept on disk: nothing goes there silently."""
    if size := done.outcome.on_disk:
        words = f"{say_bytes(size)} of timesteps are on disk: past the budget of memory (--budget)"
        page.say((words, "faint"), indent=2)


def stopped(outcome: Outcome, precision: int) -> str:
    """Say how far the states had come when Keras raised."""
    calls = plural(len(outcome.calls), "call") if outcome.calls else "any call"
    done = f"after {calls}" if outcome.calls else f"before {calls} was recorded"
    if not outcome.held:
        return f"it stopped {done}; no layer holds a state"
    moved = [words for address in outcome.held if (words := _moved(outcome, address, precision))]
    if not moved:
        return f"it stopped {done}; held states are as before the operation"
    return f"it stopped {done}; held states had already moved: {', '.join(moved)}"


def _moved(outcome: Outcome, address: str, precision: int) -> str:
    if address not in outcome.before:
        return f"{address} (not held before)"
    before, held = outcome.before[address], outcome.held[address]
    if before.shape != held.shape:
        return f"{address} (another shape)"
    change = largest_change(before, held)
    if change is None or change.size == 0:
        return ""
    return f"{address} by up to {digits(change.size, precision)}"


def verdicts(page: Page, report: ScenarioReport, told: Sequence[Verdict]) -> None:
    """Write a line for what held, the whole message for what did not."""
    for verdict in told:
        if not verdict.passed:
            failed(page, report, verdict)
        elif page.options.verbosity >= 0:
            name = f" {verdict.selector}: {verdict.condition}"
            page.say((page.symbols["passed"], "good"), name, indent=2, hang=2)
            if page.options.verbosity > 0:
                page.block(verdict.message, "faint", indent=6)


def failed(page: Page, report: ScenarioReport, verdict: Verdict) -> None:
    """Write a verdict as a compiler would: its place, what was expected and found, the line."""
    for complaint in complaints_about(report, verdict):
        page.as_is(str(complaint), "bad")


def place(report: ScenarioReport, at: Verdict | OperationReport) -> str:
    """Write a place in the scenario's file, as editors and terminals follow it."""
    return f"{report.file}:{at.line}:{at.column}"
