"""A summary in Markdown: a table of the scenarios, what went wrong below it."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from lstm_state_probe.amounts import seconds
from lstm_state_probe.report.answers import answers
from lstm_state_probe.report.data import ScenarioReport, SuiteReport
from lstm_state_probe.report.told import held, told, total, what
from lstm_state_probe.report.words.first_bad import first_bad_words
from lstm_state_probe.report.words.symbols import SYMBOLS
from lstm_state_probe.safe import one_line, printable
from lstm_state_probe.whole import write_whole

STEP_LIMIT = 1024 * 1024
"""Bytes that GitHub takes as the summary of one step; a longer one is refused whole."""
_CUT = "… cut here: the summary of a step has a limit; the other reports hold everything."
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")


def write(report: SuiteReport, path: Path) -> None:
    """Write the report to a file."""
    write_whole(path, text(report))


def append_summary(report: SuiteReport, path: Path) -> None:
    """Add the report to a step's summary, cut to what is left of the limit.

    What other programs wrote there stays; of what cannot be added whole nothing is.
    """
    taken = path.stat().st_size if path.exists() else 0
    added = text(report, limit=STEP_LIMIT - taken).encode("utf-8")
    try:
        with path.open("ab", buffering=0) as file:
            if file.write(added) < len(added):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except BaseException:
        os.truncate(path, taken)
        raise


def text(report: SuiteReport, *, limit: int | None = None) -> str:
    """Render the report, of at most `limit` bytes in UTF-8."""
    lines = list(_lines(report))
    if limit is not None:
        lines = list(_cut(lines, limit))
    return "\n".join([*lines, ""]) if lines else ""


def _lines(report: SuiteReport) -> Iterator[str]:
    yield f"## probe: {_escaped(total(report))}"
    yield ""
    if report.scenarios:
        yield "| status | scenario | engine | expectations | time |"
        yield "|---|---|---|---|---|"
        yield from map(_row, report.scenarios)
        yield ""
    for scenario in report.scenarios:
        wrong = "\n".join(filter(None, [first_bad_words(scenario), *map(str, told(scenario))]))
        if wrong:
            yield f"### {_escaped(what(scenario))}"
            yield ""
            yield from _fenced(wrong)
    yield from _seen(report)
    if report.complaints:
        yield "### Files that could not be read"
        yield ""
        yield from _fenced("\n".join(map(str, report.complaints)))
    yield ", ".join(
        f"{_escaped(name)} {_escaped(_plain(v))}" for name, v in report.environment.items()
    )


def _seen(report: SuiteReport) -> Iterator[str]:
    """List the answers of each scenario, folded: what went wrong is read first."""
    for scenario in report.scenarios:
        told = answers(scenario)
        if told:
            yield f"<details><summary>What was seen: {_escaped(what(scenario))}</summary>"
            yield ""
            yield from (f"- {_escaped(answer.sentence)}" for answer in told)
            yield ""
            yield "</details>"
            yield ""


def _row(report: ScenarioReport) -> str:
    status = f"{SYMBOLS[report.status]} {report.status}"
    words = (
        status,
        _escaped(report.id),
        _escaped(report.engine),
        _escaped(held(report)),
        seconds(report.seconds),
    )
    return f"| {' | '.join(words)} |"


def _fenced(text: str) -> Iterator[str]:
    """Fence text as it is; the fence is longer than any in it."""
    text = printable(text)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    yield f"{fence}text"
    yield from text.split("\n")
    yield fence
    yield ""


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", one_line(" ".join(text.split())))


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _cut(lines: list[str], limit: int) -> Iterator[str]:
    """Keep the lines that fit, with room for the end of a fence and a note."""
    sizes = [len(line.encode()) + 1 for line in lines]
    if sum(sizes) <= limit:
        yield from lines
        return
    fence, room = "", limit - len(_CUT.encode()) - 3
    for line, size in zip(lines, sizes, strict=True):
        opened = re.match("`{3,}", line)
        closing = len(opened[0]) + 1 if opened else len(fence) + 1
        if size + closing > room:
            break
        room -= size
        yield line
        if opened:
            fence = "" if line == fence else opened[0]
    yield from [fence] if fence else []
    if limit > len(_CUT.encode()) + 3:
        yield ""
        yield _CUT
