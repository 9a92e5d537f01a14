"""What `probe check` shows: a line a property, and below it what does not hold means."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from lstm_state_probe.amounts import plural, seconds
from lstm_state_probe.checks import PROPERTIES
from lstm_state_probe.checks.base import BROKEN, HOLDS, NOT_APPLICABLE, NOT_DONE, CheckVerdict
from lstm_state_probe.checks.report.data import CheckReport, SubjectReport
from lstm_state_probe.inspection.report.words import UNTRAINED
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.terminal.page import Page

_NAME = max(map(len, PROPERTIES))
_WORD = len(BROKEN)


class Lines:
    """Shows the verdicts of a subject as soon as they are there, and the counts at the end."""

    def __init__(self, console: Console, *, verbose: bool = False, strict: bool = False) -> None:
        self.page = Page(console, ShowOptions(verbosity=int(verbose)))
        self.verbose, self.strict = verbose, strict

    def subject(self, report: SubjectReport, folder: Path | None = None) -> None:
        """Show one subject; `folder` is where its scenarios were written."""
        self.page.say((report.id, "heading"), (f"  {report.engine}", "faint"))
        if report.error is not None:
            self.page.as_is(report.error, "bad")
        if report.fault is not None:
            self.page.as_is(report.fault, "faint")
        if report.untrained:
            self.page.say((UNTRAINED, "unsure"), indent=2)
        for verdict in report.verdicts:
            self._line(verdict)
            if verdict.verdict in (BROKEN, NOT_DONE) or self.verbose:
                self._below(verdict, folder)
        self.page.line()

    def _line(self, verdict: CheckVerdict) -> None:
        symbol, tone = self._mark(verdict)
        name, word = verdict.name.ljust(_NAME), verdict.verdict.ljust(_WORD)
        why = "" if verdict.verdict == HOLDS and not self.verbose else verdict.why
        room = self.page.width - (_NAME + _WORD + 7)
        beside = not self.verbose and len(why) <= room
        words = f"  {why}" if beside and why else ""
        self.page.say((symbol, tone), f" {name}  ", (word, tone), words)
        if why and not words and not self.verbose:
            self.page.say(why, indent=4)

    def _mark(self, verdict: CheckVerdict) -> tuple[str, str]:
        symbols = self.page.symbols
        if verdict.verdict == HOLDS:
            return symbols["passed"], "good"
        if verdict.verdict == NOT_APPLICABLE:
            return "-", "faint"
        warns = verdict.warns(strict=self.strict)
        return (symbols["error"], "unsure") if warns else (symbols["failed"], "bad")

    def _below(self, verdict: CheckVerdict, folder: Path | None) -> None:
        self.page.say((verdict.question, "faint"), indent=4)
        if verdict.verdict == BROKEN:
            self.page.say(verdict.meaning, indent=4)
        if self.verbose and verdict.verdict == NOT_APPLICABLE:
            self.page.say(verdict.why, indent=4)
        shown = verdict.evidence if self.verbose else _telling(verdict)
        for message in shown:
            self.page.say((message, "faint"), indent=6, hang=2)
        if shown and len(shown) < len(verdict.evidence):
            more = plural(len(verdict.evidence) - len(shown), "further message")
            self.page.say((f"{more} (-v)", "faint"), indent=6)
        if verdict.fault is not None:
            self.page.as_is(verdict.fault, "faint")
        if folder is not None and verdict.scenario is not None:
            self.page.say((f"probe run {folder / verdict.name}.yaml", "faint"), indent=4)

    def end(self, report: CheckReport) -> None:
        """Show the counts."""
        counts = report.counts(strict=self.strict)
        parts = [
            f"{counts.holds} hold",
            f"{counts.does_not_hold} do not hold",
            f"{plural(counts.warnings, 'warning')}",
            f"{counts.does_not_apply} do not apply",
        ]
        if counts.could_not_be_carried_out:
            parts.append(f"{counts.could_not_be_carried_out} could not be carried out")
        self.page.say((", ".join(parts), "heading"), (f" in {seconds(report.seconds)}", "faint"))


def _telling(verdict: CheckVerdict) -> tuple[str, ...]:
    """Return the first message where it says more than the reason does: where, how far off."""
    first = verdict.evidence[:1]
    return first if any("; " in message for message in first) else ()
