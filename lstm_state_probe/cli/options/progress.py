"""Progress on stderr: a bar on a terminal, lines where asked for or in CI, else nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lstm_state_probe.cli.options.common import make_console
from lstm_state_probe.safe import one_line, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lstm_state_probe.report.data import ScenarioReport

Show = Callable[["ScenarioReport"], None]
KINDS = ("auto", "plain", "none")


def kind(wanted: str, total: int) -> str:
    """Choose: 'bar' on a terminal, 'plain' in CI, 'none' on a pipe and for one scenario."""
    if wanted != "auto":
        return wanted
    if total < 2:
        return "none"
    if sys.stderr is not None and sys.stderr.isatty():
        return "bar"
    return "plain" if os.environ.get("CI") else "none"


@contextmanager
def progress(wanted: str, total: int, color: str) -> Iterator[Callable[[Show], Show]]:
    """Give a wrapper of what shows a scenario: it tells on stderr how far the suite is."""
    chosen = kind(wanted, total)
    if chosen == "none":
        yield lambda show: show
    elif chosen == "plain":
        yield Lines(total).beside
    else:
        with Bar(total, make_console(color, stderr=True)) as bar:
            yield bar.beside


class Lines:
    """A line for each scenario that is done."""

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0

    def beside(self, show: Show) -> Show:
        def told(report: ScenarioReport) -> None:
            show(report)
            sys.stdout.flush()  # where both are one file, the lines stand in their order
            self.done += 1
            seconds = "cached" if report.cached else f"{report.seconds:.1f} s"
            place = f"[{self.done}/{self.total}]"
            say(
                f"{place} {report.status} {one_line(report.id)} {report.engine} {seconds}", err=True
            )

        return told


class Bar:
    """A bar with the counts, and with the scenario that was done last."""

    def __init__(self, total: int, console: Any) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
        told = TextColumn("{task.fields[told]}", markup=False)
        self.bar = Progress(*columns, told, console=console, transient=True, redirect_stdout=False)
        self.task = self.bar.add_task("", total=total, told="")
        self.wrong = 0

    def __enter__(self) -> Bar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def beside(self, show: Show) -> Show:
        def told(report: ScenarioReport) -> None:
            self.bar.stop()  # the report may go to the same terminal
            show(report)
            sys.stdout.flush()
            self.wrong += report.exit_code != 0
            wrong = f"{self.wrong} not passed, " if self.wrong else ""
            self.bar.update(self.task, advance=1, told=f"{wrong}last: {one_line(report.id)}")
            self.bar.start()

        return told
