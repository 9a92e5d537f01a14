"""What is said once at the end: what held, scenario by scenario, and the counts."""

from __future__ import annotations

from lstm_state_probe.amounts import plural, seconds
from lstm_state_probe.report.data import ScenarioReport, SuiteReport
from lstm_state_probe.report.terminal.operation import place
from lstm_state_probe.report.terminal.page import TONES, Page
from lstm_state_probe.report.told import held, total
from lstm_state_probe.report.words.finding_words import lost_masks_words
from lstm_state_probe.report.words.first_bad import first_bad_words


def closing(page: Page, suite: SuiteReport) -> None:
    """Write a line a scenario, below it what did not hold, and the total."""
    for report in suite.scenarios:
        if page.options.verbosity >= 0 or _matters(report):
            _scenario(page, report)
    for complaint in suite.complaints:
        words = f"{complaint.file}:{complaint.line}:{complaint.column}: {complaint.message}"
        page.say((f"{page.symbols['error']} not run  {words}", "bad"), hang=2)
    if suite.interrupted or suite.not_run:
        left = plural(len(suite.not_run), "scenario")
        words = f"{left} not run: enough had failed"
        if suite.interrupted:
            words = f"interrupted: {left} not run, or not to the end"
        page.say((words, "bad"), hang=2)
    page.say((total(suite), "heading"), (f" in {seconds(suite.seconds)}", "faint"))


def _matters(report: ScenarioReport) -> bool:
    """Tell whether there is more to say of a scenario than that it passed."""
    return report.status != "passed" or bool(first_bad_words(report) or [*lost_masks_words(report)])


def _scenario(page: Page, report: ScenarioReport) -> None:
    tone = TONES.get(report.status, "")
    page.say(
        (f"{page.symbols.get(report.status, '?')} {report.status}", tone),
        f"  {report.id}  {report.engine}  {held(report)}",
        (f"  {seconds(report.seconds)}", "faint"),
        hang=2,
    )
    if words := first_bad_words(report):
        page.say((words, "bad"), indent=4)
    for words in lost_masks_words(report):
        page.say((words, "unsure"), indent=4)
    for verdict in report.verdicts:
        if not verdict.passed:
            words = f"{place(report, verdict)}: {verdict.selector}: {verdict.condition}"
            page.say((words, "bad"), indent=4)
    for done in report.operations:
        if done.status == "error" and done.outcome.failure is not None:
            words = f"{place(report, done)}: {done.operation} raised {done.outcome.failure.type}"
            page.say((words, "bad"), indent=4)
    if report.not_done:
        words = f"{plural(report.not_done, 'further operation')} not done"
        page.say((words, "bad"), indent=4)
    if report.error:
        page.say((report.error.partition("\n")[0], "bad"), indent=4)
