"""Findings on the page, one line each."""

from __future__ import annotations

from lstm_state_probe.report.data import OperationReport, ScenarioReport
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.words.finding_words import in_words


def show_findings(page: Page, report: ScenarioReport, done: OperationReport) -> None:
    """Write what is worth a look."""
    for style, words in in_words(report, done, page.options.precision):
        page.say((f"{page.symbols['finding']} {words}", style), indent=2, hang=2)
