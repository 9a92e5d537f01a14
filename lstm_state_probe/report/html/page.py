"""One page of HTML that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lstm_state_probe.amounts import seconds
from lstm_state_probe.expectations.verdict import Verdict
from lstm_state_probe.report.answers import answers
from lstm_state_probe.report.base import ShowOptions
from lstm_state_probe.report.data import OperationReport, ScenarioReport, SuiteReport
from lstm_state_probe.report.html.states import PRECISION, layers
from lstm_state_probe.report.html.style import STYLE
from lstm_state_probe.report.html.tags import Html, table, tag
from lstm_state_probe.report.told import complaints_about, held, raised, total
from lstm_state_probe.report.words.finding_words import in_words
from lstm_state_probe.report.words.first_bad import first_bad_words
from lstm_state_probe.report.words.ledger import ledger
from lstm_state_probe.report.words.ledger_words import HEADS, cells, one_line_each
from lstm_state_probe.report.words.moments import happened, initialised
from lstm_state_probe.report.words.outcomes import brief, stopped
from lstm_state_probe.report.words.symbols import SYMBOLS
from lstm_state_probe.whole import write_whole

OPTIONS = ShowOptions(precision=PRECISION)
_TONES = {"passed": "passed", "failed": "failed", "error": "failed", "no expectations": "unsure"}


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    write_whole(path, text(report))


def text(report: SuiteReport) -> str:
    """Render the report as one page."""
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", "probe: " + total(report)),
        tag("style", Html(STYLE)),
    )
    sections = (_scenario(f"s{k}", found) for k, found in enumerate(report.scenarios, 1))
    body = tag("body", tag("main", _summary(report), _complaints(report), sections, _end(report)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _summary(report: SuiteReport) -> Iterator[Html]:
    yield tag("h1", "probe")
    yield tag("p", total(report), tag("span", f" in {seconds(report.seconds)}", class_="faint"))
    rows = (
        (
            _status(found.status),
            tag("a", found.id, href=f"#s{k}"),
            found.engine,
            held(found),
            seconds(found.seconds),
        )
        for k, found in enumerate(report.scenarios, 1)
    )
    yield table(("status", "scenario", "engine", "expectations", "time"), rows)


def _complaints(report: SuiteReport) -> Iterator[Html]:
    if report.complaints:
        yield tag("h2", "Files that could not be read")
        yield tag("pre", "\n".join(map(str, report.complaints)), class_="failed")


def _end(report: SuiteReport) -> Html:
    shown = (
        f"{name} {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in report.environment.items()
    )
    return tag("footer", " · ".join(shown), class_="faint")


def _status(status: str) -> Html:
    return tag("span", f"{SYMBOLS[status]} {status}", class_=_TONES[status])


def _scenario(anchor: str, report: ScenarioReport) -> Html:
    return tag(
        "section",
        tag("h2", _status(report.status), f" {report.id}"),
        tag("p", ", ".join([report.engine, *_seed(report)]), class_="faint"),
        [tag("p", report.description, class_="text")] if report.description else [],
        [tag("pre", report.error, class_="failed")] if report.error else [],
        [tag("pre", report.fault, class_="faint")] if report.fault else [],
        [tag("p", bad, class_="failed")] if (bad := first_bad_words(report)) else [],
        _seen(report),
        _ledger(report),
        tag("details", tag("summary", "initialised"), layers(initialised(report))),
        (_operation(report, done) for done in report.operations),
        [_not_done(report)] if report.not_done else [],
        _checks(report) if report.checks else [],
        id=anchor,
    )


def _seen(report: ScenarioReport) -> list[Html]:
    told = answers(report)
    sentences = (tag("li", answer.sentence) for answer in told)
    return [tag("h3", "What was seen"), tag("ul", sentences)] if told else []


def _seed(report: ScenarioReport) -> list[str]:
    return [] if report.seed is None else [f"seed {report.seed}"]


def _checks(report: ScenarioReport) -> list[Html]:
    verdicts = (_verdict(report, verdict) for verdict in report.checks)
    return [tag("h3", "checks"), tag("ul", verdicts)]


def _not_done(report: ScenarioReport) -> Html:
    return tag("p", f"{report.not_done} further operations were not done", class_="failed")


def _ledger(report: ScenarioReport) -> Html:
    rows = [cells(row, precision=PRECISION, mark=SYMBOLS["error"]) for row in ledger(report)]
    return table(HEADS, one_line_each(rows))


def _operation(report: ScenarioReport, done: OperationReport) -> Html:
    label = "" if done.label is None else f' "{done.label}"'
    place = f" {done.file or report.file}:{done.line}  {seconds(done.outcome.seconds)}"
    summary = tag(
        "summary",
        tag("b", f"{done.index + 1}. {done.operation}{label}"),
        tag("span", place, class_="faint"),
        tag("span", f" {_judged(done)}", class_=_TONES[done.status]),
    )
    failed = done.status in ("failed", "error")
    return tag("details", summary, _inside(report, done), open="open" if failed else "")


def _judged(done: OperationReport) -> str:
    good = sum(verdict.passed for verdict in done.verdicts)
    marks = SYMBOLS["passed"] * good + SYMBOLS["failed"] * (len(done.verdicts) - good)
    return SYMBOLS["error"] + marks if done.status == "error" else marks


def _inside(report: ScenarioReport, done: OperationReport) -> Iterator[Html]:
    outcome = done.outcome
    if outcome.result is not None:
        yield tag("p", "result: ", tag("code", brief(outcome.result, OPTIONS)))
    if outcome.failure is not None:
        yield tag("pre", str(raised(report, done)), class_="faint" if done.raises else "failed")
        yield tag("p", stopped(outcome, PRECISION))
    if done.operation != "repeat":  # its calls are those of the operations before it
        yield from layers(happened(report, done, each=None, to="…"))
    found = [tag("li", words, class_=style) for style, words in in_words(report, done, PRECISION)]
    verdicts = [_verdict(report, verdict) for verdict in done.verdicts]
    yield from [tag("ul", found, verdicts)] if found or verdicts else []


def _verdict(report: ScenarioReport, verdict: Verdict) -> Html:
    tone = "passed" if verdict.passed else "failed"
    name = tag("span", f"{SYMBOLS[tone]} {verdict.selector}: {verdict.condition}", class_=tone)
    if verdict.passed:
        return tag("li", name, tag("span", f" {verdict.message}", class_="faint"))
    complaints = "\n".join(map(str, complaints_about(report, verdict)))
    return tag("li", name, tag("pre", complaints, class_=tone))
