"""The tables that stdout shows: each scenario as soon as it is done, a summary at the end."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from lstm_state_probe.errors import UsageError
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.chosen import chosen
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.report.terminal.answers import show_answers
from lstm_state_probe.report.terminal.brief import ROOM
from lstm_state_probe.report.terminal.findings import show_findings
from lstm_state_probe.report.terminal.layer import LayerTable
from lstm_state_probe.report.terminal.ledger import show_ledger
from lstm_state_probe.report.terminal.operation import (
    failed,
    failure,
    heading,
    on_disk,
    unrecorded,
    verdicts,
)
from lstm_state_probe.report.terminal.over_time import over_time, recorded
from lstm_state_probe.report.terminal.page import Page
from lstm_state_probe.report.terminal.short import built, happened_in_short
from lstm_state_probe.report.terminal.summary import closing
from lstm_state_probe.report.words.first_bad import first_bad_words
from lstm_state_probe.report.words.moments import LayerStory, happened, initialised


class Tables:
    """Shows the states at each stage, a table a recurrent layer, and what was expected of them."""

    def __init__(self, console: Console, options: ShowOptions) -> None:
        self.page = Page(console, options)

    def scenario(self, report: ScenarioReport) -> None:
        """Show one scenario; quietly, only what did not hold."""
        if self.page.options.verbosity < 0:
            self._complaints(report)
            return
        self._title(report)
        if report.cached:
            self.page.say(f"not run: unchanged since it passed, {report.cached}; no states to show")
            return
        if self.page.options.ledger:
            self._ledger(report)
            return
        whole = report
        try:
            report = chosen(report, self.page.options)
        except UsageError as error:
            self.page.say((str(error), "bad"))
            return
        if report.layers and self._at_length:
            self.page.say(("initialised", "heading"))
            self._layers(initialised(report))
            self.page.line()
        elif report.layers:
            built(self.page, report)
        for done in report.operations:
            self._operation(report, done)
        if report.checks:
            self.page.say(("checks", "heading"))
            verdicts(self.page, report, report.checks)
            self.page.line()
        self._error(report)
        show_answers(self.page, whole)

    @property
    def _at_length(self) -> bool:
        return self.page.options.at_length or self.page.width < ROOM

    def end(self, report: SuiteReport) -> None:
        """Show what held and what did not, scenario by scenario."""
        self._rule()
        closing(self.page, report)

    def _title(self, report: ScenarioReport) -> None:
        self._rule()
        seed = "" if report.seed is None else f", seed {report.seed}"
        self.page.say((report.id, "heading"), (f"  {report.engine}{seed}", "faint"))
        if report.name not in report.id:
            self.page.say(report.name)
        if report.description:
            self.page.block(report.description)
        self.page.line()

    def _operation(self, report: ScenarioReport, done: OperationReport) -> None:
        heading(self.page, report, done)
        failure(self.page, done)
        unrecorded(self.page, done)
        on_disk(self.page, done)
        if done.operation == "repeat":  # its calls are those of the operations above
            self.page.say(("the operations it repeats are shown above", "faint"), indent=2)
        elif not self._at_length:
            happened_in_short(self.page, report, done)
        else:
            each, to = self.page.options.each_call, self.page.symbols["to"]
            self._layers(happened(report, done, each=each, to=to))
        show_findings(self.page, report, done)
        verdicts(self.page, report, done.verdicts)
        self.page.line()

    def _layers(self, stories: Iterable[LayerStory]) -> None:
        after_table = False
        for story in stories:
            if after_table:
                self.page.line()
            layer, after_table = story.layer, bool(story.states)
            kind = f"  {layer.kind}{', stateful' if layer.stateful else ''}"
            words = f"; {story.words}" if story.words else ""
            self.page.say((layer.address, "label"), kind, (words, "faint"), hang=2)
            if story.states:
                table = LayerTable(self.page, story)
                self.page.table(table.table())
                for note in table.notes():
                    self.page.say((note, "faint"))
            if story.calls:
                show = over_time if self.page.options.over_time else recorded
                show(self.page, story.calls)

    def _ledger(self, report: ScenarioReport) -> None:
        show_ledger(self.page, report)
        if words := first_bad_words(report):
            self.page.say((words, "bad"), hang=2)
        self.page.line()
        for done in report.operations:
            if done.status in ("error", "failed"):
                self._wrong(report, done)
        self._unmet_checks(report)
        self._error(report)

    def _complaints(self, report: ScenarioReport) -> None:
        wrong = [d for d in report.operations if d.status in ("error", "failed")]
        if not wrong and not report.error and all(check.passed for check in report.checks):
            return
        self.page.say((report.id, "heading"), (f"  {report.engine}", "faint"))
        for done in wrong:
            self._wrong(report, done)
        self._unmet_checks(report)
        self._error(report)

    def _unmet_checks(self, report: ScenarioReport) -> None:
        for verdict in report.checks:
            if not verdict.passed:
                failed(self.page, report, verdict)

    def _wrong(self, report: ScenarioReport, done: OperationReport) -> None:
        heading(self.page, report, done)
        failure(self.page, done)
        for verdict in done.verdicts:
            if not verdict.passed:
                failed(self.page, report, verdict)

    def _error(self, report: ScenarioReport) -> None:
        if report.error:
            self.page.as_is(report.error, "bad")
            self.page.as_is(report.fault or "", "faint")
            self.page.line()

    def _rule(self) -> None:
        self.page.say((self.page.symbols["line"] * self.page.width, "faint"))
