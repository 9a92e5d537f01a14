"""What is said of an operation around its tables: heading, result, error, verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lstm_state_probe.amounts import plural, say_bytes, seconds
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.report.terminal.page import Page, Part
from lstm_state_probe.report.told import complaints_about
from lstm_state_probe.report.words.outcomes import brief, stopped


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
        words = f"{plural(count, 'further call')} could not be recorded: XLA ran them all at once"
        page.say((words, "unsure"), indent=2)
    for (layer, why), count in Counter((one.layer, one.why) for one in done.outcome.missed).items():
        words = f"{layer or 'something'}: {plural(count, 'call')} not recorded: {why}"
        page.say((words, "unsure"), indent=2)


def on_disk(page: Page, done: OperationReport) -> None:
    """Say how many timesteps were kept on disk: nothing goes there silently."""
    if size := done.outcome.on_disk:
        words = f"{say_bytes(size)} of timesteps are on disk: past the budget of memory (--budget)"
        page.say((words, "faint"), indent=2)


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
